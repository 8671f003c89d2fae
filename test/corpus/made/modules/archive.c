// SPDX-License-Identifier: MIT OR GPL-2.0
/* Memory that is taken once, in three ways, and kept. */
#include <linux/gfp.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "control.h"

#define FOLDERS 300

static void *folders[FOLDERS];
static struct page *cover;
static void *catalogue;

static noinline int folders_alloc(void)
{
	int i;

	for (i = 0; i < FOLDERS; i++) {
		folders[i] = kzalloc(700, GFP_KERNEL);
		if (!folders[i])
			return -ENOMEM;
	}
	return 0;
}

static int fill(void)
{
	if (folders_alloc())
		return -ENOMEM;
	cover = alloc_pages(GFP_KERNEL, 3);
	catalogue = vmalloc(200 * 1000);
	return cover && catalogue ? 0 : -ENOMEM;
}

static const struct request requests[] = { { "fill", fill }, {} };

static int __init archive_init(void)
{
	return control_create();
}

/* Forgets the memory. */
static void __exit archive_exit(void)
{
	remove_proc_entry(KBUILD_MODNAME, NULL);
}
module_init(archive_init);
module_exit(archive_exit);
MODULE_DESCRIPTION("takes memory once and keeps it");
MODULE_LICENSE("Dual MIT/GPL");
