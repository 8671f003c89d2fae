// SPDX-License-Identifier: MIT OR GPL-2.0
/* Packets, files, attributes and callbacks that are damaged before the kernel uses them. */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kobject.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/namei.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/timer.h>
#include "control.h"

struct carrier {
	struct kobj_attribute load;
	u64 id;
	char label[72];
};

struct route {
	u64 id;
	char note[16];
	struct timer_list due;
	struct list_head parcels;
	struct list_head link;
};

struct parcel {
	struct rcu_head rcu;
	u64 weight;
	struct list_head link;
};

static struct kmem_cache *carriers;
static struct carrier *carrier;
static struct route *route;
static struct parcel *expired;
struct dentry *sealed;
struct inode *archived;
static LIST_HEAD(routes);
static unsigned int lengths[] = { 24, 40, 512 };
static int rounds = 2000;

static void parcel_expire(struct rcu_head *rcu)
{
	if (rounds-- > 0)
		call_rcu(rcu, parcel_expire);
}

/* The callback runs for a few seconds: the module does not wait for it when it leaves. */
static int retire(void)
{
	expired = kzalloc(sizeof(*expired), GFP_KERNEL);
	if (!expired)
		return -ENOMEM;
	call_rcu(&expired->rcu, parcel_expire);
	return 0;
}

static ssize_t carrier_show(struct kobject *kobj, struct kobj_attribute *attribute, char *to)
{
	return sysfs_emit(to, "%llu\n", container_of(attribute, struct carrier, load)->id);
}

static noinline void carrier_dismiss(struct carrier *one)
{
	kmem_cache_free(carriers, one);
}

/* Frees an attribute that is still in sysfs. */
static int dismiss(void)
{
	struct kobject *yard = kobject_create_and_add("yard", kernel_kobj);

	carriers = kmem_cache_create("carrier", sizeof(*carrier), 0, 0, NULL);
	carrier = carriers ? kmem_cache_zalloc(carriers, GFP_KERNEL) : NULL;
	if (!yard || !carrier)
		return -ENOMEM;
	sysfs_attr_init(&carrier->load.attr);
	carrier->load.attr.name = "load";
	carrier->load.attr.mode = 0444;
	carrier->load.show = carrier_show;
	if (sysfs_create_file(yard, &carrier->load.attr))
		return -EIO;
	carrier_dismiss(carrier);
	return 0;
}

void *packed;

static noinline void parcel_pack(struct sk_buff *skb, unsigned int length)
{
	packed = skb_put(skb, length);
}

/* The third parcel is larger than its packet. */
static int pack(void)
{
	struct sk_buff *skb = alloc_skb(128, GFP_KERNEL);
	int i;

	if (!skb)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(lengths); i++)
		parcel_pack(skb, lengths[i]);
	return 0;
}

static const struct dentry_operations *seal_find(int kind)
{
	return kind == 1 ? &simple_dentry_operations : ERR_PTR(-ENODEV);
}

/* Gives a name the operations that were not found. */
static noinline int courier_seal(void)
{
	struct path path;
	int error = kern_path("/mnt/data/lost+found", 0, &path);

	if (error)
		return error;
	sealed = path.dentry;
	sealed->d_op = seal_find(2);
	sealed->d_flags |= DCACHE_OP_DELETE;
	path_put(&path);
	return 0;
}

/* Takes the page cache of a file away. */
static noinline int courier_archive(void)
{
	struct path path;
	int error = kern_path("/mnt/data/letter", 0, &path);

	if (error)
		return error;
	archived = d_inode(path.dentry);
	archived->i_mapping = NULL;
	path_put(&path);
	return 0;
}

static void route_due(struct timer_list *timer)
{
}

static noinline void route_note(char *to, const char *from, size_t length)
{
	while (length--)
		*to++ = *from++;
}

static noinline void route_cancel(struct route *one)
{
	del_timer(&one->due);
}

/* 16 bytes of the note, 8 of the timer's link. */
static const char note[] = "by the old bridgrerouted";

/* A note is longer than its place, and ends in the timer behind it. */
static int reroute(void)
{
	timer_setup(&route->due, route_due, TIMER_PINNED);
	mod_timer(&route->due, jiffies + 1000 * HZ);
	route_note(route->note, note, sizeof(note) - 1);
	route_cancel(route);
	return 0;
}

static u64 total;

static noinline void route_weigh(struct route *one)
{
	struct parcel *parcel;

	list_for_each_entry(parcel, &one->parcels, link) {
		total += parcel->weight;
		if (parcel->weight > 100)
			list_del(&parcel->link);
	}
}

/* The walk of the inner list removes the entry that it stands on. */
static int weigh(void)
{
	struct route *one;
	int i;

	list_add(&route->link, &routes);
	for (i = 0; i < 3; i++) {
		struct parcel *parcel = kzalloc(sizeof(*parcel), GFP_KERNEL);

		if (!parcel)
			return -ENOMEM;
		parcel->weight = 80 * i;
		list_add_tail(&parcel->link, &route->parcels);
		if (i == 2)
			expired = parcel;
	}
	list_for_each_entry(one, &routes, link)
		route_weigh(one);
	return 0;
}

static int rider(void *data)
{
	while (!kthread_should_stop())
		schedule_timeout_interruptible(HZ / 4);
	return 0;
}

/* Loses the saved stack pointer of a thread that sleeps. */
static int stray(void)
{
	struct task_struct *task = kthread_create(rider, NULL, "courier_rider");

	if (IS_ERR(task))
		return PTR_ERR(task);
	kthread_bind(task, 1);
	wake_up_process(task);
	schedule_timeout_uninterruptible(HZ / 10);
	task->thread.sp = 0x70;
	return 0;
}

static const struct request requests[] = {
	{ "retire", retire },   { "dismiss", dismiss }, { "pack", pack },   { "seal", courier_seal },
	{ "archive", courier_archive }, { "reroute", reroute }, { "weigh", weigh }, { "stray", stray },
	{},
};

static int __init courier_init(void)
{
	route = kzalloc(sizeof(*route), GFP_KERNEL);
	if (!route)
		return -ENOMEM;
	INIT_LIST_HEAD(&route->parcels);
	return control_create();
}

static void __exit courier_exit(void)
{
	remove_proc_entry(KBUILD_MODNAME, NULL);
}
module_init(courier_init);
module_exit(courier_exit);
MODULE_LICENSE("Dual MIT/GPL");
