// SPDX-License-Identifier: MIT OR GPL-2.0
/* Pointers that are no pointers here: per-CPU offsets, freed areas, memory of no process; and CPUs that wait for themselves. */
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>
#include <net/net_namespace.h>
#include "control.h"

struct berth {
	u64 id;
	u64 calls;
	long slot;
	u32 __percpu *counts;
	u32 *ledger;
	u32 *slots;
};

static struct kmem_cache *berths;
static struct berth *berth;

static noinline u32 berth_count(struct berth *one)
{
	return *(u32 __force *)one->counts + one->calls;
}

/* Reads a per-CPU counter without this_cpu_ptr(). */
static int count(void)
{
	berth->counts = alloc_percpu(u32);
	return berth->counts ? berth_count(berth) : -ENOMEM;
}

static noinline u32 berth_audit(struct berth *one)
{
	return one->ledger[1] + one->calls;
}

/* Reads a ledger that was freed. */
static int audit(void)
{
	berth->ledger = vzalloc(3 * PAGE_SIZE);
	if (!berth->ledger)
		return -ENOMEM;
	vfree(berth->ledger);
	return berth_audit(berth);
}

static noinline u32 berth_slot(struct berth *one)
{
	return one->slots[one->slot];
}

/* Takes a slot far behind the end of the table. */
static int slot(void)
{
	berth->slots = kcalloc(16, sizeof(u32), GFP_KERNEL);
	if (!berth->slots)
		return -ENOMEM;
	berth->slot = 0x4000000000;
	return berth_slot(berth);
}

static noinline void crew_measure(struct berth *one)
{
	down_read(&current->mm->mmap_lock);
	one->calls += current->mm->total_vm;
	up_read(&current->mm->mmap_lock);
}

static int crew(void *data)
{
	crew_measure(data);
	return 0;
}

/* A kernel thread measures the memory of its process: it has none. */
static int measure(void)
{
	return PTR_ERR_OR_ZERO(kthread_run(crew, berth, "harbour_crew"));
}

static unsigned int berth_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct berth *one = priv;

	one->slots[0]++;
	return NF_ACCEPT;
}

static struct nf_hook_ops hook = { .hook = berth_hook, .pf = NFPROTO_IPV4, .hooknum = NF_INET_LOCAL_OUT };

static noinline void berth_leave(struct berth *one)
{
	kmem_cache_free(berths, one);
}

/* Frees a berth that packets are still counted for. */
static int leave(void)
{
	hook.priv = berth;
	if (nf_register_net_hook(&init_net, &hook))
		return -EIO;
	berth_leave(berth);
	return 0;
}

static DEFINE_SPINLOCK(quay_lock);
static DEFINE_SPINLOCK(crane_lock);
static int moves;

static noinline void crane_move(int by)
{
	spin_lock(&crane_lock);
	moves += by;
	spin_unlock(&crane_lock);
}

static noinline void crane_swing(void)
{
	spin_lock(&crane_lock);
	moves++;
	crane_move(2);
	spin_unlock(&crane_lock);
}

static int swing_thread(void *unused)
{
	for (;;) {
		crane_swing();
		msleep(10);
	}
	return 0;
}

static int start(int (*run)(void *), const char *name, int cpu)
{
	struct task_struct *task = kthread_create(run, NULL, "%s", name);

	if (IS_ERR(task))
		return PTR_ERR(task);
	kthread_bind(task, cpu);
	wake_up_process(task);
	return 0;
}

/* A function takes a lock that its caller holds. */
static int swing(void)
{
	return start(swing_thread, "harbour_swing", 1);
}

static noinline void quay_load(void)
{
	spin_lock(&quay_lock);
	mdelay(300);
	spin_lock(&crane_lock);
	moves++;
	spin_unlock(&crane_lock);
	spin_unlock(&quay_lock);
}

static noinline void quay_unload(void)
{
	spin_lock(&crane_lock);
	mdelay(300);
	spin_lock(&quay_lock);
	moves--;
	spin_unlock(&quay_lock);
	spin_unlock(&crane_lock);
}

static int load_thread(void *unused)
{
	quay_load();
	return 0;
}

static int unload_thread(void *unused)
{
	quay_unload();
	return 0;
}

/* Two CPUs take two locks in different order. */
static int cross(void)
{
	return start(load_thread, "harbour_load", 0) ?: start(unload_thread, "harbour_unload", 1);
}

static void quay_tick(struct timer_list *timer)
{
	spin_lock(&quay_lock);
	moves++;
	spin_unlock(&quay_lock);
	mod_timer(timer, jiffies + 1);
}
static DEFINE_TIMER(quay_timer, quay_tick);

static noinline void quay_survey(void)
{
	spin_lock(&quay_lock);
	mdelay(50);
	moves++;
	spin_unlock(&quay_lock);
}

static int survey_thread(void *unused)
{
	quay_timer.expires = jiffies + 1;
	add_timer_on(&quay_timer, 1);
	for (;;) {
		quay_survey();
		msleep(10);
	}
	return 0;
}

/* A timer takes the lock that the task which it interrupts holds. */
static int survey(void)
{
	return start(survey_thread, "harbour_survey", 1);
}

static const struct request requests[] = {
	{ "count", count },   { "audit", audit }, { "slot", slot },   { "measure", measure }, { "leave", leave },
	{ "swing", swing },   { "cross", cross }, { "survey", survey }, {},
};

static int __init harbour_init(void)
{
	berths = kmem_cache_create("berth", sizeof(*berth), 0, 0, NULL);
	berth = berths ? kmem_cache_zalloc(berths, GFP_KERNEL) : NULL;
	return berth ? control_create() : -ENOMEM;
}
module_init(harbour_init);
MODULE_LICENSE("Dual MIT/GPL");
