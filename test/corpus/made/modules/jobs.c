// SPDX-License-Identifier: MIT OR GPL-2.0
/* Memory that is never given back. */
#include <linux/delay.h>
#include <linux/slab.h>
#include "control.h"

struct job {
	u64 number;
	u8 arguments[1000];
};

static struct kmem_cache *job_cache;
static u64 finished;

static noinline struct job *job_create(u64 number)
{
	struct job *job = kmem_cache_zalloc(job_cache, GFP_KERNEL);

	if (job)
		job->number = number;
	return job;
}

/* Counts a job that is finished, and forgets to free it. */
static noinline int job_run(u64 number)
{
	struct job *job = job_create(number);

	if (!job)
		return -ENOMEM;
	finished += job->number > 0;
	return 0;
}

static int run(void)
{
	u64 number = 0;

	while (!job_run(++number))
		cond_resched();
	return -ENOMEM;
}

static const struct request requests[] = { { "run", run }, {} };

static int __init jobs_init(void)
{
	job_cache = kmem_cache_create("job", sizeof(struct job), 0, 0, NULL);
	return job_cache ? control_create() : -ENOMEM;
}
module_init(jobs_init);
MODULE_LICENSE("Dual MIT/GPL");
