/* SPDX-License-Identifier: MIT */
/* The root VM's start, and what its command line chooses: run=suite, run=job, run=bench. */
#include <stdio.h>
#include <string.h>

#include "tests/root/bench.h"
#include "tests/root/job.h"
#include "tests/root/root.h"

void root_main(const struct boot_info *info);

const struct boot_info *boot_info;
uint64_t root_entry_tsc;

void root_main(const struct boot_info *info)
{
	const char *run;
	bool ok;

	root_entry_tsc = root_clock();
	boot_info = info;
	console_init(&info->console);
	pages_init();
	setvbuf(stdout, NULL, _IOLBF, 512);
	cpu_init(0);
	hv_init();
	cpus_start();
	printf("root VM: %u CPUs, %llu MiB free, TSC %llu MHz, command line \"%s\"\n", cpu_count,
	       (unsigned long long)pages_left() * PAGE >> 20,
	       (unsigned long long)info->tsc_hz / 1000000, info->root_cmdline);
	run = option("run");
	if (run && !strcmp(run, "suite")) {
		static char filter[64];
		const char *f = option("filter");

		if (f)
			strcpy(filter, f);
		ok = tests_run(f ? filter : NULL);
	} else if (run && !strcmp(run, "bench")) {
		ok = bench_run();
	} else if (run && !strcmp(run, "job")) {
		ok = job_run();
	} else {
		printf("root VM: the command line has no run=job, suite or bench that is here\n");
		ok = false;
	}
	hv_log_drain();
	fflush(stdout);
	machine_exit(ok);
}
