// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * /dev/crash as the kernels of Red Hat and the module of the crash utility have it: a read at a physical address, within
 * one page, gives the memory there.
 */
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

static ssize_t lab_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	phys_addr_t at = *pos;
	ssize_t done = -EFAULT;
	void *copy;

	if (count == 0 || at >> PAGE_SHIFT != (at + count - 1) >> PAGE_SHIFT)
		return -EINVAL;
	if (!pfn_valid(at >> PAGE_SHIFT))
		return -EFAULT;
	/* The check of copy_to_user() for objects of the slab would refuse the page itself. */
	copy = kmalloc(count, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	if (!copy_from_kernel_nofault(copy, __va(at), count) && !copy_to_user(buf, copy, count)) {
		*pos += count;
		done = count;
	}
	kfree(copy);
	return done;
}

static const struct file_operations lab_operations = {
	.owner = THIS_MODULE,
	.llseek = default_llseek,
	.read = lab_read,
};

static struct miscdevice lab_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "crash",
	.fops = &lab_operations,
	.mode = 0400,
};

module_misc_device(lab_device);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("physical memory for tests");
