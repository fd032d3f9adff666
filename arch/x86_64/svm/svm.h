/* SPDX-License-Identifier: MIT */
/* What the files of this folder share. */
#ifndef SVM_SVM_H
#define SVM_SVM_H

#include "arch/x86_64/common/virt.h"
#include "arch/x86_64/svm/defs.h"
#include "arch/x86_64/svm/vmcb.h"

struct svm_caps {
	uint32_t asids; /* ASIDs 1 .. asids - 1 are usable */
	bool nrip, clean, decode_assists;
};
extern struct svm_caps svm_caps;

/* entry.S; verw: clear buffers as the last thing. */
void svm_enter(struct arch_vp *vp, uint64_t vmcb_pa, bool verw);
void svm_decode_exit(struct vp *vp, struct x86_exit *ex);

void svm_maps_build(void);
bool svm_msrpm_bit(uint32_t msr, uint32_t *bit);
void svm_msrpm_set(uint8_t *map, uint32_t msr, bool read, bool write);

/* VMRUN's own consistency checks (APM 15.5.1), made before the CPU makes them. */
const char *svm_check_state(struct vp *vp);

#endif
