/* SPDX-License-Identifier: MIT */
#ifndef ROOT_JOB_H
#define ROOT_JOB_H

#include <stdbool.h>
#include <stdint.h>

/*
 * One job over the loader's input file. The seed chooses the instant of the save and the length;
 * skip: a category of state that is not restored, NULL for none. NULL when both VPs finished in
 * their second partition with the same digest, else the name of what was found wrong.
 */
const char *job_once(uint64_t seed, const char *skip, bool aloud);
/* The same with no page mapped at first; revoke: and pages taken away at random while it runs. */
const char *job_paged(uint64_t seed, bool revoke);
/* The main job: seed= of the command line, everything told. */
bool job_run(void);

#endif
