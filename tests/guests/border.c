/* SPDX-License-Identifier: MIT */
#include "tests/guests/border_abi.h"
#include "tests/guests/lib.h"

void guest_trap(struct trap *t)
{
	outl(0x82, (uint32_t)t->vector); /* nothing here should fault */
}

static uint64_t get(uint32_t which)
{
	uint64_t v = 0, x[2];
	uint32_t w = 0;

	switch (which) {
	case BORDER_CR2:
		return READ_REG(cr2);
	case BORDER_CR3:
		return READ_REG(cr3);
	case BORDER_CR4:
		return READ_REG(cr4);
	case BORDER_CR8:
		return READ_REG(cr8);
	case BORDER_DR0:
		return READ_REG(dr0);
	case BORDER_DR1:
		return READ_REG(dr1);
	case BORDER_DR2:
		return READ_REG(dr2);
	case BORDER_DR3:
		return READ_REG(dr3);
	case BORDER_DR7:
		return READ_REG(dr7);
	case BORDER_XCR0:
		return xgetbv();
	case BORDER_RFLAGS:
		__asm__ volatile("pushfq; pop %0" : "=r"(v));
		return v;
	case BORDER_XMM0:
		__asm__ volatile("movdqu %%xmm0, %0" : "=m"(x));
		return x[0];
	case BORDER_XMM15:
		__asm__ volatile("movdqu %%xmm15, %0" : "=m"(x));
		return x[1];
	case BORDER_ST0:
		__asm__ volatile("fld %%st(0)\n\tfistpll %0" : "=m"(v));
		return v;
	case BORDER_MXCSR:
		__asm__ volatile("stmxcsr %0" : "=m"(w));
		return w;
	case BORDER_TSC_AUX:
		return rdtscp_aux();
	case BORDER_APIC_TPR:
		return apic_read(0x80);
	case BORDER_APIC_SVR:
		return apic_read(0xf0);
	case BORDER_APIC_LVT_TIMER:
		return apic_read(0x320);
	case BORDER_APIC_LVT_LINT0:
		return apic_read(0x350);
	case BORDER_APIC_DIVIDE:
		return apic_read(0x3e0);
	case BORDER_FS_BASE:
		__asm__ volatile("mov %%fs:0, %0" : "=r"(v));
		return v;
	default:
		return ~0ull;
	}
}

static void set(uint32_t which, uint64_t v)
{
	uint64_t x[2] = { v, v };
	uint32_t w = (uint32_t)v;

	switch (which) {
	case BORDER_CR2:
		WRITE_REG(cr2, v);
		break;
	case BORDER_CR4:
		WRITE_REG(cr4, v);
		break;
	case BORDER_CR8:
		WRITE_REG(cr8, v);
		break;
	case BORDER_DR0:
		WRITE_REG(dr0, v);
		break;
	case BORDER_DR1:
		WRITE_REG(dr1, v);
		break;
	case BORDER_DR2:
		WRITE_REG(dr2, v);
		break;
	case BORDER_DR3:
		WRITE_REG(dr3, v);
		break;
	case BORDER_DR7:
		WRITE_REG(dr7, v);
		break;
	case BORDER_XCR0:
		xsetbv(v);
		break;
	case BORDER_RFLAGS:
		__asm__ volatile("push %0; popfq" : : "r"(v) : "cc");
		break;
	case BORDER_XMM0:
		__asm__ volatile("movdqu %0, %%xmm0" : : "m"(x));
		break;
	case BORDER_XMM15:
		__asm__ volatile("movdqu %0, %%xmm15" : : "m"(x));
		break;
	case BORDER_ST0:
		__asm__ volatile("fninit\n\tfildll %0" : : "m"(v));
		break;
	case BORDER_MXCSR:
		__asm__ volatile("ldmxcsr %0" : : "m"(w));
		break;
	case BORDER_APIC_TPR:
		apic_write(0x80, w);
		break;
	case BORDER_APIC_SVR:
		apic_write(0xf0, w);
		break;
	case BORDER_APIC_LVT_TIMER:
		apic_write(0x320, w);
		break;
	case BORDER_APIC_LVT_LINT0:
		apic_write(0x350, w);
		break;
	case BORDER_APIC_DIVIDE:
		apic_write(0x3e0, w);
		break;
	default:
		break;
	}
}

void guest_main(uint64_t vp, void *arg)
{
	volatile struct border_shared *s = arg;

	(void)vp;
	WRITE_REG(cr4, READ_REG(cr4) | 0x40600); /* OSFXSR, OSXMMEXCPT, OSXSAVE */
	__asm__ volatile("fninit");
	for (;;) {
		switch (s->op) {
		case BORDER_RDMSR:
			s->value = rdmsr(s->which);
			break;
		case BORDER_WRMSR:
			wrmsr(s->which, s->value);
			break;
		case BORDER_GET:
			s->value = get(s->which);
			break;
		case BORDER_SET:
		default:
			set(s->which, s->value);
			break;
		}
		outl(BORDER_PORT, 0);
	}
}
