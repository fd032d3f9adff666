/* SPDX-License-Identifier: MIT */
/* Accessors of the register table, between the files that have rows: vgic_mmio.c, vgic_redist.c. */
#ifndef ARM64_VGIC_MMIO_H
#define ARM64_VGIC_MMIO_H

#include "arch/arm64/gicv3/vgic.h"

/* n: number of the register in its row. *v is 0 before. */
typedef enum vgic_result vgic_read_fn(const struct vgic_access *a, uint32_t n, uint64_t *v,
				      struct vgic_op *op);
/* mask: the bits that the access covers; val has none outside. */
typedef enum vgic_result vgic_write_fn(const struct vgic_access *a, uint32_t n, uint64_t val,
				       uint64_t mask, struct vgic_op *op);

vgic_read_fn vgic_read_gicr_ctlr, vgic_read_gicr_typer, vgic_read_propbaser, vgic_read_pendbaser;
vgic_write_fn vgic_write_gicr_ctlr, vgic_write_propbaser, vgic_write_pendbaser;
vgic_write_fn vgic_write_setlpir, vgic_write_clrlpir, vgic_write_invlpir, vgic_write_invallr;

#endif
