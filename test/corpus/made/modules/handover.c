// SPDX-License-Identifier: MIT OR GPL-2.0
/* Damaged, freed and wrongly typed objects that are handed to the kernel: what faults is the kernel's own code. */
#include <linux/bio.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include "control.h"

struct session {
	u64 id;
	struct timer_list idle;
	struct work_struct report;
	wait_queue_entry_t wait;
	struct hrtimer pace;
	struct task_struct *reader;
	struct mutex lock;
	struct rb_node node;
	u64 bytes;
};

static struct session *sessions[16];
static struct rb_root by_bytes = RB_ROOT;
static DECLARE_WAIT_QUEUE_HEAD(departures);

static noinline struct session *session_open(u64 id)
{
	struct session *session = kzalloc(sizeof(*session), GFP_KERNEL);

	if (session)
		session->id = id;
	return session;
}

static noinline void session_close(struct session *session)
{
	kfree(session);
}

static void session_idle(struct timer_list *timer)
{
}

static void session_report(struct work_struct *work)
{
}

/* Closes a session whose timer runs. */
static int leave(void)
{
	struct session *session = sessions[1];

	timer_setup(&session->idle, session_idle, TIMER_PINNED);
	mod_timer(&session->idle, jiffies + HZ / 2);
	session_close(session);
	return 0;
}

/* Closes a session whose work is queued. */
static int report(void)
{
	struct session *session = sessions[2];

	INIT_WORK(&session->report, session_report);
	preempt_disable();
	schedule_work(&session->report);
	session_close(session);
	preempt_enable();
	return 0;
}

/* Closes a session that waits in a queue. */
static int depart(void)
{
	struct session *session = sessions[3];

	init_wait(&session->wait);
	add_wait_queue(&departures, &session->wait);
	session_close(session);
	wake_up(&departures);
	return 0;
}

static noinline void session_notify(struct session *session)
{
	wake_up_process(session->reader);
	session->bytes++;
}

/* Nobody reads this session. */
static int notify(void)
{
	session_notify(sessions[4]);
	return 0;
}

static enum hrtimer_restart session_tick(struct hrtimer *timer)
{
	return HRTIMER_NORESTART;
}

static noinline void session_pace(struct session *session)
{
	session->pace.function = session_tick;
	hrtimer_start(&session->pace, ms_to_ktime(10), HRTIMER_MODE_REL);
}

/* Starts a timer of which only the function was set. */
static int pace(void)
{
	session_pace(sessions[5]);
	return 0;
}

static noinline struct session *session_find(u64 id)
{
	return id < ARRAY_SIZE(sessions) ? sessions[id] : ERR_PTR(-ENOENT);
}

static noinline void session_rewind(u64 id)
{
	struct session *session = session_find(id);

	mutex_lock(&session->lock);
	session->bytes = 0;
	mutex_unlock(&session->lock);
}

static int rewind(void)
{
	session_rewind(99);
	return 0;
}

static void session_sort(struct session *session)
{
	struct rb_node **at = &by_bytes.rb_node, *parent = NULL;

	while (*at) {
		parent = *at;
		at = session->bytes < rb_entry(parent, struct session, node)->bytes ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&session->node, parent, at);
	rb_insert_color(&session->node, &by_bytes);
}

static noinline void session_unsort(struct session *session)
{
	rb_erase(&session->node, &by_bytes);
}

/* One bit of a tree's link is wrong. */
static int unsort(void)
{
	struct session *root;
	int i;

	for (i = 0; i < ARRAY_SIZE(sessions); i++) {
		sessions[i]->bytes = i * 100;
		session_sort(sessions[i]);
	}
	root = rb_entry(by_bytes.rb_node, struct session, node);
	root->node.rb_right = (void *)((unsigned long)root->node.rb_right ^ (1UL << 42));
	session_unsort(root);
	return 0;
}

/* Reads from no device. */
static noinline int session_load(struct page *page)
{
	struct bio *bio = bio_alloc(NULL, 1, REQ_OP_READ, GFP_KERNEL);

	bio->bi_iter.bi_sector = 2048;
	__bio_add_page(bio, page, PAGE_SIZE, 0);
	submit_bio(bio);
	return 0;
}

static int load(void)
{
	return session_load(alloc_page(GFP_KERNEL));
}

/* Sends to no device. */
static noinline int session_send(void)
{
	struct sk_buff *skb = alloc_skb(256, GFP_KERNEL);

	if (!skb)
		return -ENOMEM;
	skb_reserve(skb, 64);
	skb_put_zero(skb, 100);
	skb_reset_network_header(skb);
	return dev_queue_xmit(skb);
}

/* Puts its own object where a file system keeps its private data. */
static noinline int session_attach(void)
{
	struct file *file = filp_open("/mnt/data", O_RDONLY | O_DIRECTORY, 0);

	if (IS_ERR(file))
		return PTR_ERR(file);
	file_inode(file)->i_sb->s_fs_info = sessions[6];
	return 0;
}

static const struct request requests[] = {
	{ "leave", leave },   { "report", report }, { "depart", depart }, { "notify", notify },
	{ "pace", pace },     { "rewind", rewind }, { "unsort", unsort }, { "load", load },
	{ "send", session_send }, { "attach", session_attach }, {},
};

static int __init handover_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(sessions); i++) {
		sessions[i] = session_open(i);
		if (!sessions[i])
			return -ENOMEM;
	}
	return control_create();
}
module_init(handover_init);
MODULE_LICENSE("Dual MIT/GPL");
