// SPDX-License-Identifier: MIT OR GPL-2.0
/* Writes that no compiler can see: beyond a buffer on the stack, and to what is constant; and no divisor. */
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

struct well {
	int id, parts;
};

static struct well north = { 3, 4 };

static __always_inline int share_of(int amount, int parts)
{
	return amount / parts;
}

static noinline int well_share(struct well *well)
{
	return share_of(4800, well->parts) + well->id;
}

static int share(void)
{
	struct well *well = &north;

	OPTIMIZER_HIDE_VAR(well);
	well->parts -= 4;
	depth = well_share(well);
	return 0;
}

struct pump {
	u64 serial;
	struct well *well;
};

static struct pump pump;

/* Jumps from one function to the next without coming back. */
static noinline int well_reset(struct well *well, int by)
{
	well->parts = by;
	return by;
}

static noinline int pump_reset(struct pump *from)
{
	return well_reset(from->well, from->serial);
}

static int reset(void)
{
	struct pump *from = &pump;

	OPTIMIZER_HIDE_VAR(from);
	from->serial = 17;
	return pump_reset(from) < 0;
}

static const struct request requests[] = {
	{ "format", format }, { "raise", raise }, { "share", share }, { "reset", reset }, {},
};

static int __init wells_init(void)
{
	return control_create();
}
module_init(wells_init);
MODULE_LICENSE("Dual MIT/GPL");
