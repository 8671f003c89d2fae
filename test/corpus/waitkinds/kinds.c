// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Processes that wait for one thing each; the name of a process says for what. `kinds` starts them all and returns,
 * `kinds rtnl` is one more, which asks for the list of interfaces.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/aio_abi.h>
#include <linux/fuse.h>
#include <linux/io_uring.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void forever(void)
{
	for (;;)
		pause();
}

static void name(const char *what)
{
	prctl(PR_SET_NAME, what);
}

static void short_while(void)
{
	usleep(300000);
}

static void failed(const char *what)
{
	char comm[16] = "";

	prctl(PR_GET_NAME, comm);
	printf("kinds: %s: %s: %s\n", comm, what, strerror(errno));
	forever();
}

static pid_t start(const char *what, void (*run)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		name(what);
		run();
		failed("does not wait");
	}
	printf("kinds: %d %s\n", pid, what);
	short_while();
	return pid;
}

static void thread(void *(*run)(void *))
{
	pthread_t one;

	if (pthread_create(&one, NULL, run, NULL))
		failed("pthread_create");
}

/* ---- pipes ---- */
static int data[2], room[2];
static void pipe_data(void)
{
	char c;

	close(data[1]);
	close(room[0]);
	close(room[1]);
	read(data[0], &c, 1);
}
/* Has the end to which nothing is written, and the end from which nothing is read. */
static void pipe_keeper(void)
{
	close(data[0]);
	close(room[1]);
	forever();
}
static void pipe_room(void)
{
	char some[4096] = "";

	close(data[0]);
	close(data[1]);
	close(room[0]);
	for (;;)
		write(room[1], some, sizeof some);
}
static void fifo_open(void)
{
	mkfifo("/run/kinds.fifo", 0600);
	open("/run/kinds.fifo", O_RDONLY);
}

/* ---- sockets ---- */
static int pair[2], full[2];
static void unix_recv(void)
{
	char c;

	close(pair[1]);
	close(full[0]);
	close(full[1]);
	recv(pair[0], &c, 1, 0);
}
static void unix_peer(void)
{
	close(pair[0]);
	close(full[1]);
	forever();
}
static void unix_send(void)
{
	char some[4096] = "";

	close(pair[0]);
	close(pair[1]);
	close(full[0]);
	for (;;)
		send(full[1], some, sizeof some, 0);
}
static int unix_at(const char *path, int backlog)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(at.sun_path, path);
	if (backlog >= 0) {
		unlink(path);
		if (bind(s, (void *)&at, sizeof at) || listen(s, backlog))
			failed(path);
	} else if (connect(s, (void *)&at, sizeof at)) {
		failed(path);
	}
	return s;
}
static void unix_accept(void)
{
	accept(unix_at("/run/accept.sock", 4), NULL, NULL);
}
static void unix_listen(void)
{
	unix_at("/run/busy.sock", 0);
	forever();
}
/* The first connection is queued, the second has to wait. */
static void unix_connect(void)
{
	unix_at("/run/busy.sock", -1);
	unix_at("/run/busy.sock", -1);
	unix_at("/run/busy.sock", -1);
}
static int tcp(int port, int backlog)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (backlog >= 0) {
		if (bind(s, (void *)&at, sizeof at) || listen(s, backlog))
			failed("listen");
	} else if (connect(s, (void *)&at, sizeof at)) {
		failed("connect");
	}
	return s;
}
/* Accepts what comes and says nothing. */
static void tcp_silent(void)
{
	int s = tcp(9001, 8);

	accept(s, NULL, NULL);
	accept(s, NULL, NULL);
	forever();
}
static void tcp_recv(void)
{
	char c;

	recv(tcp(9001, -1), &c, 1, 0);
}
static void tcp_send(void)
{
	char some[65536] = "";
	int s = tcp(9001, -1);

	for (;;)
		send(s, some, sizeof some, 0);
}
static void tcp_accept(void)
{
	accept(tcp(9002, 4), NULL, NULL);
}
static void tcp_listen(void)
{
	tcp(9003, 0);
	forever();
}
static void tcp_connect(void)
{
	tcp(9003, -1);
	tcp(9003, -1);
	tcp(9003, -1);
}
static void udp_recv(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(9004) };
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	char c;

	bind(s, (void *)&at, sizeof at);
	recv(s, &c, 1, 0);
}
static void netlink_recv(void)
{
	int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT);
	struct sockaddr_nl at = { .nl_family = AF_NETLINK };
	char c;

	bind(s, (void *)&at, sizeof at);
	recv(s, &c, 1, 0);
}

/* ---- several at once ---- */
static void poll_two(void)
{
	int p[2], s[2];

	pipe(p);
	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	struct pollfd both[] = { { .fd = p[0], .events = POLLIN }, { .fd = s[0], .events = POLLIN } };
	poll(both, 2, -1);
}
static void select_one(void)
{
	int event = eventfd(0, 0);
	fd_set set;

	FD_ZERO(&set);
	FD_SET(event, &set);
	select(event + 1, &set, NULL, NULL, NULL);
}
static void epoll_two(void)
{
	int at = epoll_create1(0), event = eventfd(0, 0), p[2];
	struct epoll_event e = { .events = EPOLLIN };

	pipe(p);
	epoll_ctl(at, EPOLL_CTL_ADD, event, &e);
	epoll_ctl(at, EPOLL_CTL_ADD, p[0], &e);
	epoll_wait(at, &e, 1, -1);
}
static void uring_wait(void)
{
	struct io_uring_params parameters = { 0 };
	int at = syscall(SYS_io_uring_setup, 4, &parameters);

	syscall(SYS_io_uring_enter, at, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
}
static void aio_wait(void)
{
	aio_context_t context = 0;
	struct io_event event;

	syscall(SYS_io_setup, 4, &context);
	syscall(SYS_io_getevents, context, 1, 1, &event, NULL);
}

/* ---- children ---- */
static void wait_any(void)
{
	if (fork() == 0) {
		name("wait_child");
		forever();
	}
	wait(NULL);
}
static void wait_second(void)
{
	pid_t second;

	if (fork() == 0) {
		name("first_child");
		forever();
	}
	second = fork();
	if (second == 0) {
		name("second_child");
		forever();
	}
	waitpid(second, NULL, 0);
}
static void vfork_parent(void)
{
	if (vfork() == 0) {
		name("vfork_child");
		forever();
	}
}

/* ---- System V and POSIX queues ---- */
static void sem_take(void)
{
	struct sembuf take = { .sem_num = 1, .sem_op = -1 };

	semop(semget(0x1ab012, 3, IPC_CREAT | 0600), &take, 1);
}
static void msg_take(void)
{
	struct { long type; char text[40]; } m;

	msgrcv(msgget(0x1ab013, IPC_CREAT | 0600), &m, sizeof m.text, 0, 0);
}
static void mq_take(void)
{
	struct mq_attr attributes = { .mq_maxmsg = 2, .mq_msgsize = 64 };
	char m[64];

	mq_receive(mq_open("/kinds", O_RDONLY | O_CREAT, 0600, &attributes), m, sizeof m, NULL);
}

/* ---- locks of files ---- */
static void lock_keeper(void)
{
	struct flock all = { .l_type = F_WRLCK };

	fcntl(open("/tmp/ranges", O_RDWR | O_CREAT, 0600), F_SETLK, &all);
	flock(open("/tmp/whole", O_RDWR | O_CREAT, 0600), LOCK_EX);
	forever();
}
static void lock_range(void)
{
	struct flock all = { .l_type = F_WRLCK };

	fcntl(open("/tmp/ranges", O_RDWR), F_SETLKW, &all);
}
static void lock_whole(void)
{
	flock(open("/tmp/whole", O_RDWR), LOCK_EX);
}

/* ---- signals and time ---- */
static void sig_wait(void)
{
	sigset_t set;
	int which;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigwait(&set, &which);
}
static void sig_suspend(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigsuspend(&set);
}
static void sig_stop(void)
{
	raise(SIGSTOP);
}
static void traced_parent(void)
{
	if (fork() == 0) {
		name("traced_child");
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGTRAP);
	}
	forever();
}
static void nap(void)
{
	struct timespec long_time = { .tv_sec = 100000 };

	nanosleep(&long_time, NULL);
}
static void timer_read(void)
{
	struct itimerspec late = { .it_value.tv_sec = 100000 };
	int at = timerfd_create(CLOCK_MONOTONIC, 0);
	uint64_t count;

	timerfd_settime(at, 0, &late, NULL);
	read(at, &count, sizeof count);
}
static void event_read(void)
{
	uint64_t count;

	read(eventfd(0, 0), &count, sizeof count);
}
static void inotify_read(void)
{
	int at = inotify_init();
	char some[512];

	mkdir("/tmp/empty", 0700);
	inotify_add_watch(at, "/tmp/empty", IN_CREATE);
	read(at, some, sizeof some);
}
static void signal_read(void)
{
	struct signalfd_siginfo one;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	read(signalfd(-1, &set, 0), &one, sizeof one);
}
static void tty_read(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	char path[64], c;

	grantpt(master);
	unlockpt(master);
	ptsname_r(master, path, sizeof path);
	read(open(path, O_RDWR | O_NOCTTY), &c, 1);
}
static void cg_frozen(void)
{
	int at;

	mkdir("/sys/fs/cgroup/cold", 0755);
	at = open("/sys/fs/cgroup/cold/cgroup.procs", O_WRONLY);
	write(at, "0", 1);
	if (fork() == 0) {
		name("cg_child");
		forever();
	}
	at = open("/sys/fs/cgroup/cold/cgroup.freeze", O_WRONLY);
	write(at, "1", 1);
	forever();
}

/* ---- futexes ---- */
static uint32_t word_of_none;
static void futex_wait(void)
{
	syscall(SYS_futex, &word_of_none, 0 | 128, 0, NULL, NULL, 0);
}
static void futex_file(void)
{
	int at = open("/tmp/futex", O_RDWR | O_CREAT, 0600);

	ftruncate(at, 4096);
	syscall(SYS_futex, (char *)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, at, 0) + 64, 0, 0, NULL, NULL, 0);
}
static pthread_mutex_t inherited;
static void *pi_waiter(void *unused)
{
	name("pi_waiter");
	short_while();
	pthread_mutex_lock(&inherited);
	return NULL;
}
static void pi_owner(void)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&inherited, &attributes);
	pthread_mutex_lock(&inherited);
	thread(pi_waiter);
	forever();
}

/* ---- a file system whose daemon answers no read and no write ---- */
#define FUSE_AT "/mnt/fuse"
static const char *const files[] = { "direct", "cached", "mapped", "written", "stuck" };

static void answer(int at, uint64_t unique, int error, const void *body, size_t size)
{
	struct fuse_out_header head = { .len = sizeof head + size, .error = -error, .unique = unique };
	struct iovec parts[] = { { &head, sizeof head }, { (void *)body, size } };

	writev(at, parts, 2);
}

static struct fuse_attr attributes(uint64_t node)
{
	return (struct fuse_attr){ .ino = node, .size = node == 1 ? 0 : 1 << 20, .mode = node == 1 ? S_IFDIR | 0755 : S_IFREG | 0644, .nlink = 1, .blksize = 4096 };
}

static void fuse_daemon(void)
{
	static char request[1 << 20];
	int at = open("/dev/fuse", O_RDWR);
	char options[128];

	mkdir(FUSE_AT, 0755);
	sprintf(options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", at);
	if (mount("kinds", FUSE_AT, "fuse", 0, options))
		failed("mount");
	for (;;) {
		struct fuse_in_header *head = (void *)request;
		ssize_t size = read(at, request, sizeof request);

		if (size < 0)
			failed("read");
		switch (head->opcode) {
		case FUSE_INIT: {
			struct fuse_init_out out = { .major = 7, .minor = 31, .max_write = 65536, .max_readahead = 65536, .max_background = 12, .flags = FUSE_ASYNC_READ };

			answer(at, head->unique, 0, &out, sizeof out);
			break;
		}
		case FUSE_LOOKUP: {
			struct fuse_entry_out out = { .attr_valid = 100000, .entry_valid = 100000 };

			for (unsigned i = 0; i < sizeof files / sizeof *files; i++)
				if (!strcmp((char *)(head + 1), files[i]))
					out.nodeid = i + 2;
			out.attr = attributes(out.nodeid);
			answer(at, head->unique, out.nodeid ? 0 : ENOENT, &out, out.nodeid ? sizeof out : 0);
			break;
		}
		case FUSE_GETATTR: {
			struct fuse_attr_out out = { .attr_valid = 100000, .attr = attributes(head->nodeid) };

			answer(at, head->unique, 0, &out, sizeof out);
			break;
		}
		case FUSE_OPEN: {
			int is_direct = head->nodeid == 2 || head->nodeid == 5 || head->nodeid == 6;
			struct fuse_open_out out = { .open_flags = is_direct ? FOPEN_DIRECT_IO : 0 };

			answer(at, head->unique, 0, &out, sizeof out);
			break;
		}
		case FUSE_READ:
		case FUSE_WRITE:
		case FUSE_FORGET:
		case FUSE_BATCH_FORGET:
		case FUSE_INTERRUPT:
			break;
		default:
			answer(at, head->unique, ENOSYS, NULL, 0);
		}
	}
}
static void fuse_direct(void)
{
	char some[512];

	read(open(FUSE_AT "/direct", O_RDONLY), some, sizeof some);
}
static void fuse_cached(void)
{
	char some[512];

	read(open(FUSE_AT "/cached", O_RDONLY), some, sizeof some);
}
static void inode_own(void)
{
	write(open(FUSE_AT "/written", O_WRONLY), "some", 4);
}
static void inode_wait(void)
{
	write(open(FUSE_AT "/written", O_WRONLY), "more", 4);
}
/* Its mmap_lock is taken for reading by mm_peek, which waits for the page, and by mm_left, which has left. */
static void *mapped;
static pid_t mapper;
static void mm_owner(void)
{
	mapped = mmap((void *)0x700000000000, 4096, PROT_READ, MAP_SHARED | MAP_FIXED, open(FUSE_AT "/mapped", O_RDONLY), 0);
	sleep(3);
	mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void open_of(const char *what, char *some, size_t size, off_t from)
{
	char path[64];

	sprintf(path, "/proc/%d/%s", mapper, what);
	pread(open(path, O_RDONLY), some, size, from);
}
static void mm_peek(void)
{
	char some[64];

	open_of("mem", some, sizeof some, 0x700000000000);
}
static void mm_left(void)
{
	char some[4096];

	open_of("maps", some, sizeof some, 0);
	forever();
}
static void mm_late(void)
{
	char some[64];

	open_of("mem", some, sizeof some, 0x700000000000);
}

/* A thread that no signal gets out of the kernel: its request is already in the daemon's hands. */
static void *stuck(void *with_name)
{
	char some[512];

	read(open(FUSE_AT "/stuck", O_RDONLY), some, sizeof some);
	return NULL;
}
static void *exec_stuck(void *unused)
{
	name("exec_stuck");
	return stuck(NULL);
}
static void exec_waits(void)
{
	thread(exec_stuck);
	sleep(1);
	execl("/bin/busybox", "sleep", "100000", NULL);
}
static void *core_stuck(void *unused)
{
	name("core_stuck");
	return stuck(NULL);
}
static void *core_victim(void *unused)
{
	name("core_victim");
	forever();
	return NULL;
}
static void core_dumper(void)
{
	struct rlimit any = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &any);
	thread(core_stuck);
	thread(core_victim);
	sleep(1);
	abort();
}

/* ---- NFS: the server accepts the connection and says nothing ---- */
static void nfs_silent(void)
{
	int s = tcp(9100, 8);

	for (;;)
		accept(s, NULL, NULL);
}
static void nfs_mount(void)
{
	mkdir("/mnt/nfs", 0755);
	if (mount("127.0.0.1:/export", "/mnt/nfs", "nfs", 0,
		  "addr=127.0.0.1,vers=3,proto=tcp,port=9101,mountaddr=127.0.0.1,mountproto=tcp,mountport=9100,mountvers=3,nolock"))
		failed("mount");
}

static void rtnl_user(void)
{
	struct { struct nlmsghdr head; struct ifinfomsg body; } ask = {
		.head = { .nlmsg_len = sizeof ask, .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP } };
	int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	send(s, &ask, sizeof ask, 0);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 1 && !strcmp(argv[1], "rtnl")) {
		start("rtnl_user", rtnl_user);
		return 0;
	}
	pipe(data), pipe(room);
	start("pipe_keeper", pipe_keeper), start("pipe_data", pipe_data), start("pipe_room", pipe_room);
	close(data[0]), close(data[1]), close(room[0]), close(room[1]);
	start("fifo_open", fifo_open);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair), socketpair(AF_UNIX, SOCK_STREAM, 0, full);
	start("unix_peer", unix_peer), start("unix_recv", unix_recv), start("unix_send", unix_send);
	close(pair[0]), close(pair[1]), close(full[0]), close(full[1]);
	start("unix_accept", unix_accept);
	start("unix_listen", unix_listen), start("unix_connect", unix_connect);
	start("tcp_silent", tcp_silent), start("tcp_recv", tcp_recv), start("tcp_send", tcp_send);
	start("tcp_accept", tcp_accept), start("tcp_listen", tcp_listen), start("tcp_connect", tcp_connect);
	start("udp_recv", udp_recv), start("netlink_recv", netlink_recv);
	start("poll_two", poll_two), start("select_one", select_one), start("epoll_two", epoll_two);
	start("uring_wait", uring_wait), start("aio_wait", aio_wait);
	start("wait_any", wait_any), start("wait_second", wait_second), start("vfork_parent", vfork_parent);
	start("sem_take", sem_take), start("msg_take", msg_take), start("mq_take", mq_take);
	start("lock_keeper", lock_keeper), start("lock_range", lock_range), start("lock_whole", lock_whole);
	start("sig_wait", sig_wait), start("sig_suspend", sig_suspend), start("sig_stop", sig_stop);
	start("traced_parent", traced_parent), start("nap", nap), start("timer_read", timer_read);
	start("event_read", event_read), start("inotify_read", inotify_read), start("signal_read", signal_read);
	start("tty_read", tty_read), start("cg_frozen", cg_frozen);
	start("futex_wait", futex_wait), start("futex_file", futex_file), start("pi_owner", pi_owner);
	start("fuse_daemon", fuse_daemon);
	sleep(1);
	start("fuse_direct", fuse_direct), start("fuse_cached", fuse_cached);
	start("inode_own", inode_own), start("inode_wait", inode_wait);
	mapper = start("mm_owner", mm_owner);
	start("mm_peek", mm_peek), start("mm_left", mm_left);
	sleep(4);
	start("mm_late", mm_late);
	start("exec_waits", exec_waits), start("core_dumper", core_dumper);
	start("nfs_silent", nfs_silent), start("nfs_mount", nfs_mount);
	sleep(2);
	return 0;
}
