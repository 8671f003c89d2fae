// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Kernel threads that wait for one thing each, so that a dump has one of every kind of wait inside the kernel.
 * stage=1 starts those that leave the machine usable. The later stages are started by writes to the parameter `stage`:
 * 2 takes rtnl, the console and a superblock's s_umount and holds up RCU, 3 has CPUs 1 to 4 spin.
 */
#include <linux/completion.h>
#include <linux/console.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu-rwsem.h>
#include <linux/rcupdate.h>
#include <linux/rtmutex.h>
#include <linux/rtnetlink.h>
#include <linux/rwsem.h>
#include <linux/sched/signal.h>
#include <linux/semaphore.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/swait.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>

/* Every thread that holds something sleeps on this. */
static DECLARE_WAIT_QUEUE_HEAD(lab_idle);
static bool lab_over;
/* Threads that hold what they are to hold. */
static atomic_t lab_holders;

static void lab_hold(void)
{
	atomic_inc(&lab_holders);
	wait_event_idle(lab_idle, READ_ONCE(lab_over));
}

static DEFINE_MUTEX(lab_mutex);
static DEFINE_MUTEX(lab_crowded);
static DEFINE_MUTEX(lab_pair_a);
static DEFINE_MUTEX(lab_pair_b);
static DEFINE_MUTEX(lab_ring_a);
static DEFINE_MUTEX(lab_ring_b);
static DEFINE_MUTEX(lab_ring_c);
static DECLARE_RWSEM(lab_twice);
static DEFINE_SEMAPHORE(lab_sem);
static DEFINE_RT_MUTEX(lab_rt_mutex);
static DECLARE_RWSEM(lab_rwsem);
static DECLARE_RWSEM(lab_shelf_sem);
static DECLARE_COMPLETION(lab_never);
static DECLARE_SWAIT_QUEUE_HEAD(lab_swait);
static unsigned long lab_bits = 1UL << 3;
static int lab_variable;
static struct percpu_rw_semaphore lab_percpu_held, lab_percpu_read;
static struct workqueue_struct *lab_queue;
DEFINE_STATIC_SRCU(lab_srcu);

struct lab_device {
	char name[40];
	struct rw_semaphore sem;
	spinlock_t lock;
	u64 count;
};
static struct lab_device *lab_device;
static DEFINE_RWLOCK(lab_rwlock);

static int km_mutex_own(void *unused)
{
	mutex_lock(&lab_mutex);
	lab_hold();
	mutex_unlock(&lab_mutex);
	return 0;
}
static int km_mutex_wait(void *unused)
{
	mutex_lock(&lab_mutex);
	mutex_unlock(&lab_mutex);
	return 0;
}
/* Twenty threads wait for one mutex. */
static int km_crowd_own(void *unused)
{
	mutex_lock(&lab_crowded);
	lab_hold();
	mutex_unlock(&lab_crowded);
	return 0;
}
static int km_crowd(void *unused)
{
	mutex_lock(&lab_crowded);
	mutex_unlock(&lab_crowded);
	return 0;
}
/* Takes one mutex, and a second later another. */
static int lab_both(struct mutex *one, struct mutex *other)
{
	mutex_lock(one);
	msleep(1500);
	mutex_lock(other);
	mutex_unlock(other);
	mutex_unlock(one);
	return 0;
}
static int km_pair_left(void *unused)
{
	return lab_both(&lab_pair_a, &lab_pair_b);
}
static int km_pair_right(void *unused)
{
	return lab_both(&lab_pair_b, &lab_pair_a);
}
static int km_ring_one(void *unused)
{
	return lab_both(&lab_ring_a, &lab_ring_b);
}
static int km_ring_two(void *unused)
{
	return lab_both(&lab_ring_b, &lab_ring_c);
}
static int km_ring_three(void *unused)
{
	return lab_both(&lab_ring_c, &lab_ring_a);
}
/* Takes a semaphore for writing that it holds for writing already. */
static int km_twice(void *unused)
{
	down_write(&lab_twice);
	down_write(&lab_twice);
	return 0;
}
static int km_sem_own(void *unused)
{
	down(&lab_sem);
	lab_hold();
	up(&lab_sem);
	return 0;
}
static int km_sem_wait(void *unused)
{
	down(&lab_sem);
	up(&lab_sem);
	return 0;
}
static int km_rt_own(void *unused)
{
	rt_mutex_lock(&lab_rt_mutex);
	lab_hold();
	rt_mutex_unlock(&lab_rt_mutex);
	return 0;
}
static int km_rt_wait(void *unused)
{
	rt_mutex_lock(&lab_rt_mutex);
	rt_mutex_unlock(&lab_rt_mutex);
	return 0;
}
/* Takes lab_rwsem for reading and keeps it. */
static int km_rw_first(void *unused)
{
	down_read(&lab_rwsem);
	lab_hold();
	up_read(&lab_rwsem);
	return 0;
}
/* Reads after km_rw_first and leaves: the semaphore still has it as its last reader. */
static int km_rw_left(void *unused)
{
	down_read(&lab_rwsem);
	up_read(&lab_rwsem);
	lab_hold();
	return 0;
}
static int km_rw_write(void *unused)
{
	down_write(&lab_rwsem);
	up_write(&lab_rwsem);
	return 0;
}
static int km_rw_read(void *unused)
{
	down_read(&lab_rwsem);
	up_read(&lab_rwsem);
	return 0;
}
/* The same of a semaphore in an object: its address is in a register, or in that of the object. */
static noinline void lab_device_read(struct lab_device *device)
{
	down_read(&device->sem);
	device->count++;
	lab_hold();
	up_read(&device->sem);
	device->count--;
}
static int km_dev_first(void *unused)
{
	lab_device_read(lab_device);
	return 0;
}
static int km_dev_left(void *unused)
{
	down_read(&lab_device->sem);
	up_read(&lab_device->sem);
	lab_hold();
	return 0;
}
static int km_dev_write(void *unused)
{
	down_write(&lab_device->sem);
	up_write(&lab_device->sem);
	return 0;
}
/* A writer holds it. */
static int km_shelf_own(void *unused)
{
	down_write(&lab_shelf_sem);
	lab_hold();
	up_write(&lab_shelf_sem);
	return 0;
}
static int km_shelf_read(void *unused)
{
	down_read(&lab_shelf_sem);
	up_read(&lab_shelf_sem);
	return 0;
}
static int km_completion(void *unused)
{
	wait_for_completion(&lab_never);
	return 0;
}
static int km_swait(void *unused)
{
	swait_event_idle_exclusive(lab_swait, READ_ONCE(lab_over));
	return 0;
}
static int km_bit(void *unused)
{
	wait_on_bit(&lab_bits, 3, TASK_UNINTERRUPTIBLE);
	return 0;
}
static int km_variable(void *unused)
{
	wait_var_event(&lab_variable, READ_ONCE(lab_variable));
	return 0;
}
static int km_pcpu_own(void *unused)
{
	percpu_down_write(&lab_percpu_held);
	lab_hold();
	percpu_up_write(&lab_percpu_held);
	return 0;
}
static int km_pcpu_read(void *unused)
{
	percpu_down_read(&lab_percpu_held);
	percpu_up_read(&lab_percpu_held);
	return 0;
}
static int km_pcpu_in(void *unused)
{
	percpu_down_read(&lab_percpu_read);
	lab_hold();
	percpu_up_read(&lab_percpu_read);
	return 0;
}
static int km_pcpu_write(void *unused)
{
	percpu_down_write(&lab_percpu_read);
	percpu_up_write(&lab_percpu_read);
	return 0;
}
static void lab_slow_work(struct work_struct *work)
{
	lab_hold();
}
static DECLARE_WORK(lab_work, lab_slow_work);
static DECLARE_WORK(lab_queued, lab_slow_work);
static int km_flush(void *unused)
{
	schedule_work(&lab_work);
	msleep(300);
	flush_work(&lab_work);
	return 0;
}
static int km_drain(void *unused)
{
	queue_work(lab_queue, &lab_queued);
	msleep(300);
	flush_workqueue(lab_queue);
	return 0;
}
static int km_srcu_read(void *unused)
{
	int index = srcu_read_lock(&lab_srcu);

	lab_hold();
	srcu_read_unlock(&lab_srcu, index);
	return 0;
}
static int km_srcu(void *unused)
{
	synchronize_srcu(&lab_srcu);
	return 0;
}
/* Does not look whether it should stop. */
static int km_stubborn(void *unused)
{
	lab_hold();
	return 0;
}
static struct task_struct *lab_stubborn;
static int km_stop(void *unused)
{
	kthread_stop(lab_stubborn);
	return 0;
}
static int km_nap(void *unused)
{
	msleep(100000000);
	return 0;
}

/* ---- stage 2 ---- */
static int km_rtnl_own(void *unused)
{
	rtnl_lock();
	lab_hold();
	rtnl_unlock();
	return 0;
}
static int km_rtnl_wait(void *unused)
{
	rtnl_lock();
	rtnl_unlock();
	return 0;
}
static int km_con_own(void *unused)
{
	console_lock();
	lab_hold();
	console_unlock();
	return 0;
}
static int km_con_wait(void *unused)
{
	console_lock();
	console_unlock();
	return 0;
}
static int km_umount_read(void *unused)
{
	struct file *file = filp_open("/mnt/data", O_RDONLY | O_DIRECTORY, 0);
	struct super_block *block;

	if (IS_ERR(file))
		return PTR_ERR(file);
	block = file_inode(file)->i_sb;
	down_read(&block->s_umount);
	lab_hold();
	up_read(&block->s_umount);
	fput(file);
	return 0;
}
static int km_umount_wait(void *unused)
{
	struct file *file = filp_open("/mnt/data", O_RDONLY | O_DIRECTORY, 0);

	if (IS_ERR(file))
		return PTR_ERR(file);
	down_write(&file_inode(file)->i_sb->s_umount);
	up_write(&file_inode(file)->i_sb->s_umount);
	fput(file);
	return 0;
}
/* Sleeps within a read-side critical section: the kernel warns, and the grace period waits for it. */
static int km_rcu_read(void *unused)
{
	rcu_read_lock();
	lab_hold();
	rcu_read_unlock();
	return 0;
}
static int km_rcu(void *unused)
{
	msleep(500);
	synchronize_rcu();
	return 0;
}

/* ---- stage 3: one CPU each ---- */
static noinline void lab_spin(void)
{
	while (!READ_ONCE(lab_over))
		cpu_relax();
}
static noinline void lab_device_count(struct lab_device *device)
{
	spin_lock(&device->lock);
	write_lock(&lab_rwlock);
	device->count++;
	lab_spin();
	write_unlock(&lab_rwlock);
	spin_unlock(&device->lock);
}
static int km_spin_own(void *unused)
{
	lab_device_count(lab_device);
	return 0;
}
static noinline u64 lab_device_total(struct lab_device *device)
{
	u64 count;

	/* With interrupts on: another CPU may wait for this one to flush its TLB. */
	spin_lock(&device->lock);
	count = device->count;
	spin_unlock(&device->lock);
	return count;
}
static int km_spin_first(void *unused)
{
	return lab_device_total(lab_device) == 7;
}
static int km_spin_next(void *unused)
{
	return lab_device_total(lab_device) == 7;
}
static int km_rwlock(void *unused)
{
	u64 count;

	read_lock(&lab_rwlock);
	count = lab_device->count;
	read_unlock(&lab_rwlock);
	return count == 7;
}

#define START(name) { #name, name, false }
#define HOLD(name) { #name, name, true }
struct lab_thread {
	const char *name;
	int (*run)(void *);
	/* Ends up in lab_hold(): the next thread starts only then. */
	bool holds;
};
static const struct lab_thread first[] = {
	HOLD(km_mutex_own), START(km_mutex_wait), HOLD(km_sem_own), START(km_sem_wait), HOLD(km_rt_own), START(km_rt_wait),
	START(km_pair_left), START(km_pair_right), START(km_ring_one), START(km_ring_two), START(km_ring_three), START(km_twice),
	HOLD(km_crowd_own),
	START(km_crowd), START(km_crowd), START(km_crowd), START(km_crowd), START(km_crowd), START(km_crowd), START(km_crowd),
	START(km_crowd), START(km_crowd), START(km_crowd), START(km_crowd), START(km_crowd), START(km_crowd), START(km_crowd),
	START(km_crowd), START(km_crowd), START(km_crowd), START(km_crowd), START(km_crowd), START(km_crowd), START(km_crowd),
	HOLD(km_rw_first), HOLD(km_rw_left), START(km_rw_write), START(km_rw_read), HOLD(km_dev_first), HOLD(km_dev_left),
	START(km_dev_write), HOLD(km_shelf_own), START(km_shelf_read), START(km_completion), START(km_swait), START(km_bit),
	START(km_variable), HOLD(km_pcpu_own), START(km_pcpu_read), HOLD(km_pcpu_in), START(km_pcpu_write), START(km_flush),
	START(km_drain), HOLD(km_srcu_read), START(km_srcu), HOLD(km_stubborn), START(km_stop), START(km_nap), {},
};
static const struct lab_thread second[] = {
	HOLD(km_rtnl_own), START(km_rtnl_wait), HOLD(km_con_own), START(km_con_wait), HOLD(km_umount_read),
	START(km_umount_wait), HOLD(km_rcu_read), START(km_rcu), {},
};
static const struct lab_thread third[] = {
	START(km_spin_own), START(km_spin_first), START(km_spin_next), START(km_rwlock), {},
};

/* All are created before the first runs: a thread that spins leaves its CPU to nobody. */
static int lab_start(const struct lab_thread *thread, bool is_bound)
{
	struct task_struct *tasks[ARRAY_SIZE(first)];
	int i, count = 0;

	for (; thread[count].name; count++) {
		struct task_struct *task = kthread_create(thread[count].run, NULL, "%s", thread[count].name);

		if (IS_ERR(task))
			return PTR_ERR(task);
		if (thread[count].run == km_stubborn) {
			get_task_struct(task);
			lab_stubborn = task;
		}
		if (is_bound)
			kthread_bind(task, count + 1);
		tasks[count] = task;
	}
	for (i = 0; i < count; i++) {
		int tries = 0, holders = atomic_read(&lab_holders);

		wake_up_process(tasks[i]);
		do
			msleep(150);
		while (thread[i].holds && atomic_read(&lab_holders) == holders && tries++ < 200);
	}
	return 0;
}

static int lab_stage(const char *value, const struct kernel_param *parameter)
{
	switch (value[0]) {
	case '1':
		return lab_start(first, false);
	case '2':
		return lab_start(second, false);
	case '3':
		return lab_start(third, true);
	default:
		return -EINVAL;
	}
}
static const struct kernel_param_ops stage_ops = { .set = lab_stage };
module_param_cb(stage, &stage_ops, NULL, 0200);

static int __init lab_kinds_init(void)
{
	lab_device = kzalloc(sizeof(*lab_device), GFP_KERNEL);
	lab_queue = alloc_workqueue("lab_queue", 0, 1);
	if (!lab_device || !lab_queue || percpu_init_rwsem(&lab_percpu_held) || percpu_init_rwsem(&lab_percpu_read))
		return -ENOMEM;
	strscpy(lab_device->name, "lab-device", sizeof(lab_device->name));
	init_rwsem(&lab_device->sem);
	spin_lock_init(&lab_device->lock);
	return 0;
}
module_init(lab_kinds_init);
MODULE_LICENSE("Dual MIT/GPL");
