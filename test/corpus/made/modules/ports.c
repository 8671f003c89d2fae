// SPDX-License-Identifier: MIT OR GPL-2.0
/* Pointers that are kept in too few bits, and code that is taken for data. */
#include <linux/slab.h>
#include "control.h"

struct port;

struct port_ops {
	long (*open)(struct port *port);
	long (*send)(struct port *port);
};

struct port {
	int id;
	unsigned int flags;
	struct port_ops *ops;
	u64 sent;
	u64 limit;
};

static struct kmem_cache *port_cache;
static struct port *uplink;

static long open_serial(struct port *port)
{
	return port->id;
}

static long send_serial(struct port *port)
{
	port->sent++;
	return port->flags;
}

/* Keeps a pointer in a number that is too small for it. */
static noinline long port_send(struct port *port)
{
	unsigned int handle = (unsigned long)port->ops;
	struct port_ops *ops = (struct port_ops *)(unsigned long)handle;

	return ops->send(port);
}

static int send(void)
{
	return port_send(uplink) < 0;
}

/* Takes the code of a routine for a counter. */
static noinline void port_count(struct port *port)
{
	u64 *counter = (u64 *)port->ops->open;

	WRITE_ONCE(*counter, port->limit);
}

static int count(void)
{
	port_count(uplink);
	return 0;
}

static const struct request requests[] = {
	{ "send", send },
	{ "count", count },
	{},
};

static int __init ports_init(void)
{
	port_cache = kmem_cache_create("port", sizeof(struct port), 0, 0, NULL);
	if (!port_cache)
		return -ENOMEM;
	uplink = kmem_cache_zalloc(port_cache, GFP_KERNEL);
	if (!uplink)
		return -ENOMEM;
	uplink->ops = kzalloc(sizeof(*uplink->ops), GFP_KERNEL);
	if (!uplink->ops)
		return -ENOMEM;
	uplink->ops->open = open_serial;
	uplink->ops->send = send_serial;
	uplink->id = 3;
	uplink->limit = 4096;
	return control_create();
}
module_init(ports_init);
MODULE_LICENSE("Dual MIT/GPL");
