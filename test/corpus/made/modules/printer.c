// SPDX-License-Identifier: MIT OR GPL-2.0
/* Pages that are never given back. */
#include <linux/gfp.h>
#include <linux/sched.h>
#include "control.h"

static unsigned long sheets;

static noinline struct page *sheet_alloc(void)
{
	return alloc_pages(GFP_KERNEL, 1);
}

/* Takes a sheet for each page that is printed, and forgets it. */
static int print(void)
{
	while (sheet_alloc()) {
		sheets++;
		cond_resched();
	}
	return -ENOMEM;
}

static const struct request requests[] = { { "print", print }, {} };

static int __init printer_init(void)
{
	return control_create();
}
module_init(printer_init);
MODULE_LICENSE("Dual MIT/GPL");
