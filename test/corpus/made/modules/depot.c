// SPDX-License-Identifier: MIT OR GPL-2.0
/* Tasks that wait for ever: for a lock that stays taken, for each other, for an event that is past. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/workqueue.h>
#include "control.h"

static DEFINE_MUTEX(dock_lock);
static DEFINE_MUTEX(shelf_lock);
static DEFINE_MUTEX(gate_lock);
static DEFINE_MUTEX(ledger_lock);
static DECLARE_RWSEM(catalog_sem);
static DECLARE_COMPLETION(delivery);
static int parcels, missing = 1;

struct transfer {
	const char *name;
	struct mutex *from, *to;
};

static struct transfer inbound = { "depot_inbound", &dock_lock, &shelf_lock };
static struct transfer picking = { "depot_picking", &shelf_lock, &gate_lock };
static struct transfer outbound = { "depot_outbound", &gate_lock, &dock_lock };
static struct transfer returns = { "depot_returns", &shelf_lock, &dock_lock };

static noinline void transfer_parcel(struct transfer *transfer)
{
	mutex_lock(transfer->from);
	msleep(400);
	mutex_lock(transfer->to);
	parcels++;
	mutex_unlock(transfer->to);
	mutex_unlock(transfer->from);
}

static int transfer_thread(void *data)
{
	for (;;)
		transfer_parcel(data);
	return 0;
}

static int start(struct transfer *transfer)
{
	return PTR_ERR_OR_ZERO(kthread_run(transfer_thread, transfer, "%s", transfer->name));
}

static int rotate(void)
{
	return start(&inbound) ?: start(&picking) ?: start(&outbound);
}

static int swap_places(void)
{
	return start(&inbound) ?: start(&returns);
}

/* Leaves the catalog locked when it finds that something is missing. */
static noinline int catalog_search(void)
{
	down_read(&catalog_sem);
	if (missing)
		return 0;
	up_read(&catalog_sem);
	return 0;
}

static noinline int catalog_update(void)
{
	down_write(&catalog_sem);
	parcels = 0;
	up_write(&catalog_sem);
	return 0;
}

/* Leaves the ledger locked when it finds that something is missing. */
static noinline int ledger_audit(void)
{
	mutex_lock(&ledger_lock);
	if (missing)
		return 0;
	mutex_unlock(&ledger_lock);
	return 0;
}

static noinline int ledger_write(void)
{
	mutex_lock(&ledger_lock);
	parcels++;
	mutex_unlock(&ledger_lock);
	return 0;
}

/* The parcel can come before anybody waits: then its delivery is forgotten. */
static noinline int parcel_receive(void)
{
	reinit_completion(&delivery);
	wait_for_completion(&delivery);
	return 0;
}

static int parcel_deliver(void)
{
	complete(&delivery);
	return 0;
}

static struct workqueue_struct *orders;

static void order_print(struct work_struct *work)
{
	parcels++;
}
static DECLARE_WORK(print_work, order_print);

/* Waits for work that is queued behind it on a queue which runs one item at a time. */
static noinline void order_ship(struct work_struct *work)
{
	msleep(100);
	flush_work(&print_work);
	parcels--;
}
static DECLARE_WORK(ship_work, order_ship);

static int order(void)
{
	orders = alloc_ordered_workqueue("depot_orders", 0);
	if (!orders)
		return -ENOMEM;
	queue_work(orders, &ship_work);
	queue_work(orders, &print_work);
	return 0;
}

static const struct request requests[] = {
	{ "rotate", rotate },	      { "swap", swap_places },
	{ "search", catalog_search }, { "update", catalog_update },
	{ "audit", ledger_audit },    { "write", ledger_write },
	{ "receive", parcel_receive },    { "deliver", parcel_deliver },
	{ "order", order },	      {},
};

static int __init depot_init(void)
{
	return control_create();
}
module_init(depot_init);
MODULE_LICENSE("Dual MIT/GPL");
