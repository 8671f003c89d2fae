// SPDX-License-Identifier: MIT OR GPL-2.0
/* A write beyond a buffer on the stack that no compiler can see. */
#include <linux/string.h>
#include "control.h"

static int depth = 96;

/* Writes 96 bytes into a buffer of 24 on the stack. */
static noinline int well_format(int fill, int width)
{
	char text[24];
	char *at = text;

	OPTIMIZER_HIDE_VAR(at);
	memset(at, fill, width);
	return text[3];
}

static int format(void)
{
	return well_format(depth / 4, depth) > 0 ? 0 : -EINVAL;
}

static const struct request requests[] = { { "format", format }, {} };

static int __init wells_init(void)
{
	return control_create();
}
module_init(wells_init);
MODULE_LICENSE("Dual MIT/GPL");
