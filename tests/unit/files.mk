# SPDX-License-Identifier: MIT
UNIT_test_vlapic := arch/x86_64/common/vlapic.c
UNIT_test_synic := hvapi/synic.c
UNIT_test_stimer := hvapi/stimer.c hvapi/synic.c
UNIT_test_decode := arch/x86_64/common/decode.c
UNIT_test_xsave := arch/x86_64/common/xsave.c
WHV_X64 := $(wildcard hvapi/whv/*.c hvapi/whv/x86_64/*.c)
UNIT_test_whv_partition := $(WHV_X64)
UNIT_test_whv_memory := $(WHV_X64)
UNIT_test_whv_vp := $(WHV_X64)
UNIT_test_whv_state := $(WHV_X64)
UNIT_test_whv_arm64 := $(wildcard hvapi/whv/*.c hvapi/whv/arm64/*.c)
UNITFLAGS_test_whv_arm64 := -D_ARM64_

# kernel/ and the hypercall layer: fake_arch.c stands in for the architecture, its RAM lies at
# ARCH_DIRECT_MAP, which must be clear of ASan's shadow and allocator.
FAKE_ARCH  := tests/unit/fake_arch.c
FAKE_FLAGS := -DARCH_DIRECT_MAP=0x200000000000ull
FAKE_ROOT  := $(FAKE_ARCH) tests/unit/fake_root.c arch/x86_64/svm/npt.c hvapi/overlay.c hvapi/stimer.c \
	hvapi/synic.c hvapi/port.c $(patsubst %,kernel/%.c,cell frame guest_mem memory page_alloc partition pool slat time vp)
UNIT_test_hypercall := hvapi/hypercall.c $(FAKE_ROOT)
UNITFLAGS_test_hypercall := $(FAKE_FLAGS)
# The handlers, called through the parser and the table as a client calls them
HVCALL_UNIT := hvapi/hypercall.c hvapi/hypercall_table.c $(wildcard hvapi/hvcall_*.c) hvapi/msr.c \
	hvapi/vp_set.c kernel/vp_flush.c kernel/vp_run.c kernel/vp_state.c $(FAKE_ROOT)
UNIT_test_hvcall_vp := $(HVCALL_UNIT)
UNITFLAGS_test_hvcall_vp := $(FAKE_FLAGS) -Wl,--wrap=root_open_page
UNIT_test_hvcall_state := $(HVCALL_UNIT)
UNITFLAGS_test_hvcall_state := $(FAKE_FLAGS)
UNIT_test_hvcall_memory := $(HVCALL_UNIT)
UNITFLAGS_test_hvcall_memory := $(FAKE_FLAGS)
UNIT_test_hvcall_partition := $(HVCALL_UNIT)
UNITFLAGS_test_hvcall_partition := $(FAKE_FLAGS)
UNIT_test_hvcall_flush := $(HVCALL_UNIT)
UNITFLAGS_test_hvcall_flush := $(FAKE_FLAGS) -pthread
UNIT_test_hvcall_ipi := $(HVCALL_UNIT)
UNITFLAGS_test_hvcall_ipi := $(FAKE_FLAGS)
UNIT_test_vp_set := hvapi/vp_set.c
UNIT_test_msr := hvapi/msr.c $(FAKE_ROOT)
UNITFLAGS_test_msr := $(FAKE_FLAGS)
UNIT_test_hypercall_table := hvapi/hypercall_table.c
UNITFLAGS_test_hypercall_table := $(FAKE_FLAGS)
UNIT_test_frame := kernel/frame.c
UNITFLAGS_test_frame := -pthread
UNIT_test_pool := kernel/pool.c
UNIT_test_cell := kernel/cell.c kernel/pool.c
UNIT_test_port := $(HVCALL_UNIT)
UNITFLAGS_test_port := $(FAKE_FLAGS) -pthread
UNIT_test_page_alloc := kernel/page_alloc.c $(FAKE_ARCH)
UNITFLAGS_test_page_alloc := $(FAKE_FLAGS)
UNIT_test_slat := kernel/slat.c arch/x86_64/svm/npt.c arch/x86_64/vmx/ept.c $(FAKE_ARCH)
UNITFLAGS_test_slat := $(FAKE_FLAGS) -pthread
UNIT_test_memory := $(FAKE_ROOT)
UNITFLAGS_test_memory := $(FAKE_FLAGS)
UNIT_test_memory_tables := $(FAKE_ROOT)
UNITFLAGS_test_memory_tables := $(FAKE_FLAGS)
UNIT_test_partition := $(FAKE_ROOT)
UNITFLAGS_test_partition := $(FAKE_FLAGS)
UNIT_test_guest_mem := $(FAKE_ROOT)
UNITFLAGS_test_guest_mem := $(FAKE_FLAGS)
UNIT_test_smp := kernel/smp.c $(FAKE_ARCH)
UNITFLAGS_test_smp := $(FAKE_FLAGS) -pthread
UNIT_test_time := kernel/time.c $(FAKE_ARCH)
UNITFLAGS_test_time := $(FAKE_FLAGS)
UNIT_test_vp_kernel := $(FAKE_ROOT) kernel/vp_run.c kernel/vp_state.c
UNITFLAGS_test_vp_kernel := $(FAKE_FLAGS) -pthread
UNIT_test_boot_check := kernel/boot_check.c arch/x86_64/common/boot_rules.c
UNIT_test_log := kernel/log.c

# arch/x86_64 over the fake hardware
SVM_UNIT := arch/x86_64/svm/exit.c arch/x86_64/svm/ops.c kernel/pool.c kernel/page_alloc.c $(FAKE_ARCH)
UNIT_test_svm_exit := $(SVM_UNIT)
UNITFLAGS_test_svm_exit := $(FAKE_FLAGS)
UNIT_test_svm_ops := $(SVM_UNIT)
UNITFLAGS_test_svm_ops := $(FAKE_FLAGS)

# Fuzzers (clang): FUZZ_<name>
FUZZ_decode := arch/x86_64/common/decode.c
FUZZ_xsave := arch/x86_64/common/xsave.c
FUZZ_hypercall := hvapi/hypercall.c hvapi/hypercall_table.c $(wildcard hvapi/hvcall_*.c) $(FAKE_ROOT) kernel/vp_run.c \
	kernel/vp_state.c kernel/vp_flush.c hvapi/msr.c hvapi/vp_set.c
FUZZFLAGS_hypercall := $(FAKE_FLAGS)
UNIT_test_gva := arch/x86_64/common/gva.c
UNIT_test_inject := arch/x86_64/common/inject.c arch/x86_64/common/vlapic.c
UNIT_test_deadline := arch/x86_64/common/deadline.c arch/x86_64/common/apic.c
EXIT_UNIT := $(patsubst %,arch/x86_64/common/%.c,inject vlapic)
UNIT_test_exit_msr := arch/x86_64/common/exit_msr.c arch/x86_64/common/cet.c $(EXIT_UNIT)

# The loader's pure parts
UNIT_test_boot_config := boot/config.c
UNIT_test_boot_elf := boot/elf.c
UNIT_test_boot_memmap := boot/memmap.c
UNIT_test_vp_switch := arch/x86_64/common/vp.c arch/x86_64/common/segments.c arch/x86_64/common/vlapic.c arch/x86_64/common/xsave.c \
	kernel/pool.c $(FAKE_ARCH)
UNITFLAGS_test_vp_switch := $(FAKE_FLAGS)
UNIT_test_mtrr := arch/x86_64/common/mtrr.c
UNIT_test_vmx_caps := arch/x86_64/vmx/caps.c
UNITFLAGS_test_vmx_caps := $(FAKE_FLAGS)
VMX_UNIT := $(patsubst %,arch/x86_64/vmx/%.c,caps ept exit ops regs vmcs) kernel/pool.c kernel/page_alloc.c kernel/slat.c \
	$(FAKE_ARCH)
UNIT_test_vmx_exit := $(VMX_UNIT)
UNITFLAGS_test_vmx_exit := $(FAKE_FLAGS)
UNIT_test_vmx_ops := $(VMX_UNIT)
UNITFLAGS_test_vmx_ops := $(FAKE_FLAGS)
UNIT_test_vmx_entry := $(VMX_UNIT)
UNITFLAGS_test_vmx_entry := $(FAKE_FLAGS)
UNIT_test_speculation := arch/x86_64/common/speculation.c
UNIT_test_exit_cr := arch/x86_64/common/exit_cr.c arch/x86_64/common/decode.c
UNIT_test_task_switch := $(patsubst %,arch/x86_64/common/%.c,task_switch task_mem gva cet)
UNIT_test_vmx_tags := $(VMX_UNIT)
UNITFLAGS_test_vmx_tags := $(FAKE_FLAGS)
UNIT_test_vmx_regs := arch/x86_64/common/segments.c $(VMX_UNIT)
UNITFLAGS_test_vmx_regs := $(FAKE_FLAGS)
UNIT_test_ept := kernel/slat.c kernel/page_alloc.c kernel/pool.c arch/x86_64/vmx/ept.c $(FAKE_ARCH)
UNITFLAGS_test_ept := $(FAKE_FLAGS)

# Registers by name, over the VP as it is for real
VP_UNIT := $(patsubst %,arch/x86_64/common/%.c,vp segments vlapic xsave) $(FAKE_ARCH)
VP_REGS_UNIT := $(patsubst %,arch/x86_64/common/%.c,vp_regs vp_regs_event vp_regs_fp vp_regs_msr exit_event exit_msr cet) $(VP_UNIT)
UNIT_test_vp_regs := $(VP_REGS_UNIT)
UNITFLAGS_test_vp_regs := $(FAKE_FLAGS)
UNIT_test_vp_groups := arch/x86_64/common/vp_groups.c arch/x86_64/common/cet.c $(VP_UNIT)
UNITFLAGS_test_vp_groups := $(FAKE_FLAGS)
UNIT_test_exit_cpuid := arch/x86_64/common/exit_cpuid.c arch/x86_64/common/xsave.c arch/x86_64/common/features.c hvapi/cpuid.c
UNIT_test_exit := $(patsubst %,arch/x86_64/common/%.c,exit exit_event exit_hypercall) $(FAKE_ARCH)
UNITFLAGS_test_exit := $(FAKE_FLAGS)
UNIT_test_exit_slat := $(patsubst %,arch/x86_64/common/%.c,exit_slat apic decode vlapic)
UNIT_test_intercept := kernel/intercept.c $(patsubst %,arch/x86_64/common/%.c,intercept_x64 decode vlapic) $(FAKE_ARCH)
UNITFLAGS_test_intercept := $(FAKE_FLAGS)

# The linker script's symbols, inside an array of the test's
UNIT_test_paging := arch/x86_64/common/paging.c kernel/core_tables.c kernel/page_alloc.c $(FAKE_ARCH)
UNITFLAGS_test_paging := $(FAKE_FLAGS) -Wl,--defsym=core_text_end=core_start+0x3000 \
	-Wl,--defsym=core_rodata_end=core_start+0x5000 -Wl,--defsym=core_end=core_start+0x9000
UNIT_test_x86_partition := arch/x86_64/common/partition.c kernel/pool.c $(VP_UNIT) hvapi/translate.c
UNITFLAGS_test_x86_partition := $(FAKE_FLAGS)
UNIT_test_root := $(patsubst %,arch/x86_64/%.c,common/root common/mtrr common/apic svm/npt vmx/ept) \
	hvapi/synic.c $(patsubst %,kernel/%.c,slat page_alloc pool root_build) $(FAKE_ARCH)
UNITFLAGS_test_root := $(FAKE_FLAGS)
UNIT_test_idt := arch/x86_64/common/idt.c $(FAKE_ARCH)
UNITFLAGS_test_idt := $(FAKE_FLAGS) -Wl,--defsym=halt_unless_end=halt_unless+16 \
	-Wl,--defsym=vmx_critical_end=vmx_critical+32 -Wl,--defsym=extable_end=extable_start+48 \
	-Wl,--defsym=core_text_end=core_start+0x800 -Wl,--defsym=core_end=core_start+0x1000
UNIT_test_probe := $(patsubst %,arch/x86_64/svm/%.c,exit npt ops) $(VMX_UNIT) \
	$(patsubst %,arch/x86_64/common/%.c,vp segments vlapic xsave)
UNITFLAGS_test_probe := $(FAKE_FLAGS)
UNIT_test_insn_fetch := arch/x86_64/common/insn_fetch.c arch/x86_64/common/decode.c
UNIT_test_vp_run := $(VP_UNIT)
UNITFLAGS_test_vp_run := $(FAKE_FLAGS)
# arm64: the same rules, over tests/fake_hw/arm64
ARM64_FLAGS := $(FAKE_FLAGS)
UNIT_test_stage2 := arch/arm64/el2/stage2.c kernel/slat.c $(FAKE_ARCH)
UNIT_test_id_regs := arch/arm64/el2/id_regs.c arch/arm64/el2/id_features.c
UNITFLAGS_test_id_regs := -D_ARM64_
UNIT_test_sgi_frame := arch/arm64/gicv3/sgi_frame.c
UNITARCH_stage2 := arm64
UNITARCH_id_regs := arm64
UNITARCH_sgi_frame := arm64
UNITFLAGS_test_stage2 := $(ARM64_FLAGS)
UNIT_test_psci := arch/arm64/el2/psci.c kernel/frame.c $(FAKE_ARCH)
UNITARCH_psci := arm64
UNITFLAGS_test_psci := $(ARM64_FLAGS)
UNIT_test_boot_arm64 := kernel/boot_check.c arch/arm64/el2/boot_rules.c
UNITARCH_boot_arm64 := arm64
UNIT_test_facts_arm64 := boot/facts_arm64.c boot/fdt_arm64.c
UNITLIBS_test_facts_arm64 := -lfdt
UNITARCH_facts_arm64 := arm64
UNIT_test_trap := arch/arm64/el2/trap.c arch/arm64/el2/inject.c $(FAKE_ARCH)
UNITARCH_trap := arm64
UNITFLAGS_test_trap := $(ARM64_FLAGS)
UNIT_test_gic := arch/arm64/gicv3/gic.c arch/arm64/gicv3/sgi_frame.c $(FAKE_ARCH)
UNITARCH_gic := arm64
UNITFLAGS_test_gic := $(ARM64_FLAGS)
VGIC_UNIT := $(wildcard arch/arm64/gicv3/vgic*.c)
UNIT_test_el2_switch := $(patsubst %,arch/arm64/el2/%.c,vp_switch vp_run vp_gic vp_timer stage2 vp_regs hv_regs identity id_regs id_features) $(VGIC_UNIT) \
	hvapi/cpuid.c $(FAKE_ARCH)
UNITARCH_el2_switch := arm64
UNIT_test_el2_groups := $(patsubst %,arch/arm64/el2/%.c,vp_groups interrupt property stage2 identity id_regs id_features hv_regs) $(VGIC_UNIT) \
	hvapi/cpuid.c $(FAKE_ARCH)
UNITARCH_el2_groups := arm64
UNITFLAGS_test_el2_groups := $(ARM64_FLAGS)
UNITFLAGS_test_el2_switch := $(ARM64_FLAGS)
UNIT_test_hvc := arch/arm64/el2/hvc.c $(FAKE_ARCH)
UNITARCH_hvc := arm64
UNITFLAGS_test_hvc := $(ARM64_FLAGS)
# Where a VP names its own registers
UNIT_test_hvcall_own := hvapi/hvcall_vp.c $(FAKE_ARCH)
UNITARCH_hvcall_own := arm64
UNITFLAGS_test_hvcall_own := $(ARM64_FLAGS)
UNIT_test_trap_abort := arch/arm64/el2/trap_abort.c arch/arm64/el2/stage2.c kernel/slat.c kernel/frame.c $(FAKE_ARCH)
UNITARCH_trap_abort := arm64
UNITFLAGS_test_trap_abort := $(ARM64_FLAGS)
# The virtual GIC of arm64: tests/unit/fake_vgic.h has its guest memory
UNIT_test_vgic := $(VGIC_UNIT)
UNIT_test_vgic_mmio := $(VGIC_UNIT)
UNIT_test_vgic_model := $(VGIC_UNIT)
UNIT_test_vgic_smp := $(VGIC_UNIT)
UNITFLAGS_test_vgic_smp := -pthread
UNIT_test_vgic_state := $(VGIC_UNIT)
FUZZ_vgic := $(VGIC_UNIT)
UNITARCH_vgic := arm64
UNITARCH_vgic_mmio := arm64
UNITARCH_vgic_model := arm64
UNITARCH_vgic_smp := arm64
UNITARCH_vgic_state := arm64
# Their headers are another architecture's when the core is x86's.
$(patsubst %,$(O)/unit/test_%,vgic vgic_mmio vgic_model vgic_smp vgic_state) $(O)/fuzz/fuzz_vgic: \
	$(wildcard arch/arm64/gicv3/*.h)
UNITFLAGS_test_whv_layout_arm64 := -D_ARM64_
UNIT_test_el2_gva := arch/arm64/el2/gva.c
UNITARCH_el2_gva := arm64
UNITFLAGS_test_el2_gva := $(ARM64_FLAGS)
