// SPDX-License-Identifier: MIT OR GPL-2.0
/* Objects of a slab cache that are used after they were freed, freed twice, overrun or never initialised. */
#include <linux/list.h>
#include <linux/slab.h>
#include "control.h"

struct hop {
	u32 address;
	u64 uses;
};

/* The allocator keeps its free pointer in the middle of a free object: where `hop` is. */
struct route {
	u32 destination, mask;
	char label[24];
	struct hop *hop;
	u64 hits;
	u64 stamps[2];
};

struct alias {
	struct route *route;
	u64 seen;
	char name[16];
};

#define ROUTES 12
#define ALIASES 512

static struct kmem_cache *route_cache, *alias_cache;
static struct route *routes[ROUTES];
static struct alias *aliases[ALIASES];
static struct hop gateway = { .address = 0x0a000201 };
/* The route that the last lookup found. */
static struct route *recent;
static unsigned int dropped;

static noinline struct route *route_add(u32 destination)
{
	struct route *route = kmem_cache_zalloc(route_cache, GFP_KERNEL);

	if (!route)
		return NULL;
	route->destination = destination;
	route->mask = 0xffffff00;
	route->hop = &gateway;
	return route;
}

static noinline void route_touch(struct route *route)
{
	route->hits++;
	route->hop->uses++;
}

static noinline void route_expire(int index)
{
	kmem_cache_free(route_cache, routes[index]);
	routes[index] = NULL;
}

/* Forgets that `recent` may be the route which expires. */
static int expire(void)
{
	recent = routes[5];
	route_touch(recent);
	route_expire(5);
	route_touch(recent);
	return 0;
}

static noinline void route_drop(struct route *route)
{
	kmem_cache_free(route_cache, route);
	dropped++;
}

/* Both the table and the lookup drop what they think is theirs. */
static int drop(void)
{
	recent = routes[7];
	route_drop(routes[7]);
	route_drop(recent);
	return dropped == 0;
}

/* Copies what identifies a route, and forgets the hop. */
static noinline struct route *route_clone(const struct route *from)
{
	struct route *route = kmem_cache_alloc(route_cache, GFP_KERNEL);

	if (!route)
		return NULL;
	route->destination = from->destination;
	route->mask = from->mask;
	route->hits = 0;
	return route;
}

static int clone(void)
{
	recent = route_clone(routes[3]);
	if (!recent)
		return -ENOMEM;
	route_touch(recent);
	return 0;
}

static noinline void alias_rename(struct alias *alias, const char *name, size_t length)
{
	memcpy(alias->name, name, length);
}

static noinline void alias_walk(void)
{
	int i;

	for (i = 0; i < ALIASES; i++) {
		aliases[i]->seen++;
		aliases[i]->route->hits++;
	}
}

/* The name is longer than there is room. */
static int rename(void)
{
	static const char name[] =
		"uplink-frankfurt-east-rack-12-row-3-port-48-standby-of-uplink-frankfurt-west-rack-09-row-1-port-02";
	int i;

	for (i = 0; i < ALIASES; i++) {
		aliases[i] = kmem_cache_zalloc(alias_cache, GFP_KERNEL);
		if (!aliases[i])
			return -ENOMEM;
		aliases[i]->route = routes[i % ROUTES];
	}
	alias_rename(aliases[ALIASES / 2], name, sizeof(name) - 1);
	alias_walk();
	return 0;
}

static const struct request requests[] = {
	{ "expire", expire }, { "drop", drop }, { "clone", clone }, { "rename", rename }, {},
};

static int __init routecache_init(void)
{
	int i;

	route_cache = kmem_cache_create("route", sizeof(struct route), 0, 0, NULL);
	alias_cache = kmem_cache_create("route_alias", sizeof(struct alias), 0, 0, NULL);
	if (!route_cache || !alias_cache)
		return -ENOMEM;
	for (i = 0; i < ROUTES; i++) {
		routes[i] = route_add(0x0a000000 + (i << 8));
		if (!routes[i])
			return -ENOMEM;
	}
	return control_create();
}
module_init(routecache_init);
MODULE_LICENSE("Dual MIT/GPL");
