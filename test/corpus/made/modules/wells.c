// SPDX-License-Identifier: MIT OR GPL-2.0
/* Writes that no compiler can see: beyond a buffer on the stack, and to what is constant. */
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

struct tariff {
	long base, peak;
};

static const struct tariff tariff = { 12, 31 };

/* Raises a tariff that is constant. */
static noinline void tariff_raise(struct tariff *raised, long by)
{
	raised->peak = by;
}

static int raise(void)
{
	struct tariff *raised = (struct tariff *)&tariff;

	OPTIMIZER_HIDE_VAR(raised);
	tariff_raise(raised, depth);
	return 0;
}

static const struct request requests[] = { { "format", format }, { "raise", raise }, {} };

static int __init wells_init(void)
{
	return control_create();
}
module_init(wells_init);
MODULE_LICENSE("Dual MIT/GPL");
