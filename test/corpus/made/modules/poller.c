// SPDX-License-Identifier: MIT OR GPL-2.0
/* CPUs that do not get on: a loop with interrupts off, a lock that stays taken, a reader of RCU that stays. */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include "control.h"

struct channel {
	spinlock_t lock;
	int ready;
	int errors;
	unsigned long polls;
};

static struct channel uplink = { .lock = __SPIN_LOCK_UNLOCKED(uplink.lock) };

static noinline void channel_poll(struct channel *channel)
{
	while (!READ_ONCE(channel->ready)) {
		channel->polls++;
		cpu_relax();
	}
}

static noinline void channel_drain(struct channel *channel)
{
	unsigned long flags;

	spin_lock_irqsave(&channel->lock, flags);
	channel_poll(channel);
	spin_unlock_irqrestore(&channel->lock, flags);
}

static noinline void channel_scan(struct channel *channel)
{
	rcu_read_lock();
	channel_poll(channel);
	rcu_read_unlock();
}

/* Leaves the lock taken when it reports an error. */
static noinline int channel_configure(struct channel *channel, int rate)
{
	spin_lock(&channel->lock);
	if (rate <= 0) {
		channel->errors++;
		return -EINVAL;
	}
	channel->ready = 1;
	spin_unlock(&channel->lock);
	return 0;
}

static noinline void channel_account(struct channel *channel)
{
	spin_lock(&channel->lock);
	channel->polls++;
	spin_unlock(&channel->lock);
}

static int drain_thread(void *channel)
{
	channel_drain(channel);
	return 0;
}

static int scan_thread(void *channel)
{
	channel_scan(channel);
	return 0;
}

/* Polls before everything else on its CPU. */
static int urgent_thread(void *channel)
{
	sched_set_fifo(current);
	channel_poll(channel);
	return 0;
}

static int account_thread(void *channel)
{
	for (;;) {
		channel_account(channel);
		msleep(20);
	}
	return 0;
}

static int update_thread(void *unused)
{
	for (;;)
		synchronize_rcu();
	return 0;
}

static int start(int (*run)(void *), const char *name, int cpu)
{
	struct task_struct *task = kthread_create(run, &uplink, "%s", name);

	if (IS_ERR(task))
		return PTR_ERR(task);
	kthread_bind(task, cpu);
	wake_up_process(task);
	return 0;
}

static int drain(void)
{
	return start(drain_thread, "chan_drain", 1);
}

static int scan(void)
{
	return start(scan_thread, "chan_scan", 1);
}

static int hurry(void)
{
	return start(urgent_thread, "chan_urgent", 1);
}

static int update(void)
{
	return start(update_thread, "chan_update", 0);
}

static int configure(void)
{
	int error = channel_configure(&uplink, 0);

	/* As a driver does whose lock is taken in an atomic section that has ended. */
	preempt_enable();
	return error ? start(account_thread, "chan_account", 1) : 0;
}

static const struct request requests[] = {
	{ "drain", drain }, { "scan", scan }, { "hurry", hurry }, { "update", update }, { "configure", configure }, {},
};

static int __init poller_init(void)
{
	return control_create();
}
module_init(poller_init);
MODULE_LICENSE("Dual MIT/GPL");
