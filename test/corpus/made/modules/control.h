/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* A write of a request's name to /proc/MODULE runs the request in the context of the writer. */
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/uaccess.h>

struct request {
	const char *name;
	int (*run)(void);
};

static const struct request requests[];

static ssize_t control_write(struct file *file, const char __user *from, size_t length, loff_t *at)
{
	char name[32] = "";
	const struct request *request;
	int error;

	if (length >= sizeof(name) || copy_from_user(name, from, length))
		return -EFAULT;
	for (request = requests; request->name; request++) {
		if (sysfs_streq(name, request->name)) {
			error = request->run();
			return error ? error : length;
		}
	}
	return -EINVAL;
}

static const struct proc_ops control_ops = {
	.proc_write = control_write,
};

static int control_create(void)
{
	return proc_create(KBUILD_MODNAME, 0200, NULL, &control_ops) ? 0 : -ENOMEM;
}
