// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Scenario "patched": a live patch whose function writes to NULL once it is armed. A BPF program calls it (bpf.c).
 * With probe=1 the write is made by the handler of an optimised kprobe in the middle of that function.
 */
#include <linux/kprobes.h>
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/timekeeping.h>

static bool probe;
module_param(probe, bool, 0444);
static bool armed;
module_param(armed, bool, 0644);

struct lab_clock {
	u64 reads;
	u64 last;
};
static struct lab_clock *clock_of[2];

static noinline u64 lab_count(int index, u64 now)
{
	clock_of[index]->reads++;
	clock_of[index]->last = now;
	return now;
}

static u64 lab_ktime_get_ns(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
	u64 now = ktime_get_mono_fast_ns();

	if (READ_ONCE(armed) && !probe)
		now = lab_count(1, now);
	asm volatile("1: movl $1, %%eax\n\tmovl $2, %%eax\n"
		     ".pushsection .data\n.globl lab_probed\nlab_probed: .quad 1b\n.popsection" : : : "eax");
	return now;
}

static struct klp_func functions[] = {
	{ .old_name = "bpf_ktime_get_ns", .new_func = lab_ktime_get_ns },
	{},
};
static struct klp_object objects[] = { { .funcs = functions }, {} };
static struct klp_patch patch = { .mod = THIS_MODULE, .objs = objects };

static int lab_handler(struct kprobe *kprobe, struct pt_regs *regs)
{
	if (READ_ONCE(armed))
		lab_count(0, regs->ip);
	return 0;
}

extern kprobe_opcode_t *lab_probed;
static struct kprobe lab_kprobe = { .pre_handler = lab_handler };

static int __init lab_init(void)
{
	int error = klp_enable_patch(&patch);

	if (error || !probe)
		return error;
	lab_kprobe.addr = lab_probed;
	return register_kprobe(&lab_kprobe);
}
module_init(lab_init);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_INFO(livepatch, "Y");
