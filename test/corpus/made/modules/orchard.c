// SPDX-License-Identifier: MIT OR GPL-2.0
/* Locks of files, entries of an xarray, work that waits for itself, memory that is nobody's, calls without an end. */
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include "control.h"

struct tree {
	u64 id;
	u32 age;
	u32 height;
	u64 apples;
	struct tree *grafted;
};

static struct kmem_cache *trees;
static DEFINE_MUTEX(shed_lock);
static DECLARE_RWSEM(fence_sem);
static DEFINE_SPINLOCK(press_lock);
static DEFINE_XARRAY(rows);
static RAW_NOTIFIER_HEAD(bells);
/* Counted after calls, so that the compiler does not end functions with a jump. */
static unsigned int felled, pruned, crates, carried;

static int start(int (*run)(void *), const char *name, int cpu)
{
	struct task_struct *task = kthread_create(run, NULL, "%s", name);

	if (IS_ERR(task))
		return PTR_ERR(task);
	if (cpu >= 0)
		kthread_bind(task, cpu);
	wake_up_process(task);
	return 0;
}

/* Has the file and wants the shed. */
static noinline void label_trees(struct inode *inode)
{
	inode_lock(inode);
	msleep(500);
	mutex_lock(&shed_lock);
	mutex_unlock(&shed_lock);
	inode_unlock(inode);
}

static int label_thread(void *unused)
{
	struct file *file = filp_open("/mnt/data/labels", O_RDWR | O_CREAT, 0600);

	if (IS_ERR(file))
		return PTR_ERR(file);
	label_trees(file_inode(file));
	return 0;
}

/* Has the shed and writes to the file. */
static noinline void count_trees(struct file *file)
{
	loff_t at = 0;

	mutex_lock(&shed_lock);
	msleep(500);
	kernel_write(file, "12 trees\n", 9, &at);
	mutex_unlock(&shed_lock);
}

static int count_thread(void *unused)
{
	struct file *file = filp_open("/mnt/data/labels", O_RDWR | O_CREAT, 0600);

	if (IS_ERR(file))
		return PTR_ERR(file);
	count_trees(file);
	return 0;
}

static int label(void)
{
	return start(label_thread, "orchard_label", -1) ?: start(count_thread, "orchard_count", -1);
}

/* Frees a tree that stands in its row still. */
static noinline void tree_fell(unsigned long row)
{
	kmem_cache_free(trees, xa_load(&rows, row));
	felled++;
}

static noinline u64 tree_pick(unsigned long row)
{
	struct tree *tree = xa_load(&rows, row);

	tree->grafted->apples--;
	return tree->apples;
}

static int fell(void)
{
	tree_fell(3);
	return tree_pick(3) == 0;
}

/* Ends its own work and waits until it has ended. */
static noinline void tree_prune(struct work_struct *work)
{
	cancel_work_sync(work);
	pruned++;
}

static DECLARE_WORK(prune_work, tree_prune);

static int prune(void)
{
	schedule_work(&prune_work);
	return 0;
}

/* Presses with interrupts off until somebody says that it is enough. */
static noinline void apples_press(u32 *pressed)
{
	unsigned long flags;

	spin_lock_irqsave(&press_lock, flags);
	while (READ_ONCE(*pressed) != U32_MAX)
		cpu_relax();
	spin_unlock_irqrestore(&press_lock, flags);
}

static int press_thread(void *unused)
{
	static u32 pressed;

	apples_press(&pressed);
	return 0;
}

static noinline void juice_pour(void)
{
	unsigned long flags;

	spin_lock_irqsave(&press_lock, flags);
	spin_unlock_irqrestore(&press_lock, flags);
}

static int pour_thread(void *unused)
{
	msleep(1000);
	juice_pour();
	return 0;
}

static int press(void)
{
	return start(pour_thread, "orchard_pour", 0) ?: start(press_thread, "orchard_press", 1);
}

/* Each crate is 4 MiB, and none is given back. */
static noinline void *crate_make(void)
{
	void *crate = vmalloc(4 << 20);

	crates++;
	return crate;
}

static int harvest(void)
{
	while (crate_make())
		;
	return -ENOMEM;
}

/* Gives the allocator memory that it did not give. */
static noinline void basket_drop(void *basket)
{
	kfree(basket);
	carried++;
}

static int carry(void)
{
	struct tree basket = { .apples = 4 };

	barrier_data(&basket);
	basket_drop(&basket.height);
	return 0;
}

/* Looks after the fence for ever, after it was mended. */
static noinline void fence_mend(void)
{
	down_write(&fence_sem);
	downgrade_write(&fence_sem);
	for (;;)
		msleep(1000);
	up_read(&fence_sem);
}

static int mend_thread(void *unused)
{
	fence_mend();
	return 0;
}

static noinline void fence_move(void)
{
	down_write(&fence_sem);
	up_write(&fence_sem);
}

static int mend(void)
{
	int error = start(mend_thread, "orchard_mend", -1);

	if (error)
		return error;
	msleep(500);
	fence_move();
	return 0;
}

/* Hears the bell and rings it. */
static noinline int bell_heard(struct notifier_block *block, unsigned long strokes, void *by)
{
	int heard = raw_notifier_call_chain(&bells, strokes + 1, by);

	return heard == NOTIFY_STOP ? NOTIFY_DONE : NOTIFY_OK;
}

static struct notifier_block bell = { .notifier_call = bell_heard };

static int ring(void)
{
	int error = raw_notifier_chain_register(&bells, &bell);

	return error ?: raw_notifier_call_chain(&bells, 1, NULL);
}

static const struct request requests[] = {
	{ "label", label }, { "fell", fell },   { "prune", prune }, { "press", press }, { "harvest", harvest },
	{ "carry", carry }, { "mend", mend },   { "ring", ring },   {},
};

static int __init orchard_init(void)
{
	unsigned long row;

	trees = kmem_cache_create("orchard_tree", sizeof(struct tree), 0, 0, NULL);
	if (!trees)
		return -ENOMEM;
	for (row = 1; row < 6; row++) {
		struct tree *tree = kmem_cache_zalloc(trees, GFP_KERNEL);

		if (!tree || xa_err(xa_store(&rows, row, tree, GFP_KERNEL)))
			return -ENOMEM;
		tree->id = row;
		tree->grafted = tree;
	}
	return control_create();
}
module_init(orchard_init);
MODULE_LICENSE("Dual MIT/GPL");
