/* SPDX-License-Identifier: MIT */
/* What WHvRunVirtualProcessor returns, x64. Included by whv_exit.h. */
#ifndef WHV_EXIT_X64_H
#define WHV_EXIT_X64_H

typedef enum WHV_RUN_VP_EXIT_REASON {
	WHvRunVpExitReasonNone = 0,
	WHvRunVpExitReasonMemoryAccess = 1,
	WHvRunVpExitReasonX64IoPortAccess = 2,
	WHvRunVpExitReasonUnrecoverableException = 4,
	WHvRunVpExitReasonInvalidVpRegisterValue = 5,
	WHvRunVpExitReasonUnsupportedFeature = 6,
	WHvRunVpExitReasonX64InterruptWindow = 7,
	WHvRunVpExitReasonX64Halt = 8,
	WHvRunVpExitReasonX64ApicEoi = 9,
	WHvRunVpExitReasonSynicSintDeliverable = 10,

	/* Only when asked for */
	WHvRunVpExitReasonX64MsrAccess = 0x1000,
	WHvRunVpExitReasonX64Cpuid,
	WHvRunVpExitReasonException,
	WHvRunVpExitReasonX64Rdtsc,
	WHvRunVpExitReasonX64ApicSmiTrap,
	WHvRunVpExitReasonHypercall,
	WHvRunVpExitReasonX64ApicInitSipiTrap,
	WHvRunVpExitReasonX64ApicWriteTrap,

	WHvRunVpExitReasonCanceled = 0x2001,
} WHV_RUN_VP_EXIT_REASON;

typedef union WHV_X64_VP_EXECUTION_STATE {
	struct {
		UINT16 Cpl : 2;
		UINT16 Cr0Pe : 1;
		UINT16 Cr0Am : 1;
		UINT16 EferLma : 1;
		UINT16 DebugActive : 1;
		UINT16 InterruptionPending : 1;
		UINT16 Reserved0 : 5;
		UINT16 InterruptShadow : 1;
		UINT16 Reserved1 : 3;
	};
	UINT16 AsUINT16;
} WHV_X64_VP_EXECUTION_STATE;

typedef struct WHV_X64_VP_EXIT_CONTEXT {
	WHV_X64_VP_EXECUTION_STATE ExecutionState;
	UINT8 InstructionLength : 4;
	UINT8 Cr8 : 4;
	UINT8 Reserved;
	UINT32 Reserved2;
	WHV_X64_SEGMENT_REGISTER Cs;
	UINT64 Rip;
	UINT64 Rflags;
} WHV_X64_VP_EXIT_CONTEXT, WHV_VP_EXIT_CONTEXT;

typedef union WHV_MEMORY_ACCESS_INFO {
	struct {
		UINT32 AccessType : 2; /* WHV_MEMORY_ACCESS_TYPE */
		UINT32 GpaUnmapped : 1;
		UINT32 GvaValid : 1;
		UINT32 Reserved : 28;
	};
	UINT32 AsUINT32;
} WHV_MEMORY_ACCESS_INFO;

typedef struct WHV_MEMORY_ACCESS_CONTEXT {
	UINT8 InstructionByteCount;
	UINT8 Reserved[3];
	UINT8 InstructionBytes[16];
	WHV_MEMORY_ACCESS_INFO AccessInfo;
	WHV_GUEST_PHYSICAL_ADDRESS Gpa;
	WHV_GUEST_VIRTUAL_ADDRESS Gva;
} WHV_MEMORY_ACCESS_CONTEXT;

typedef union WHV_X64_IO_PORT_ACCESS_INFO {
	struct {
		UINT32 IsWrite : 1;
		UINT32 AccessSize : 3;
		UINT32 StringOp : 1;
		UINT32 RepPrefix : 1;
		UINT32 Reserved : 26;
	};
	UINT32 AsUINT32;
} WHV_X64_IO_PORT_ACCESS_INFO;

typedef struct WHV_X64_IO_PORT_ACCESS_CONTEXT {
	UINT8 InstructionByteCount;
	UINT8 Reserved[3];
	UINT8 InstructionBytes[16];
	WHV_X64_IO_PORT_ACCESS_INFO AccessInfo;
	UINT16 PortNumber;
	UINT16 Reserved2[3];
	UINT64 Rax, Rcx, Rsi, Rdi;
	WHV_X64_SEGMENT_REGISTER Ds, Es;
} WHV_X64_IO_PORT_ACCESS_CONTEXT;

typedef union WHV_X64_MSR_ACCESS_INFO {
	struct {
		UINT32 IsWrite : 1;
		UINT32 Reserved : 31;
	};
	UINT32 AsUINT32;
} WHV_X64_MSR_ACCESS_INFO;

typedef struct WHV_X64_MSR_ACCESS_CONTEXT {
	WHV_X64_MSR_ACCESS_INFO AccessInfo;
	UINT32 MsrNumber;
	UINT64 Rax, Rdx;
} WHV_X64_MSR_ACCESS_CONTEXT;

typedef struct WHV_X64_CPUID_ACCESS_CONTEXT {
	UINT64 Rax, Rcx, Rdx, Rbx;
	UINT64 DefaultResultRax, DefaultResultRcx, DefaultResultRdx, DefaultResultRbx;
} WHV_X64_CPUID_ACCESS_CONTEXT;

typedef union WHV_VP_EXCEPTION_INFO {
	struct {
		UINT32 ErrorCodeValid : 1;
		UINT32 SoftwareException : 1;
		UINT32 Reserved : 30;
	};
	UINT32 AsUINT32;
} WHV_VP_EXCEPTION_INFO;

typedef struct WHV_VP_EXCEPTION_CONTEXT {
	UINT8 InstructionByteCount;
	UINT8 Reserved[3];
	UINT8 InstructionBytes[16];
	WHV_VP_EXCEPTION_INFO ExceptionInfo;
	UINT8 ExceptionType; /* WHV_EXCEPTION_TYPE */
	UINT8 Reserved2[3];
	UINT32 ErrorCode;
	UINT64 ExceptionParameter;
} WHV_VP_EXCEPTION_CONTEXT;

typedef enum WHV_X64_UNSUPPORTED_FEATURE_CODE {
	WHvUnsupportedFeatureIntercept = 1,
	WHvUnsupportedFeatureTaskSwitchTss = 2,
} WHV_X64_UNSUPPORTED_FEATURE_CODE;

typedef struct WHV_X64_UNSUPPORTED_FEATURE_CONTEXT {
	WHV_X64_UNSUPPORTED_FEATURE_CODE FeatureCode;
	UINT32 Reserved;
	UINT64 FeatureParameter;
} WHV_X64_UNSUPPORTED_FEATURE_CONTEXT;

typedef enum WHV_X64_PENDING_INTERRUPTION_TYPE {
	WHvX64PendingInterrupt = 0,
	WHvX64PendingNmi = 2,
	WHvX64PendingException = 3,
} WHV_X64_PENDING_INTERRUPTION_TYPE,
	*PWHV_X64_PENDING_INTERRUPTION_TYPE;

typedef struct WHV_X64_INTERRUPTION_DELIVERABLE_CONTEXT {
	WHV_X64_PENDING_INTERRUPTION_TYPE DeliverableType;
} WHV_X64_INTERRUPTION_DELIVERABLE_CONTEXT, *PWHV_X64_INTERRUPTION_DELIVERABLE_CONTEXT;

typedef struct WHV_SYNIC_SINT_DELIVERABLE_CONTEXT {
	UINT16 DeliverableSints;
	UINT16 Reserved1;
	UINT32 Reserved2;
} WHV_SYNIC_SINT_DELIVERABLE_CONTEXT;

typedef struct WHV_X64_APIC_EOI_CONTEXT {
	UINT32 InterruptVector;
} WHV_X64_APIC_EOI_CONTEXT;

typedef union WHV_X64_RDTSC_INFO {
	struct {
		UINT64 IsRdtscp : 1;
		UINT64 Reserved : 63;
	};
	UINT64 AsUINT64;
} WHV_X64_RDTSC_INFO;

typedef struct WHV_X64_RDTSC_CONTEXT {
	UINT64 TscAux;
	UINT64 VirtualOffset;
	UINT64 Tsc;
	UINT64 ReferenceTime;
	WHV_X64_RDTSC_INFO RdtscInfo;
} WHV_X64_RDTSC_CONTEXT;

typedef struct WHV_X64_APIC_SMI_CONTEXT {
	UINT64 ApicIcr;
} WHV_X64_APIC_SMI_CONTEXT;

typedef struct WHV_X64_APIC_INIT_SIPI_CONTEXT {
	UINT64 ApicIcr;
} WHV_X64_APIC_INIT_SIPI_CONTEXT;

/* Offsets in the APIC's page */
typedef enum WHV_X64_APIC_WRITE_TYPE {
	WHvX64ApicWriteTypeLdr = 0xd0,
	WHvX64ApicWriteTypeDfr = 0xe0,
	WHvX64ApicWriteTypeSvr = 0xf0,
	WHvX64ApicWriteTypeLint0 = 0x350,
	WHvX64ApicWriteTypeLint1 = 0x360,
} WHV_X64_APIC_WRITE_TYPE;

typedef struct WHV_X64_APIC_WRITE_CONTEXT {
	WHV_X64_APIC_WRITE_TYPE Type;
	UINT32 Reserved;
	UINT64 WriteValue;
} WHV_X64_APIC_WRITE_CONTEXT;

#define WHV_HYPERCALL_CONTEXT_MAX_XMM_REGISTERS 6
typedef struct WHV_X64_HYPERCALL_CONTEXT {
	UINT64 Rax, Rbx, Rcx, Rdx, R8, Rsi, Rdi, Reserved0;
	WHV_UINT128 XmmRegisters[WHV_HYPERCALL_CONTEXT_MAX_XMM_REGISTERS];
	UINT64 Reserved1[2];
} WHV_X64_HYPERCALL_CONTEXT, WHV_HYPERCALL_CONTEXT, *PWHV_HYPERCALL_CONTEXT;

typedef struct WHV_RUN_VP_EXIT_CONTEXT {
	WHV_RUN_VP_EXIT_REASON ExitReason;
	UINT32 Reserved;
	WHV_VP_EXIT_CONTEXT VpContext;
	union {
		WHV_MEMORY_ACCESS_CONTEXT MemoryAccess;
		WHV_RUN_VP_CANCELED_CONTEXT CancelReason;
		WHV_HYPERCALL_CONTEXT Hypercall;
		WHV_SYNIC_SINT_DELIVERABLE_CONTEXT SynicSintDeliverable;
		WHV_X64_IO_PORT_ACCESS_CONTEXT IoPortAccess;
		WHV_X64_MSR_ACCESS_CONTEXT MsrAccess;
		WHV_X64_CPUID_ACCESS_CONTEXT CpuidAccess;
		WHV_VP_EXCEPTION_CONTEXT VpException;
		WHV_X64_INTERRUPTION_DELIVERABLE_CONTEXT InterruptWindow;
		WHV_X64_UNSUPPORTED_FEATURE_CONTEXT UnsupportedFeature;
		WHV_X64_APIC_EOI_CONTEXT ApicEoi;
		WHV_X64_RDTSC_CONTEXT ReadTsc;
		WHV_X64_APIC_SMI_CONTEXT ApicSmi;
		WHV_X64_APIC_INIT_SIPI_CONTEXT ApicInitSipi;
		WHV_X64_APIC_WRITE_CONTEXT ApicWrite;
		UINT64 AsUINT64[22];
	};
} WHV_RUN_VP_EXIT_CONTEXT;

#endif
