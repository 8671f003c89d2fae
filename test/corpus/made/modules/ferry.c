// SPDX-License-Identifier: MIT OR GPL-2.0
/* Locks and files that are given back twice, lists without entries, sockets without callbacks, stacks that are left. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/in.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/net.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include "control.h"

struct captain {
	u64 license;
	u64 trips;
};

struct boat {
	u64 id;
	struct captain *captain;
	u64 tons;
	struct list_head link;
};

struct dock {
	u64 id;
	u64 berths;
	u64 depth;
	u64 fee;
	struct list_head boats;
	u64 fees[4];
};

struct tally {
	unsigned long calls;
	unsigned long total;
};

static struct kmem_cache *docks, *boats;
static struct dock *dock;
static struct boat *moored[3];
static DECLARE_RWSEM(tide_sem);
static DEFINE_PER_CPU(struct tally, tallies);
static struct completion *pilot_wait;
static struct socket *beacon;
static struct file *ledger_file;
/* Counted after calls, so that the compiler does not end functions with a jump. */
static unsigned int soundings, answered, closed;
static int tide;

static int start(int (*run)(void *), const char *name, int cpu)
{
	struct task_struct *task = kthread_create(run, NULL, "%s", name);

	if (IS_ERR(task))
		return PTR_ERR(task);
	kthread_bind(task, cpu);
	wake_up_process(task);
	return 0;
}

/* Gives the lock back once more when the tide is out. */
static noinline int tide_read(void)
{
	int now;

	down_read(&tide_sem);
	now = tide;
	up_read(&tide_sem);
	if (now == 0)
		up_read(&tide_sem);
	soundings++;
	return now;
}

static int sound(void)
{
	return tide_read();
}

static noinline void tide_set(int to)
{
	down_write(&tide_sem);
	tide = to;
	up_write(&tide_sem);
}

static int turn(void)
{
	tide_set(1);
	return 0;
}

static noinline void ledger_close(struct file *file)
{
	fput(file);
	closed++;
}

static noinline ssize_t ledger_read(struct file *file)
{
	loff_t at = 0;
	char line[32];
	ssize_t length = kernel_read(file, line, sizeof(line), &at);

	return length < 0 ? length : line[0];
}

/* Closes a file that is read once more. In a kernel thread the file is released by a work item, and freed by RCU. */
static int ledger_thread(void *unused)
{
	ledger_file = filp_open("/mnt/data/ledger", O_RDONLY, 0);
	if (IS_ERR(ledger_file))
		return PTR_ERR(ledger_file);
	ledger_close(ledger_file);
	flush_delayed_fput();
	rcu_barrier();
	return ledger_read(ledger_file) < 0;
}

static int settle(void)
{
	return start(ledger_thread, "ferry_ledger", 1);
}

static noinline u64 dock_depart(struct dock *from)
{
	struct boat *boat = list_first_entry(&from->boats, struct boat, link);

	boat->captain->trips++;
	return boat->tons;
}

/* The boats leave one after the other, and then one more. */
static int depart(void)
{
	u64 tons = 0;
	int i;

	for (i = 0; i <= ARRAY_SIZE(moored); i++) {
		tons += dock_depart(dock);
		if (i < ARRAY_SIZE(moored))
			list_del_init(&moored[i]->link);
	}
	return tons == 0;
}

/* Sleeps while it stands on the counters of a CPU. */
static noinline void tally_count(int wait)
{
	struct tally *tally = get_cpu_ptr(&tallies);

	tally->calls++;
	msleep(wait);
	tally->total += wait;
	put_cpu_ptr(&tallies);
}

static int count(void)
{
	tally_count(20);
	return 0;
}

static int beacon_open(struct socket **made, int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int error = sock_create_kern(&init_net, AF_INET, SOCK_DGRAM, IPPROTO_UDP, made);

	return error ?: kernel_bind(*made, (struct sockaddr *)&to, sizeof(to));
}

static noinline int beacon_flash(struct socket *from, int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct msghdr message = { .msg_name = &to, .msg_namelen = sizeof(to) };
	struct kvec words = { .iov_base = "fog", .iov_len = 3 };
	int sent = kernel_sendmsg(from, &message, &words, 1, words.iov_len);

	answered++;
	return sent < 0 ? sent : 0;
}

/* A socket loses what it calls when data comes. */
static int flash(void)
{
	struct socket *from;
	int error = beacon_open(&beacon, 9099) ?: beacon_open(&from, 9098);

	if (error)
		return error;
	beacon->sk->sk_data_ready = NULL;
	return beacon_flash(from, 9099);
}

/* Waits for an answer on its own stack, and not for long. */
static noinline int pilot_call(void)
{
	struct {
		u64 log[16];
		struct completion done;
		u64 notes[8];
	} call = {};

	barrier_data(&call);
	init_completion(&call.done);
	WRITE_ONCE(pilot_wait, &call.done);
	return wait_for_completion_timeout(&call.done, HZ / 10) ? 0 : -ETIMEDOUT;
}

/* What was there before is cleared. */
static noinline void charts_keep(void)
{
	u64 charts[96] = {};

	barrier_data(charts);
	for (;;) {
		msleep(1000);
		barrier_data(charts);
	}
}

static int pilot_thread(void *unused)
{
	pilot_call();
	charts_keep();
	return 0;
}

static noinline void pilot_answer(void)
{
	complete(pilot_wait);
	answered++;
}

/* The answer comes when nobody waits for it. */
static int hail(void)
{
	int error = start(pilot_thread, "ferry_pilot", 1);

	if (error)
		return error;
	msleep(600);
	pilot_answer();
	return 0;
}

static const struct request requests[] = {
	{ "sound", sound }, { "turn", turn },   { "settle", settle }, { "depart", depart },
	{ "count", count }, { "flash", flash }, { "hail", hail },     {},
};

static int __init ferry_init(void)
{
	int i;

	docks = kmem_cache_create("dock", sizeof(*dock), 0, 0, NULL);
	boats = kmem_cache_create("boat", sizeof(struct boat), 0, 0, NULL);
	dock = docks ? kmem_cache_zalloc(docks, GFP_KERNEL) : NULL;
	if (!dock || !boats)
		return -ENOMEM;
	INIT_LIST_HEAD(&dock->boats);
	dock->id = 1;
	dock->berths = 3;
	dock->depth = 12;
	for (i = 0; i < ARRAY_SIZE(moored); i++) {
		moored[i] = kmem_cache_zalloc(boats, GFP_KERNEL);
		if (!moored[i])
			return -ENOMEM;
		moored[i]->captain = kzalloc(sizeof(*moored[i]->captain), GFP_KERNEL);
		if (!moored[i]->captain)
			return -ENOMEM;
		moored[i]->tons = 40;
		list_add_tail(&moored[i]->link, &dock->boats);
	}
	return control_create();
}
module_init(ferry_init);
MODULE_LICENSE("Dual MIT/GPL");
