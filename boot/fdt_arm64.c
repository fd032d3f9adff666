/* SPDX-License-Identifier: MIT */
/* The same facts from a flattened device tree (Devicetree Specification 0.4), through libfdt. */
#include <libfdt.h>

#include "boot/facts_arm64.h"

#define PPI_BASE 16u

static uint64_t cells(const fdt32_t *p, int n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 32 | fdt32_to_cpu(*p++);
	return v;
}

/* An address of a bus becomes one of its parent, up to the root (2.3.8, ranges). */
static int translate(const void *fdt, int node, uint64_t *addr)
{
	int bus = fdt_parent_offset(fdt, node);

	while (bus > 0) {
		int len, up = fdt_parent_offset(fdt, bus);
		const fdt32_t *r = fdt_getprop(fdt, bus, "ranges", &len);
		int ac = fdt_address_cells(fdt, bus), sc = fdt_size_cells(fdt, bus);
		int pc = fdt_address_cells(fdt, up), found = len == 0;

		if (!r || up < 0 || ac < 1 || pc < 1 || sc < 0)
			return -1;
		for (int i = 0; !found && (i + ac + pc + sc) * 4 <= len; i += ac + pc + sc) {
			uint64_t from = cells(r + i, ac), size = cells(r + i + ac + pc, sc);

			if (*addr - from < size) {
				*addr = *addr - from + cells(r + i + ac, pc);
				found = 1;
			}
		}
		if (!found)
			return -1;
		bus = up;
	}
	return 0;
}

/* Entry n of reg. 0 when it is there. */
static int reg(const void *fdt, int node, int n, uint64_t *addr, uint64_t *size)
{
	int len, up = fdt_parent_offset(fdt, node);
	const fdt32_t *r = fdt_getprop(fdt, node, "reg", &len);
	int ac, sc;

	if (!r || up < 0)
		return -1;
	ac = fdt_address_cells(fdt, up);
	sc = fdt_size_cells(fdt, up);
	if (ac < 1 || sc < 0 || (n + 1) * (ac + sc) * 4 > len)
		return -1;
	*addr = cells(r + n * (ac + sc), ac);
	*size = cells(r + n * (ac + sc) + ac, sc);
	return translate(fdt, node, addr);
}

static uint32_t number(const void *fdt, int node, const char *name, uint32_t otherwise)
{
	int len;
	const fdt32_t *p = fdt_getprop(fdt, node, name, &len);

	return p && len == 4 ? fdt32_to_cpu(*p) : otherwise;
}

static int enabled(const void *fdt, int node)
{
	int len;
	const char *s = fdt_getprop(fdt, node, "status", &len);

	return !s || (len >= 2 && s[0] == 'o' && s[1] == 'k');
}

static int is(const void *fdt, int node, const char *compatible)
{
	return fdt_node_check_compatible(fdt, node, compatible) == 0;
}

static int find(const void *fdt, const char *compatible)
{
	return fdt_node_offset_by_compatible(fdt, -1, compatible);
}

/* Interrupt n of a node below a GICv3: type, number, flags. 0: no private interrupt there. */
static uint32_t ppi(const void *fdt, int node, int n, int gic)
{
	int len, width = (int)number(fdt, gic, "#interrupt-cells", 3);
	const fdt32_t *p = fdt_getprop(fdt, node, "interrupts", &len);

	if (!p || width < 3 || width > 4 || (n + 1) * width * 4 > len ||
	    fdt32_to_cpu(p[n * width]) != 1)
		return 0;
	return fdt32_to_cpu(p[n * width + 1]) + PPI_BASE;
}

static const char *cpus(struct boot_info *bi, const void *fdt)
{
	int all = fdt_path_offset(fdt, "/cpus"), node, len;
	int ac = all < 0 ? 0 : fdt_address_cells(fdt, all);

	if (ac < 1 || ac > 2)
		return "no /cpus in the device tree";
	fdt_for_each_subnode(node, fdt, all)
	{
		const char *type = fdt_getprop(fdt, node, "device_type", &len);
		const fdt32_t *r;
		uint32_t n = bi->num_cpus;

		if (!type || len != 4 || type[0] != 'c' || type[1] != 'p' || type[2] != 'u' ||
		    !enabled(fdt, node) || n == BOOT_INFO_MAX_CPUS)
			continue;
		r = fdt_getprop(fdt, node, "reg", &len);
		if (!r || len < ac * 4)
			return "a CPU of the device tree has no reg";
		bi->cpus[n] = (struct boot_cpu){ .acpi_uid = n };
		bi->arm64.mpidr[n] = cells(r, ac) & MPIDR_AFFINITY;
		bi->arm64.gicr[n] = 0;
		bi->num_cpus++;
	}
	return bi->num_cpus ? NULL : "no CPU in the device tree";
}

static const char *gic(struct boot_info *bi, const void *fdt, int node, struct facts_gicr *r)
{
	uint32_t regions = number(fdt, node, "#redistributor-regions", 1), its = 0;
	uint64_t addr, size;
	int child;

	if (reg(fdt, node, 0, &bi->arm64.gicd, &size))
		return "the GIC of the device tree has no reg";
	for (uint32_t i = 0; i < regions && r->count < FACTS_MAX_REGIONS; i++) {
		if (reg(fdt, node, (int)i + 1, &addr, &size))
			return "the GIC of the device tree has too few redistributor regions";
		r->base[r->count] = addr;
		r->size[r->count++] = size;
	}
	fdt_for_each_subnode(child, fdt, node)
	{
		if (is(fdt, child, "arm,gic-v3-its") && enabled(fdt, child) &&
		    its < BOOT_INFO_MAX_ITS && !reg(fdt, child, 0, &addr, &size))
			bi->arm64.its[its++] = addr;
	}
	bi->arm64.ppi_maintenance = ppi(fdt, node, 0, node);
	return NULL;
}

static uint32_t psci(const void *fdt)
{
	int len, node = find(fdt, "arm,psci-1.0");
	const char *method;

	if (node < 0)
		node = find(fdt, "arm,psci-0.2");
	method = node < 0 ? NULL : fdt_getprop(fdt, node, "method", &len);
	if (!method || len < 4)
		return BOOT_PSCI_NONE;
	return method[0] == 's' ? BOOT_PSCI_SMC : method[0] == 'h' ? BOOT_PSCI_HVC : BOOT_PSCI_NONE;
}

const char *facts_from_fdt(struct boot_info *bi, const void *fdt, struct facts_gicr *r)
{
	struct boot_arm64 *a = &bi->arm64;
	const char *why;
	int node, timer;

	r->count = 0;
	bi->num_cpus = 0;
	if (fdt_check_header(fdt))
		return "the device tree is broken";
	node = find(fdt, "arm,gic-v3");
	if (node < 0)
		return find(fdt, "arm,gic-400") >= 0 || find(fdt, "arm,cortex-a15-gic") >= 0
			       ? "the interrupt controller is a GICv2: a GICv3 or later is needed"
			       : "no GICv3 in the device tree";
	why = cpus(bi, fdt);
	if (!why)
		why = gic(bi, fdt, node, r);
	if (why)
		return why;
	timer = find(fdt, "arm,armv8-timer");
	if (timer < 0)
		return "no generic timer in the device tree";
	/* Secure, non-secure, virtual, hypervisor */
	a->ppi_physical_timer = ppi(fdt, timer, 1, node);
	a->ppi_virtual_timer = ppi(fdt, timer, 2, node);
	a->ppi_el2_timer = ppi(fdt, timer, 3, node);
	a->psci = psci(fdt);
	return NULL;
}

/* The node that stdout-path names; what follows a colon is its mode. */
static int stdout_node(const void *fdt)
{
	int len, n = 0, chosen = fdt_path_offset(fdt, "/chosen");
	const char *path = chosen < 0 ? NULL : fdt_getprop(fdt, chosen, "stdout-path", &len);

	if (!path)
		return -1;
	while (n < len && path[n] && path[n] != ':')
		n++;
	return fdt_path_offset_namelen(fdt, path, n);
}

void facts_fdt_console(struct boot_info *bi, const void *fdt)
{
	struct boot_console *c = &bi->console;
	uint64_t addr, size;
	int node;

	if (fdt_check_header(fdt))
		return;
	node = stdout_node(fdt);
	if (node < 0 || reg(fdt, node, 0, &addr, &size))
		return;
	if (is(fdt, node, "arm,pl011") || is(fdt, node, "arm,sbsa-uart")) {
		c->kind = BOOT_CONSOLE_PL011;
		c->stride = 4;
	} else if (is(fdt, node, "ns16550a") || is(fdt, node, "snps,dw-apb-uart")) {
		uint32_t shift = number(fdt, node, "reg-shift", 0);

		if (shift > 2)
			return;
		c->kind = BOOT_CONSOLE_16550_MMIO;
		c->stride = 1u << shift;
	} else {
		return;
	}
	c->base = addr;
}
