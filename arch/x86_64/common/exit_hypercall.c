/* SPDX-License-Identifier: MIT */
/* VMMCALL and VMCALL: TLFS, "Hypercall interface", x64. Registers to struct hv_hcall_io and back.
 */
#include "arch/x86_64/common/exits.h"
#include "arch/x86_64/common/insn_fetch.h"
#include "arch/x86_64/common/regs.h"
#include "hvapi/hypercall.h"

enum exit_action exit_hypercall(struct vp *vp, struct x86_exit *ex)
{
	uint64_t *g = vp->arch.gpr;
	struct hv_hcall_io io;
	struct x86_place at;
	bool wide;

	if (unlikely(!insn_length(vp, ex)))
		return EXIT_RESUME;
	virt->place(vp, &at);
	/* From ring 0 in protected or long mode; else #UD (TLFS, "Legal callers"). */
	if (unlikely(!at.in_protected || at.cpl || !hypercall_enabled(vp->partition))) {
		inject_ud(vp);
		return EXIT_RESUME;
	}
	wide = at.mode == X86_MODE_64;
	if (likely(wide)) {
		io.control = g[GPR_RCX];
		io.input = g[GPR_RDX];
		io.output = g[GPR_R8];
	} else {
		io.control = g[GPR_RDX] << 32 | (uint32_t)g[GPR_RAX];
		io.input = g[GPR_RBX] << 32 | (uint32_t)g[GPR_RCX];
		io.output = g[GPR_RDI] << 32 | (uint32_t)g[GPR_RSI];
	}
	io.wide = wide;
	io.ext_words = 0;
	hypercall_dispatch(vp, &io);
	if (unlikely(io.fault)) {
		/* Input or output is not there: told to the root, and the call is made again. */
		if (vp->partition != partition_root)
			return intercept_memory(vp, io.fault_gpa, io.fault_write ? SLAT_W : SLAT_R,
						io.fault_unmapped, NULL);
		inject_gp(vp);
		return EXIT_RESUME;
	}
	if (unlikely(io.again)) {
		/* Restart: the control word carries on from the next element. */
		if (wide)
			g[GPR_RCX] = io.control;
		else
			g[GPR_RDX] = io.control >> 32;
		return EXIT_RESUME;
	}
	if (wide) {
		g[GPR_RAX] = io.result;
	} else {
		g[GPR_RDX] = io.result >> 32;
		g[GPR_RAX] = (uint32_t)io.result;
	}
	return EXIT_NEXT;
}
