/* SPDX-License-Identifier: MIT */
/* The arm64 core's own interfaces, one block a file. */
#ifndef EL2_H
#define EL2_H

#include "boot/boot_info.h"
#include "arch/arm64/gicv3/vgic.h"
#include "kernel/guest_mem.h"
#include "kernel/vp.h"

/* -- entry.S, vectors.S ------------------------------------------------------------------------ */
uint64_t el2_enter(struct arch_vp *vp);
/* x[18]: X0..X17 in and out. 1: there is no firmware to call, nothing changed. */
uint64_t el2_smc(uint64_t *x);
/* Never returns: fn runs on the tables ttbr0 with the stack sp. identity: el2_switch_tables' page.
 */
void el2_switch_stack(uint64_t identity, uint64_t ttbr0, uint64_t sp, void (*fn)(void))
	__attribute__((noreturn));
/* fp.S */
void el2_fp_save(struct el2_fp *fp);
void el2_fp_load(const struct el2_fp *fp);
/* sve.S; the bytes of a Z register at EL2's length */
uint64_t el2_sve_vl(void);
void el2_sve_save(uint8_t *z_low, uint8_t *z_high, struct el2_fp *fp);
void el2_sve_load(const uint8_t *z_low, const uint8_t *z_high, const struct el2_fp *fp);
extern const uint8_t el2_identity[], el2_switch_tables[], el2_secondary[], el2_vectors[];
extern const uint8_t el2_smc_insn[], el2_smc_fixup[];

/* -- cpu.c ------------------------------------------------------------------------------------- */
void cpu_setup_percpu(const struct boot_info *bi);
/* The boot CPU's way onto its own tables. */
void cpu_switch_boot_stack(void (*fn)(void)) __attribute__((noreturn));
/* This CPU, on its own tables: vectors, controls, GIC CPU interface. */
void cpu_init_this(void);
void cpu_start_others(const struct boot_info *bi);
extern uint64_t cpu_hz;
extern bool cpu_has_sme;
extern uint32_t cpu_pa_bits;

/* -- stage1.c: EL2's own tables ---------------------------------------------------------------- */
void stage1_build(const struct boot_info *bi);
uint64_t stage1_map_device(uint64_t pa, uint64_t size);
/* TTBR0_EL2 of a CPU, with its struct percpu and stack in place. */
uint64_t stage1_percpu(struct percpu *cpu, void *stack);
/* Physical address of something in the core's image. */
uint64_t stage1_image_pa(const void *p);

/* -- stage2.c ---------------------------------------------------------------------------------- */
extern struct slat_format stage2_format;
/* ID_AA64MMFR0_EL1 decides how far physical addresses reach: how many bits they have. */
uint32_t stage2_init(uint64_t mmfr0);
uint64_t stage2_vtcr(void);
uint64_t stage2_vttbr(const struct slat *s);
/* Out of every TLB: all of s's translations. */
void stage2_flush(const struct slat *s);

/* Before VTTBR_EL2 changes: EL1 makes no translation until its SCTLR and TCR are written again. */
void stage2_walks_off(void);

/* -- cache.c ----------------------------------------------------------------------------------- */
/* Clean and invalidate to the point of coherency. */
void cache_clean(const void *va, uint64_t size);

/* Mapped at boot at least this far: room for 64-bit device windows. More is mapped on demand. */
#define ROOT_MAP_MIN (1ull << 40)
/* HCR_EL2 while the root runs: IMO, FMO and AMO clear, so that EL2 sees none of its interrupts. */
#define HCR_ROOT \
	(HCR_VM | HCR_SWIO | HCR_TID3 | HCR_TSC | HCR_TIDCP | HCR_TACR | HCR_RW | HCR_TLOR | \
	 HCR_TERR)

/* -- root.c ------------------------------------------------------------------------------------ */
void root_create(const struct boot_info *bi);
/* Run this CPU's root VP for ever. */
void root_run(void) __attribute__((noreturn));

/* -- trap.c, trap_*.c: what a VP's exception asks for -------------------------------------------
 */
struct el2_trap {
	uint64_t esr, far, hpfar;
};
enum trap_action {
	TRAP_NEXT,  /* past the instruction */
	TRAP_AGAIN, /* PC is as it should be */
};
typedef enum trap_action (*trap_handler)(struct vp *vp, const struct el2_trap *t);

void trap_handle(struct vp *vp, uint64_t kind);
enum trap_action trap_sysreg(struct vp *vp, const struct el2_trap *t);
enum trap_action trap_data_abort(struct vp *vp, const struct el2_trap *t);
enum trap_action trap_instruction_abort(struct vp *vp, const struct el2_trap *t);
enum trap_action trap_wfi(struct vp *vp, const struct el2_trap *t);
/* intercept.c: tell the root, stop the VP. t: the abort behind it, NULL for a hypercall's buffer.
 */
enum trap_action intercept_memory(struct vp *vp, uint64_t gpa, uint8_t access, bool unmapped,
				  const struct el2_trap *t);
/* SINTs whose slots the root waits for: a bit each. */
void intercept_sints(struct vp *vp, uint16_t sints);
/* PSCI SYSTEM_OFF or SYSTEM_RESET: HV_ARM64_RESET_*. */
void intercept_reset(struct vp *vp, uint32_t type);
enum trap_action trap_hvc(struct vp *vp, const struct el2_trap *t);
enum trap_action trap_smc(struct vp *vp, const struct el2_trap *t);

/* -- inject.c: exceptions to EL1 of the VP that is on this CPU -----------------------------------
 */
/* An exception taken to EL1 from where the VP is: PC and PSTATE move to its vector. */
void inject_sync(struct vp *vp, uint64_t esr);
void inject_undefined(struct vp *vp);
/* Synchronous external abort; walk: on a stage 1 table walk of that level (-1: no). */
void inject_external_abort(struct vp *vp, uint64_t far, bool instruction, int walk_level);
/* Pure: PSTATE at EL1's vector, and the vector's offset. */
uint64_t inject_pstate(uint64_t from, uint64_t sctlr, uint64_t *offset);

/* -- psci.c ------------------------------------------------------------------------------------ */
void psci_init(const struct boot_info *bi);
/* Firmware's, by its own conduit. */
uint64_t psci_firmware(uint64_t fn, uint64_t a, uint64_t b, uint64_t c);
/* True: x[0] is a PSCI call, and x[0..3] hold the answer. */
bool psci_call(struct vp *vp, uint64_t x[4]);

/* Owner only: a guest VP that another turned on starts, from its reset state. */
void psci_start(struct vp *vp);
/* Turned on by hand: it runs with the registers that it has. */
void psci_set_power(struct vp *vp, bool on);

/* -- vp_gic.c: a guest's GIC on this CPU ---------------------------------------------------------
 */
void vp_gic_load(struct vp *vp);
void vp_gic_unload(struct vp *vp);
/*
 * Before entry; what is resident then, vp_gic_sync() takes back. VGIC_AGAIN: somebody waits for
 * this VP. VGIC_ABSENT: the root was told of the page that is missing.
 */
enum vgic_result vp_gic_flush(struct vp *vp);
/* After exit. True: the guest's timer has expired. */
bool vp_gic_sync(struct vp *vp);
/* On this CPU: is there an interrupt that WFI would wake up for? */
bool vp_gic_waits(struct vp *vp);
/* A private interrupt's line of vp, which is on this CPU. */
void vp_gic_line(struct vp *vp, uint32_t intid, bool level);
/* Kick the VPs of op->kick out of their guests. */
void vp_gic_kick(struct partition *p, struct vgic_op *op);
/* Tell the root of the page that was missing. */
void vp_gic_absent(struct vp *vp, const struct vgic_op *op);
/* A trapped register of the CPU interface; false: it is not there for such an access. */
bool vp_gic_register(struct vp *vp, uint32_t crn, uint32_t crm, uint32_t op2, bool read,
		     uint64_t *v);
bool vp_gic_frame(struct vp *vp, uint64_t gpa);
/* VGIC_OK, VGIC_FAULT or VGIC_ABSENT. */
enum vgic_result vp_gic_access(struct vp *vp, uint64_t gpa, uint32_t width, bool write, uint64_t *v,
			       struct vgic_op *op);

/* -- vp_timer.c: what EL2 keeps time for while a guest runs: CNTP, synthetic timers --------------
 */
/* Host count at which the root's own timer expires, UINT64_MAX: never. */
uint64_t vp_timer_root(const struct arch_vp *root);
/* CNTHP at the nearer of the two. */
void vp_timer_arm(uint64_t root, uint64_t guest);
/* Expire what is due. */
void vp_timer_run(struct vp *vp);
bool vp_timer_due(const struct vp *vp);
/* CNTP_CTL_EL0, CNTP_CVAL_EL0, CNTP_TVAL_EL0 (op2 1, 2, 0 of CRn 14, CRm 2). */
bool vp_timer_register(struct vp *vp, uint32_t op2, bool read, uint64_t *v);
uint64_t vp_timer_ctl(const struct vp *vp);

/* -- gva.c: a guest's own tables, walked in software --------------------------------------------
 */
enum gva_result {
	GVA_OK,
	GVA_NOT_PRESENT, /* translation or access flag fault */
	GVA_PRIVILEGE,	 /* permission fault */
	GVA_ADDRESS,	 /* address size fault: an output address beyond TCR_EL1.IPS */
	GVA_NO_MEMORY,	 /* a table is not there: fault->gpa */
};
#define GVA_READ		1u
#define GVA_WRITE		2u
#define GVA_EXEC		4u
#define GVA_USER		8u /* as EL0 */
#define GVA_NO_PERMISSION_CHECK 16u
#define GVA_SET_FLAGS		32u /* AF and the dirty state, where the guest has them set by hardware */
struct gva_fault {
	gpa_t gpa; /* of the entry */
	enum guest_mem_result mem;
	bool write; /* it was to be written */
};
/* The VP is the caller's, and not on a CPU. *fault on GVA_NO_MEMORY. */
enum gva_result gva_translate(const struct vp *vp, uint64_t va, uint32_t access, gpa_t *gpa,
			      struct gva_fault *fault);

/* -- identity.c: what a partition's VPs are told of the processor -------------------------------
 */
/*
 * From the processor and the features that the partition goes without; false: one cannot go. The
 * root's too: its VPs read them by trap.
 */
bool identity_init(struct partition *p);
/* op0 3, op1 0, CRn 0. Not initialized yet: the default */
uint64_t identity_register(const struct partition *p, uint32_t crm, uint32_t op2);
uint64_t identity_features(const struct partition *p, uint32_t bank);
bool identity_sve(const struct partition *p);

/* -- hv_regs.c: registers that the hypervisor gives a VP by name ---------------------------------
 */
bool vp_pstate_valid(uint64_t v);
bool hv_reg_get(const struct partition *p, uint32_t name, union hv_register_value *v);

#endif
