// SPDX-License-Identifier: MIT OR GPL-2.0
/* A queue whose list is damaged, and an object whose references are miscounted. */
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include "control.h"

struct packet {
	struct list_head node;
	refcount_t users;
	u32 length;
	u8 header[40];
	u64 arrived;
};

static struct kmem_cache *packet_cache;
static LIST_HEAD(backlog);
static struct packet *packets[8];
static unsigned int dropped;
/* Received last, not yet in the backlog. */
static struct packet *received;

static noinline struct packet *packet_receive(u32 length)
{
	struct packet *packet = kmem_cache_zalloc(packet_cache, GFP_KERNEL);

	if (!packet)
		return NULL;
	refcount_set(&packet->users, 1);
	packet->length = length;
	return packet;
}

static noinline void packet_free(struct packet *packet)
{
	kmem_cache_free(packet_cache, packet);
}

static noinline void packet_unlink(struct packet *packet)
{
	list_del(&packet->node);
}

static noinline void packet_put(struct packet *packet)
{
	if (refcount_dec_and_test(&packet->users))
		list_del_init(&packet->node);
	dropped++;
}

/* Frees a packet that is in the backlog; the next one received takes its place in memory. */
static int discard(void)
{
	packet_free(packets[2]);
	received = packet_receive(60);
	packet_unlink(packets[3]);
	return 0;
}

/* Queues a packet that is queued. */
static int requeue(void)
{
	list_add_tail(&packets[7]->node, &backlog);
	return 0;
}

static int strike(void)
{
	packets[4]->node.next = (void *)((unsigned long)packets[4]->node.next ^ (1UL << 43));
	packet_unlink(packets[4]);
	return 0;
}

/* An error path drops the reference that its caller drops, too. */
static int put(void)
{
	packet_put(packets[6]);
	packet_put(packets[6]);
	return dropped == 0;
}

static const struct request requests[] = {
	{ "discard", discard }, { "requeue", requeue }, { "strike", strike }, { "put", put }, {},
};

static int __init pktqueue_init(void)
{
	int i;

	packet_cache = kmem_cache_create("packet", sizeof(struct packet), 0, 0, NULL);
	if (!packet_cache)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(packets); i++) {
		packets[i] = packet_receive(64 * (i + 1));
		if (!packets[i])
			return -ENOMEM;
		list_add_tail(&packets[i]->node, &backlog);
	}
	return control_create();
}
module_init(pktqueue_init);
MODULE_LICENSE("Dual MIT/GPL");
