// SPDX-License-Identifier: MIT OR GPL-2.0
/* Waits without an owner, locks that are taken twice for reading, threads that nobody can stop, loops over a word. */
#include <linux/bit_spinlock.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/semaphore.h>
#include <linux/seqlock.h>
#include <linux/srcu.h>
#include "control.h"

static struct semaphore ladle, mould;
static DEFINE_MUTEX(hearth_lock);
static DECLARE_COMPLETION(smelted);
static DECLARE_RWSEM(yard_sem);
DEFINE_STATIC_SRCU(sparks);
static seqcount_t weight = SEQCNT_ZERO(weight);
static unsigned long slots;
static u64 grams, kilos;
static int casts;

struct pour {
	const char *name;
	struct semaphore *first, *second;
};

static struct pour inwards = { "foundry_inwards", &ladle, &mould };
static struct pour outwards = { "foundry_outward", &mould, &ladle };

static int start(int (*run)(void *), void *data, const char *name, int cpu)
{
	struct task_struct *task = kthread_create(run, data, "%s", name);

	if (IS_ERR(task))
		return PTR_ERR(task);
	if (cpu >= 0)
		kthread_bind(task, cpu);
	wake_up_process(task);
	return 0;
}

static noinline void metal_pour(struct pour *pour)
{
	down(pour->first);
	msleep(400);
	down(pour->second);
	casts++;
	up(pour->second);
	up(pour->first);
}

static int pour_thread(void *pour)
{
	metal_pour(pour);
	return 0;
}

/* Two threads take two semaphores in opposite order. */
static int cross(void)
{
	return start(pour_thread, &inwards, inwards.name, -1) ?: start(pour_thread, &outwards, outwards.name, -1);
}

/* Has the hearth and waits until the ore is smelted. */
static noinline void hearth_use(void)
{
	mutex_lock(&hearth_lock);
	wait_for_completion(&smelted);
	mutex_unlock(&hearth_lock);
}

static int use_thread(void *unused)
{
	hearth_use();
	return 0;
}

/* Smelts the ore once it has the hearth. */
static noinline void ore_smelt(void)
{
	msleep(300);
	mutex_lock(&hearth_lock);
	complete(&smelted);
	mutex_unlock(&hearth_lock);
}

static int smelt_thread(void *unused)
{
	ore_smelt();
	return 0;
}

static int smelt(void)
{
	return start(use_thread, NULL, "foundry_user", -1) ?: start(smelt_thread, NULL, "foundry_smelter", -1);
}

/* Never looks whether it should stop. */
static int bellows_thread(void *unused)
{
	for (;;)
		schedule_timeout_idle(HZ);
	return 0;
}

static noinline int bellows_stop(void)
{
	struct task_struct *task = kthread_run(bellows_thread, NULL, "foundry_bellows");

	if (IS_ERR(task))
		return PTR_ERR(task);
	msleep(100);
	kthread_stop(task);
	casts++;
	return 0;
}

static noinline void yard_count(void)
{
	down_read(&yard_sem);
	casts++;
	up_read(&yard_sem);
}

/* Reads the yard while it reads the yard. */
static noinline void yard_survey(void)
{
	down_read(&yard_sem);
	msleep(800);
	yard_count();
	up_read(&yard_sem);
}

static int survey_thread(void *unused)
{
	yard_survey();
	return 0;
}

static noinline void yard_clear(void)
{
	msleep(300);
	down_write(&yard_sem);
	casts = 0;
	up_write(&yard_sem);
}

static int clear_thread(void *unused)
{
	yard_clear();
	return 0;
}

static int survey(void)
{
	return start(survey_thread, NULL, "foundry_survey", -1) ?: start(clear_thread, NULL, "foundry_clear", -1);
}

/* Waits for the end of all readers, of which it is one. */
static noinline void sparks_watch(void)
{
	int index = srcu_read_lock(&sparks);

	synchronize_srcu(&sparks);
	srcu_read_unlock(&sparks, index);
}

static int watch_thread(void *unused)
{
	sparks_watch();
	return 0;
}

static int watch(void)
{
	return start(watch_thread, NULL, "foundry_watch", -1);
}

/* Does not end its section of writing when there is nothing to weigh. */
static noinline int scale_set(u64 to)
{
	write_seqcount_begin(&weight);
	if (to == 0)
		return -EINVAL;
	grams = to;
	kilos = to / 1000;
	write_seqcount_end(&weight);
	return 0;
}

static noinline u64 scale_read(void)
{
	unsigned int seq;
	u64 both;

	do {
		seq = read_seqcount_begin(&weight);
		both = grams + kilos;
	} while (read_seqcount_retry(&weight, seq));
	return both;
}

static int weigh_thread(void *unused)
{
	return scale_read() == 1;
}

static int weigh(void)
{
	scale_set(0);
	return start(weigh_thread, NULL, "foundry_weigh", 1);
}

static noinline void slot_fill(int slot)
{
	bit_spin_lock(slot, &slots);
	casts++;
	bit_spin_unlock(slot, &slots);
}

/* Takes a lock of one bit that it has. */
static noinline void slot_swap(int slot)
{
	bit_spin_lock(slot, &slots);
	slot_fill(slot);
	bit_spin_unlock(slot, &slots);
}

static int swap_thread(void *unused)
{
	slot_swap(3);
	return 0;
}

static int swap_slots(void)
{
	return start(swap_thread, NULL, "foundry_swap", 1);
}

static const struct request requests[] = {
	{ "cross", cross }, { "smelt", smelt }, { "stop", bellows_stop }, { "survey", survey },
	{ "watch", watch }, { "weigh", weigh }, { "swap", swap_slots },	  {},
};

static int __init foundry_init(void)
{
	sema_init(&ladle, 1);
	sema_init(&mould, 1);
	return control_create();
}
module_init(foundry_init);
MODULE_LICENSE("Dual MIT/GPL");
