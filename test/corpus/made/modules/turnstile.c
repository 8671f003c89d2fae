// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * A machine that does not go on: an interrupt line that nobody handles, a device that stops sending, a timer that its
 * CPU does not run, a lock of the consoles that stays taken.
 */
#include <linux/console.h>
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/kthread.h>
#include <linux/netdevice.h>
#include <linux/timer.h>
#include "control.h"

/* No handler is responsible for it, so the kernel disables the line after 100,000 interrupts. */
static irqreturn_t gate_interrupt(int irq, void *gate)
{
	return IRQ_NONE;
}

static int gate_ring(void)
{
	unsigned long flags;
	int i, error, irq = irq_alloc_desc(0);

	if (irq < 0)
		return irq;
	irq_set_chip_and_handler(irq, &dummy_irq_chip, handle_simple_irq);
	error = request_irq(irq, gate_interrupt, 0, "gate", NULL);
	if (error)
		return error;
	/* note_interrupt() forgets interrupts that are further apart than a tenth of a second, as on a busy machine. */
	for (i = 0; i < 3000000 && !irqd_irq_disabled(irq_get_irq_data(irq)); i++) {
		local_irq_save(flags);
		generic_handle_irq(irq);
		local_irq_restore(flags);
	}
	pr_info("gate: interrupt %d\n", irq);
	return 0;
}

/* Takes one packet and stops. */
static netdev_tx_t barrier_xmit(struct sk_buff *packet, struct net_device *device)
{
	netif_stop_queue(device);
	dev_kfree_skb_any(packet);
	return NETDEV_TX_OK;
}

static void barrier_timeout(struct net_device *device, unsigned int queue)
{
}

static const struct net_device_ops barrier_ops = {
	.ndo_start_xmit = barrier_xmit,
	.ndo_tx_timeout = barrier_timeout,
};

static int barrier_open(void)
{
	struct net_device *device = alloc_etherdev(0);

	if (!device)
		return -ENOMEM;
	strscpy(device->name, "barrier", IFNAMSIZ);
	device->netdev_ops = &barrier_ops;
	eth_hw_addr_random(device);
	return register_netdev(device);
}

static void lamp_blink(struct timer_list *timer)
{
}

static DEFINE_TIMER(lamp, lamp_blink);

/* Nothing interrupts it, the timer of its CPU neither. */
static int guard_thread(void *unused)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
	return 0;
}

static int guard_watch(void)
{
	struct task_struct *guard = kthread_create(guard_thread, NULL, "guard");

	if (IS_ERR(guard))
		return PTR_ERR(guard);
	kthread_bind(guard, 1);
	lamp.expires = jiffies + HZ;
	add_timer_on(&lamp, 1);
	wake_up_process(guard);
	return 0;
}

static int clerk_thread(void *unused)
{
	console_lock();
	for (;;)
		msleep(1000);
	return 0;
}

static int clerk_write(void)
{
	return PTR_ERR_OR_ZERO(kthread_run(clerk_thread, NULL, "clerk"));
}

static const struct request requests[] = {
	{ "ring", gate_ring },
	{ "open", barrier_open },
	{ "watch", guard_watch },
	{ "write", clerk_write },
	{ }
};

static int __init turnstile_init(void)
{
	return control_create();
}
module_init(turnstile_init);
MODULE_LICENSE("Dual MIT/GPL");
