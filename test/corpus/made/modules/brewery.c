// SPDX-License-Identifier: MIT OR GPL-2.0
/* Casks that are handed over, emptied or thrown away twice, and writes that go one step too far. */
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/delay.h>
#include <linux/rcupdate.h>
#include <linux/sched/task_stack.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include "control.h"

struct cask {
	struct kref users;
	u32 taps;
	u32 litres, room;
	struct list_head shelf;
	struct rcu_head rcu;
	struct work_struct check;
	spinlock_t lock;
	u64 poured;
};

struct bottle {
	u64 year;
	u64 opened[7];
};

static struct kmem_cache *casks, *bottles;
static struct cask *cask;
static struct bottle *bottle;
u32 *ledger;
struct sk_buff *barge;
static LIST_HEAD(cellar);
static DEFINE_SPINLOCK(vat_lock);
static char recipe[48];
/* Counted after calls, so that the compiler does not end functions with a jump. */
static unsigned int aged, emptied, heated, sold, labelled;

static void cask_age(struct rcu_head *rcu)
{
	aged++;
}

static noinline void cask_store(struct cask *one)
{
	call_rcu(&one->rcu, cask_age);
	aged++;
}

static noinline void cask_clear(struct cask *one)
{
	memset(one, 0, sizeof(*one));
	emptied++;
}

/* Clears a cask that RCU holds. */
static int age(void)
{
	preempt_disable();
	cask_store(cask);
	cask_clear(cask);
	preempt_enable();
	msleep(2000);
	return 0;
}

static noinline void ledger_fill(u32 *to, int lines)
{
	int i;

	for (i = 0; i <= lines; i++)
		WRITE_ONCE(to[i], i * 3);
}

/* The last line is behind the ledger. */
static int write_ledger(void)
{
	int lines = 2 * PAGE_SIZE / sizeof(*ledger);

	ledger = vzalloc(2 * PAGE_SIZE);
	if (!ledger)
		return -ENOMEM;
	OPTIMIZER_HIDE_VAR(lines);
	ledger_fill(ledger, lines);
	return 0;
}

/* Copies what is longer than its place, and returns to where the text says. */
static noinline __attribute__((__no_stack_protector__)) int label_print(const char *from, size_t length)
{
	char text[16];
	char *at = text;

	OPTIMIZER_HIDE_VAR(at);
	while (length--)
		*at++ = *from++;
	barrier_data(text);
	return text[3];
}

static int print_label(void)
{
	size_t length = sizeof(recipe);

	OPTIMIZER_HIDE_VAR(length);
	memset(recipe, 'h', length);
	labelled += label_print(recipe, length);
	return 0;
}

static noinline void cask_discard(struct cask *one)
{
	kmem_cache_free(casks, one);
	emptied++;
}

static noinline void cask_pour(struct cask *one)
{
	spin_lock(&one->lock);
	one->poured++;
	spin_unlock(&one->lock);
}

/* Pours from a cask that was thrown away: its lock is poison. */
static int pour(void)
{
	cask_discard(cask);
	cask_pour(cask);
	return 0;
}

/* An instruction that no processor has. */
static noinline void still_heat(int degrees)
{
	if (degrees > 90)
		asm volatile("ud2");
	heated++;
}

static int heat(void)
{
	int degrees = 96;

	OPTIMIZER_HIDE_VAR(degrees);
	still_heat(degrees);
	return 0;
}

static noinline void cask_check(const struct cask *one)
{
	BUG_ON(one->litres > one->room || !one->taps);
	heated++;
}

/* The litres are right, and there is no tap. */
static int check(void)
{
	cask->taps--;
	cask_check(cask);
	return 0;
}

static noinline void barge_unload(struct sk_buff *skb)
{
	kfree_skb(skb);
	sold++;
}

/* Both ends unload the barge. */
static int unload(void)
{
	barge = alloc_skb(512, GFP_KERNEL);
	if (!barge)
		return -ENOMEM;
	preempt_disable();
	barge_unload(barge);
	barge_unload(barge);
	preempt_enable();
	return 0;
}

static noinline void cask_sell(struct cask *one)
{
	list_del(&one->shelf);
	sold++;
}

/* Sells a cask twice. */
static int sell(void)
{
	list_add(&cask->shelf, &cellar);
	cask_sell(cask);
	cask_sell(cask);
	return 0;
}

static noinline void bottle_return(struct bottle *one)
{
	kmem_cache_free(casks, one);
	sold++;
}

/* Puts a bottle where the casks are. */
static int mix(void)
{
	bottle_return(bottle);
	return 0;
}

static noinline u64 order_read(const u64 *from)
{
	return READ_ONCE(*from) + sold;
}

/* Reads the program's memory as if it were the kernel's. */
static int take_order(void)
{
	return order_read((const u64 __force *)current->mm->start_stack) == 1;
}

/* Leaves with the lock of the vat. */
static void vat_stir(struct timer_list *timer)
{
	spin_lock(&vat_lock);
	heated++;
}
static DEFINE_TIMER(vat_timer, vat_stir);

static int stir(void)
{
	mod_timer(&vat_timer, jiffies + 1);
	msleep(1000);
	return 0;
}

static noinline void yeast_grow(unsigned long *at)
{
	WRITE_ONCE(*at, 0);
	msleep(10);
	heated++;
}

/* Writes over the end of its own stack. */
static int ferment(void)
{
	yeast_grow(end_of_stack(current));
	return 0;
}

static void cask_release(struct kref *users)
{
	kmem_cache_free(casks, container_of(users, struct cask, users));
}

static noinline void cask_inspect(struct work_struct *work)
{
	struct cask *one = container_of(work, struct cask, check);

	msleep(200);
	kref_put(&one->users, cask_release);
	emptied++;
}

/* Hands the cask to a work without a reference of its own. */
static int inspect(void)
{
	INIT_WORK(&cask->check, cask_inspect);
	schedule_work(&cask->check);
	msleep(50);
	kref_put(&cask->users, cask_release);
	msleep(1000);
	return 0;
}

static const struct request requests[] = {
	{ "age", age },	    { "write", write_ledger }, { "print", print_label }, { "pour", pour }, { "heat", heat },
	{ "check", check }, { "unload", unload },      { "sell", sell },	  { "mix", mix },   { "take", take_order },
	{ "stir", stir },   { "ferment", ferment },    { "inspect", inspect },	  {},
};

static int __init brewery_init(void)
{
	casks = kmem_cache_create("cask", sizeof(*cask), 0, 0, NULL);
	bottles = kmem_cache_create("bottle", sizeof(*bottle), 0, 0, NULL);
	cask = casks ? kmem_cache_zalloc(casks, GFP_KERNEL) : NULL;
	bottle = bottles ? kmem_cache_zalloc(bottles, GFP_KERNEL) : NULL;
	if (!cask || !bottle)
		return -ENOMEM;
	kref_init(&cask->users);
	spin_lock_init(&cask->lock);
	cask->taps = 1;
	cask->litres = 40;
	cask->room = 50;
	return control_create();
}
module_init(brewery_init);
MODULE_LICENSE("Dual MIT/GPL");
