/* SPDX-License-Identifier: MIT */
/* What WHvRunVirtualProcessor returns, arm64. Included by whv_exit.h. */
#ifndef WHV_EXIT_ARM64_H
#define WHV_EXIT_ARM64_H

/* The hypervisor's message types */
typedef enum WHV_RUN_VP_EXIT_REASON {
	WHvRunVpExitReasonNone = 0,
	WHvRunVpExitReasonUnmappedGpa = 0x80000000,
	WHvRunVpExitReasonGpaIntercept = 0x80000001,
	WHvRunVpExitReasonInvalidVpRegisterValue = 0x80000020,
	WHvRunVpExitReasonUnrecoverableException = 0x80000021,
	WHvRunVpExitReasonUnsupportedFeature = 0x80000022,
	WHvRunVpExitReasonHypercall = 0x80000050,
	WHvRunVpExitReasonSynicSintDeliverable = 0x80000062,
	WHvMessageTypeRegisterIntercept = 0x80010006,
	WHvRunVpExitReasonArm64Reset = 0x8001000c,
	WHvRunVpExitReasonCanceled = 0xffffffff,
} WHV_RUN_VP_EXIT_REASON;

typedef union WHV_VP_EXECUTION_STATE {
	UINT16 AsUINT16;
	struct {
		UINT16 Cpl : 2; /* the exception level */
		UINT16 DebugActive : 1;
		UINT16 InterruptionPending : 1;
		UINT16 Vtl : 4;
		UINT16 VirtualizationFaultActive : 1;
		UINT16 Reserved : 7;
	};
} WHV_VP_EXECUTION_STATE;

typedef struct WHV_INTERCEPT_MESSAGE_HEADER {
	UINT32 VpIndex;
	UINT8 InstructionLength;
	UINT8 InterceptAccessType; /* WHV_MEMORY_ACCESS_TYPE */
	WHV_VP_EXECUTION_STATE ExecutionState;
	UINT64 Pc, Cpsr;
} WHV_INTERCEPT_MESSAGE_HEADER;

typedef union WHV_MEMORY_ACCESS_INFO {
	UINT8 AsUINT8;
	struct {
		UINT8 GvaValid : 1;
		UINT8 GvaGpaValid : 1;
		UINT8 HypercallOutputPending : 1;
		UINT8 Reserved : 5;
	};
} WHV_MEMORY_ACCESS_INFO;

typedef struct WHV_MEMORY_ACCESS_CONTEXT {
	WHV_INTERCEPT_MESSAGE_HEADER Header;
	UINT32 Reserved0;
	UINT8 InstructionByteCount;
	WHV_MEMORY_ACCESS_INFO AccessInfo;
	UINT16 Reserved1;
	UINT8 InstructionBytes[4];
	UINT32 Reserved2;
	UINT64 Gva, Gpa;
	UINT64 Syndrome; /* ESR_EL2 */
} WHV_MEMORY_ACCESS_CONTEXT;

typedef struct WHV_UNRECOVERABLE_EXCEPTION_CONTEXT {
	WHV_INTERCEPT_MESSAGE_HEADER Header;
} WHV_UNRECOVERABLE_EXCEPTION_CONTEXT;

typedef struct WHV_INVALID_VP_REGISTER_CONTEXT {
	UINT32 VpIndex, Reserved;
} WHV_INVALID_VP_REGISTER_CONTEXT;

typedef struct WHV_SYNIC_SINT_DELIVERABLE_CONTEXT {
	WHV_INTERCEPT_MESSAGE_HEADER Header;
	UINT16 DeliverableSints; /* a bit each */
	UINT16 Reserved1;
	UINT32 Reserved2;
} WHV_SYNIC_SINT_DELIVERABLE_CONTEXT;

typedef union WHV_REGISTER_ACCESS_INFO {
	WHV_REGISTER_VALUE SourceValue;
	WHV_REGISTER_NAME DestinationRegister;
} WHV_REGISTER_ACCESS_INFO;

typedef struct WHV_REGISTER_CONTEXT {
	WHV_INTERCEPT_MESSAGE_HEADER Header;
	struct {
		UINT8 IsMemoryOp : 1;
		UINT8 Reserved : 7;
	};
	UINT8 Reserved8;
	UINT16 Reserved16;
	WHV_REGISTER_NAME RegisterName;
	WHV_REGISTER_ACCESS_INFO AccessInfo;
} WHV_REGISTER_CONTEXT;

typedef enum WHV_ARM64_RESET_TYPE {
	WHvArm64ResetTypePowerOff,
	WHvArm64ResetTypeReboot,
} WHV_ARM64_RESET_TYPE;

typedef struct WHV_ARM64_RESET_CONTEXT {
	WHV_INTERCEPT_MESSAGE_HEADER Header;
	WHV_ARM64_RESET_TYPE ResetType;
	UINT32 Reserved;
} WHV_ARM64_RESET_CONTEXT;

typedef struct WHV_ARM64_HYPERCALL_CONTEXT {
	WHV_INTERCEPT_MESSAGE_HEADER Header;
	UINT16 Immediate; /* of the HVC */
	UINT16 Reserved1;
	UINT32 Reserved2;
	UINT64 X[18];
} WHV_ARM64_HYPERCALL_CONTEXT, WHV_HYPERCALL_CONTEXT, *PWHV_HYPERCALL_CONTEXT;

typedef struct WHV_RUN_VP_EXIT_CONTEXT {
	WHV_RUN_VP_EXIT_REASON ExitReason;
	UINT32 Reserved;
	UINT64 Reserved1;
	union {
		WHV_MEMORY_ACCESS_CONTEXT MemoryAccess;
		WHV_RUN_VP_CANCELED_CONTEXT CancelReason;
		WHV_HYPERCALL_CONTEXT Hypercall;
		WHV_SYNIC_SINT_DELIVERABLE_CONTEXT SynicSintDeliverable;
		WHV_UNRECOVERABLE_EXCEPTION_CONTEXT UnrecoverableException;
		WHV_INVALID_VP_REGISTER_CONTEXT InvalidVpRegister;
		WHV_REGISTER_CONTEXT Register;
		WHV_ARM64_RESET_CONTEXT Arm64Reset;
		UINT64 AsUINT64[32];
	};
} WHV_RUN_VP_EXIT_CONTEXT;

#endif
