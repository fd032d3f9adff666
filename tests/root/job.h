/* SPDX-License-Identifier: MIT */
#ifndef ROOT_JOB_H
#define ROOT_JOB_H

#include <stdbool.h>

/* True when both VPs finished in their second partition with the same digest. */
bool job_run(void);

#endif
