// SPDX-License-Identifier: MIT OR GPL-2.0
/* Pointers that point nowhere: NULL, an error, user memory, one bit off, an object of another type; and no divisor. */
#include <linux/err.h>
#include <linux/mm_types.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "control.h"

struct sensor;

struct sensor_ops {
	void (*reset)(struct sensor *sensor);
	long (*read)(struct sensor *sensor);
	long (*calibrate)(struct sensor *sensor);
};

struct sensor {
	int id;
	unsigned int interval;
	char name[16];
	struct sensor_ops *ops;
	long last;
	long limit;
};

struct fan {
	int id;
	unsigned int blades;
	char name[16];
	u64 pulses;
	u64 speed;
	u64 spare[4];
};

static struct kmem_cache *sensor_cache, *fan_cache;
static struct sensor *inlet, *outlet;
static struct fan *blower;

static long read_fixed(struct sensor *sensor)
{
	return sensor->id * 100;
}

static void reset_last(struct sensor *sensor)
{
	sensor->last = 0;
}

static long calibrate_linear(struct sensor *sensor)
{
	sensor->limit = sensor->last * 2;
	return sensor->limit;
}

static noinline long sensor_calibrate(struct sensor *sensor)
{
	long value = sensor->ops->calibrate(sensor);

	sensor->last = value;
	return value;
}

static noinline void sensor_update(struct sensor *sensor)
{
	sensor->last = sensor->ops->read(sensor);
}

static noinline struct sensor *sensor_find(const char *name)
{
	if (!strcmp(name, inlet->name))
		return inlet;
	if (!strcmp(name, outlet->name))
		return outlet;
	return ERR_PTR(-ENODEV);
}

static noinline long sensor_rate(struct sensor *sensor)
{
	return 1000000U / sensor->interval;
}

static int probe(void)
{
	outlet->ops = NULL;
	sensor_update(outlet);
	return 0;
}

static int calibrate(void)
{
	outlet->ops->calibrate = NULL;
	return sensor_calibrate(outlet) < 0;
}

/* A calibration routine that a program offers. */
static int offer(void)
{
	outlet->ops->calibrate = (void *)current->mm->start_code;
	return sensor_calibrate(outlet) < 0;
}

static int strike(void)
{
	outlet->ops->calibrate = (void *)((unsigned long)outlet->ops->calibrate ^ (1UL << 41));
	return sensor_calibrate(outlet) < 0;
}

static noinline void sensor_limit(const char *name, long limit)
{
	struct sensor *sensor = sensor_find(name);

	sensor->limit = limit;
}

static int limit(void)
{
	sensor_limit("exhaust", 850);
	return 0;
}

static int rate(void)
{
	outlet->interval -= inlet->interval;
	outlet->last = sensor_rate(outlet);
	return 0;
}

/* Takes every device for a sensor. */
static noinline void device_update(void *device)
{
	sensor_update(device);
}

static int spin(void)
{
	device_update(blower);
	return 0;
}

static noinline void sensor_check(struct sensor *sensor)
{
	BUG_ON(sensor->last > sensor->limit);
}

static int check(void)
{
	outlet->last = 1200;
	sensor_check(outlet);
	return 0;
}

static const struct request requests[] = {
	{ "probe", probe }, { "calibrate", calibrate }, { "offer", offer }, { "strike", strike }, { "limit", limit },
	{ "rate", rate },   { "spin", spin },		{ "check", check }, {},
};

static struct sensor *sensor_create(int id, const char *name)
{
	struct sensor *sensor = kmem_cache_zalloc(sensor_cache, GFP_KERNEL);

	if (!sensor)
		return NULL;
	sensor->ops = kzalloc(sizeof(*sensor->ops), GFP_KERNEL);
	if (!sensor->ops)
		return NULL;
	sensor->ops->reset = reset_last;
	sensor->ops->read = read_fixed;
	sensor->ops->calibrate = calibrate_linear;
	sensor->id = id;
	sensor->interval = 50;
	sensor->limit = 900;
	strscpy(sensor->name, name, sizeof(sensor->name));
	return sensor;
}

static int __init sensors_init(void)
{
	sensor_cache = kmem_cache_create("sensor", sizeof(struct sensor), 0, 0, NULL);
	fan_cache = kmem_cache_create("fan", sizeof(struct fan), 0, 0, NULL);
	if (!sensor_cache || !fan_cache)
		return -ENOMEM;
	inlet = sensor_create(1, "inlet");
	outlet = sensor_create(2, "outlet");
	blower = kmem_cache_zalloc(fan_cache, GFP_KERNEL);
	if (!inlet || !outlet || !blower)
		return -ENOMEM;
	blower->pulses = 7995871232;
	strscpy(blower->name, "blower", sizeof(blower->name));
	return control_create();
}
module_init(sensors_init);
MODULE_LICENSE("Dual MIT/GPL");
