// SPDX-License-Identifier: MIT OR GPL-2.0
/* Tasks that wait for each other through a work item, a grace period, the end of a thread. */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>
#include "control.h"

static DEFINE_MUTEX(stone_lock);
static DEFINE_MUTEX(sieve_lock);
static int sacks;

static noinline void stone_turn(struct work_struct *work)
{
	msleep(200);
	mutex_lock(&stone_lock);
	sacks++;
	mutex_unlock(&stone_lock);
}
static DECLARE_WORK(turn_work, stone_turn);

/* Waits for work that waits for the lock which is held here. */
static noinline int stone_stop(void)
{
	mutex_lock(&stone_lock);
	schedule_work(&turn_work);
	cancel_work_sync(&turn_work);
	msleep(50);
	schedule_work(&turn_work);
	msleep(50);
	cancel_work_sync(&turn_work);
	mutex_unlock(&stone_lock);
	return 0;
}

static noinline void sieve_read(void)
{
	rcu_read_lock();
	mdelay(200);
	mutex_lock(&sieve_lock);
	sacks++;
	mutex_unlock(&sieve_lock);
	rcu_read_unlock();
}

static int read_thread(void *unused)
{
	sieve_read();
	return 0;
}

/* Waits for readers of RCU, one of which waits for the lock that is held here. */
static noinline int sieve_change(void)
{
	struct task_struct *task;

	mutex_lock(&sieve_lock);
	task = kthread_run(read_thread, NULL, "mill_reader");
	if (IS_ERR(task)) {
		mutex_unlock(&sieve_lock);
		return PTR_ERR(task);
	}
	msleep(50);
	synchronize_rcu();
	mutex_unlock(&sieve_lock);
	return 0;
}

static noinline void grain_grind(void)
{
	mutex_lock(&stone_lock);
	sacks++;
	mutex_unlock(&stone_lock);
}

static int grind_thread(void *unused)
{
	while (!kthread_should_stop()) {
		msleep(100);
		grain_grind();
	}
	return 0;
}

/* Waits for the end of a thread that waits for the lock which is held here. */
static noinline int grain_stop(void)
{
	struct task_struct *task = kthread_run(grind_thread, NULL, "mill_grinder");

	if (IS_ERR(task))
		return PTR_ERR(task);
	mutex_lock(&stone_lock);
	msleep(300);
	kthread_stop(task);
	mutex_unlock(&stone_lock);
	return 0;
}

static const struct request requests[] = {
	{ "stop", stone_stop }, { "change", sieve_change }, { "end", grain_stop }, {},
};

static int __init mill_init(void)
{
	return control_create();
}
module_init(mill_init);
MODULE_LICENSE("Dual MIT/GPL");
