// SPDX-License-Identifier: MIT OR GPL-2.0
/* Locks that are never released, or whose release was lost. */
#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/percpu-rwsem.h>
#include <linux/semaphore.h>
#include "control.h"

DEFINE_STATIC_PERCPU_RWSEM(shaft_sem);
static struct semaphore hoists;
static struct mutex cage_lock;
static struct page *map_page;
static int stones, missing = 1;

/* Leaves the shaft locked for reading when something is missing. */
static noinline int shaft_descend(void)
{
	percpu_down_read(&shaft_sem);
	if (missing)
		return 0;
	percpu_up_read(&shaft_sem);
	return 0;
}

static noinline int shaft_blast(void)
{
	percpu_down_write(&shaft_sem);
	stones++;
	percpu_up_write(&shaft_sem);
	return 0;
}

/* Keeps a hoist when something is missing. */
static noinline int hoist_take(void)
{
	down(&hoists);
	if (missing)
		return 0;
	up(&hoists);
	return 0;
}

/* Leaves the page of a file locked. */
static noinline int map_open(void)
{
	struct file *file = filp_open("/mnt/data/map", O_RDWR, 0);

	if (IS_ERR(file))
		return PTR_ERR(file);
	map_page = read_mapping_page(file->f_mapping, 0, file);
	if (IS_ERR(map_page))
		return PTR_ERR(map_page);
	lock_page(map_page);
	return 0;
}

static noinline int map_read(void)
{
	lock_page(map_page);
	stones++;
	unlock_page(map_page);
	return 0;
}

/* Leaves the cage locked when something is missing. */
static noinline int cage_enter(void)
{
	mutex_lock(&cage_lock);
	if (missing)
		return 0;
	mutex_unlock(&cage_lock);
	return 0;
}

/* Makes the cage free as if it were new, and wakes nobody. */
static noinline int cage_reset(void)
{
	atomic_long_set(&cage_lock.owner, 0);
	return 0;
}

static const struct request requests[] = {
	{ "descend", shaft_descend }, { "blast", shaft_blast }, { "hoist", hoist_take },
	{ "open", map_open },	      { "read", map_read },	{ "enter", cage_enter },
	{ "reset", cage_reset },      {},
};

static int __init quarry_init(void)
{
	sema_init(&hoists, 1);
	mutex_init(&cage_lock);
	return control_create();
}
module_init(quarry_init);
MODULE_LICENSE("Dual MIT/GPL");
