// SPDX-License-Identifier: MIT OR GPL-2.0
/* A plant that fails in callbacks, in interrupts, in checks, in copies and by its own alarm. */
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/workqueue.h>
#include "control.h"

struct gauge {
	u64 serial;
	u64 readings;
	long pressure;
};

struct valve {
	int id;
	int flow;
	const char *label;
	struct gauge *gauge;
	void (*actuate)(struct valve *valve);
	struct timer_list tick;
	struct work_struct inspection;
	refcount_t users;
};

struct tariff {
	long base, peak;
};

static struct kmem_cache *valve_cache, *note_cache;
static struct valve *intake, *relief;
static const struct tariff tariff = { 12, 31 };
static DEFINE_MUTEX(plant_lock);
static DEFINE_SPINLOCK(drain_lock);
static DECLARE_RWSEM(schedule_sem);
static struct hrtimer alarm;
static long total;

/* The gauge is taken away while the timer still runs. */
static void valve_tick(struct timer_list *timer)
{
	struct valve *valve = container_of(timer, struct valve, tick);

	valve->gauge->readings++;
}

static int tick(void)
{
	relief->gauge = NULL;
	mod_timer(&relief->tick, jiffies + 1);
	msleep(1000);
	return 0;
}

static void valve_inspect(struct work_struct *work)
{
	struct valve *valve = container_of(work, struct valve, inspection);

	total += valve->gauge->pressure;
}

static int inspect(void)
{
	relief->gauge = NULL;
	schedule_work(&relief->inspection);
	msleep(1000);
	return 0;
}

/* Both take the lock of the plant. */
static noinline void plant_record(long value)
{
	mutex_lock(&plant_lock);
	total += value;
	mutex_unlock(&plant_lock);
}

static noinline void plant_adjust(long value)
{
	mutex_lock(&plant_lock);
	plant_record(value);
	mutex_unlock(&plant_lock);
}

static int adjust(void)
{
	plant_adjust(7);
	return 0;
}

/* The label was written where the pointer to it belongs. */
static noinline size_t valve_describe(struct valve *valve)
{
	return strlen(valve->label) + valve->id;
}

static int describe(void)
{
	memcpy(&relief->label, "overflow", 8);
	return valve_describe(relief) ? 0 : -EINVAL;
}

/* Writes 96 bytes into a buffer of 24 on the stack. */
static noinline int valve_format(const struct valve *valve, int width)
{
	char text[24];

	memset(text, valve->flow, width);
	barrier_data(text);
	return text[3];
}

static int format(void)
{
	return valve_format(intake, intake->flow * 4) > 0 ? 0 : -EINVAL;
}

/* Raises a tariff that is constant. */
static noinline void tariff_raise(struct tariff *raised, long by)
{
	raised->peak = by;
}

static int raise(void)
{
	tariff_raise((struct tariff *)&tariff, 35);
	return 0;
}

/* Calls data. */
static noinline long valve_actuate(struct valve *valve)
{
	valve->actuate(valve);
	return valve->flow;
}

static int actuate(void)
{
	relief->actuate = (void *)intake;
	return valve_actuate(relief) < 0;
}

static noinline void plant_stop(const struct gauge *gauge)
{
	panic("valves: pressure %ld is out of range", gauge->pressure);
}

static int stop(void)
{
	intake->gauge->pressure = 130;
	plant_stop(intake->gauge);
	return 0;
}

static noinline void gauge_verify(struct gauge *gauge)
{
	WARN_ON(gauge->pressure > 100);
	gauge->readings++;
}

static int verify(void)
{
	intake->gauge->pressure = 117;
	gauge_verify(intake->gauge);
	return 0;
}

/* In an interrupt. */
static enum hrtimer_restart alarm_ring(struct hrtimer *timer)
{
	BUG_ON(intake->flow != 5);
	return HRTIMER_NORESTART;
}

static int ring(void)
{
	hrtimer_start(&alarm, ms_to_ktime(5), HRTIMER_MODE_REL_HARD);
	msleep(1000);
	return 0;
}

static __always_inline int share_of(int amount, int parts)
{
	return amount / parts;
}

static noinline int valve_share(struct valve *valve)
{
	return share_of(4800, valve->flow) + valve->id;
}

static int share(void)
{
	relief->flow = 0;
	total = valve_share(relief);
	return 0;
}

/* Sleeps with a spinlock. */
static noinline void valve_drain(struct valve *valve)
{
	spin_lock(&drain_lock);
	msleep(valve->flow);
	spin_unlock(&drain_lock);
}

static int drain(void)
{
	valve_drain(intake);
	return 0;
}

/* Gives more than there is: the note has 64 bytes. */
static noinline int note_read(void __user *to, const char *note, size_t length)
{
	return copy_to_user(to, note, length) ? -EFAULT : 0;
}

static int note(void)
{
	char *text = kmem_cache_zalloc(note_cache, GFP_KERNEL);

	if (!text)
		return -ENOMEM;
	return note_read((void __user *)current->mm->start_stack, text, intake->flow * 50);
}

/* The drain waits for whoever plans, who waits for a delivery that never comes. */
static int plan_thread(void *data)
{
	down_write(&schedule_sem);
	for (;;)
		schedule_timeout_idle(HZ * 1000);
	return 0;
}

static noinline long plan_read(void)
{
	long now;

	down_read(&schedule_sem);
	now = total;
	up_read(&schedule_sem);
	return now;
}

static int plan(void)
{
	struct task_struct *planner = kthread_run(plan_thread, NULL, "valve_planner");

	if (IS_ERR(planner))
		return PTR_ERR(planner);
	msleep(200);
	return plan_read() < 0;
}

/* Takes a reference of an object whose last one is gone. */
static noinline void valve_open(struct valve *valve)
{
	refcount_inc(&valve->users);
}

static int open(void)
{
	refcount_set(&relief->users, 0);
	valve_open(relief);
	return 0;
}

/* Jumps from one function to the next without coming back. */
static noinline int gauge_reset(struct gauge *gauge, int by)
{
	gauge->serial = by;
	return by;
}

static noinline int valve_reset(struct valve *valve)
{
	return gauge_reset(valve->gauge, valve->id);
}

static int reset(void)
{
	relief->gauge = NULL;
	return valve_reset(relief) < 0;
}

static const struct request requests[] = {
	{ "tick", tick },     { "inspect", inspect }, { "adjust", adjust },   { "describe", describe },
	{ "format", format }, { "raise", raise },     { "actuate", actuate }, { "stop", stop },
	{ "verify", verify }, { "ring", ring },	      { "share", share },     { "drain", drain },
	{ "note", note },     { "plan", plan },	      { "open", open },	      { "reset", reset },
	{},
};

static void valve_turn(struct valve *valve)
{
	valve->flow++;
}

static struct valve *valve_create(int id)
{
	struct valve *valve = kmem_cache_zalloc(valve_cache, GFP_KERNEL);

	if (!valve)
		return NULL;
	valve->gauge = kzalloc(sizeof(*valve->gauge), GFP_KERNEL);
	if (!valve->gauge)
		return NULL;
	valve->id = id;
	valve->flow = 24;
	valve->label = "valve";
	valve->actuate = valve_turn;
	timer_setup(&valve->tick, valve_tick, 0);
	INIT_WORK(&valve->inspection, valve_inspect);
	refcount_set(&valve->users, 1);
	return valve;
}

static int __init valves_init(void)
{
	valve_cache = kmem_cache_create("valve", sizeof(struct valve), 0, 0, NULL);
	note_cache = kmem_cache_create("valve_note", 64, 0, 0, NULL);
	if (!valve_cache || !note_cache)
		return -ENOMEM;
	intake = valve_create(1);
	relief = valve_create(2);
	if (!intake || !relief)
		return -ENOMEM;
	hrtimer_init(&alarm, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	alarm.function = alarm_ring;
	return control_create();
}
module_init(valves_init);
MODULE_LICENSE("Dual MIT/GPL");
