// SPDX-License-Identifier: MIT OR GPL-2.0
/* A recursion that does not end: the parents of a chapter go in a circle. */
#include <linux/kernel.h>
#include "control.h"

struct chapter {
	struct chapter *parent;
	int number;
};

static struct chapter book = { .number = 1 };
static struct chapter part = { .parent = &book, .number = 2 };
static struct chapter section = { .parent = &part, .number = 3 };

static noinline int chapter_path(struct chapter *chapter, char *path, int room)
{
	char before[160] = "";
	int length = 0;

	if (chapter->parent)
		length = chapter_path(chapter->parent, before, sizeof(before));
	return length + snprintf(path, room, "%s.%d", before, chapter->number);
}

static int number(void)
{
	char path[160];

	book.parent = &section;
	return chapter_path(&section, path, sizeof(path)) < 0;
}

static const struct request requests[] = { { "number", number }, {} };

static int __init outline_init(void)
{
	return control_create();
}
module_init(outline_init);
MODULE_LICENSE("Dual MIT/GPL");
