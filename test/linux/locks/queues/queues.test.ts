import assert from "node:assert/strict";
import { test } from "node:test";
import type { Wait } from "../../../../src/linux/locks/resource.ts";
import { taskWait } from "../../../../src/linux/locks/taskWait.ts";
import type { ToyKernel, ToyValue } from "../../../builders/kernel.ts";
import { lockTypes, ring, type Sleeper, sleepingKernel, waiterAddress } from "../../../builders/sleepers.ts";
import { taskAddress, type ToyTask } from "../../../builders/tasks.ts";

const OBJECT = 0xffff_8880_3000_0000n;
const INODE = OBJECT + 0x1000n;
const FILES = OBJECT + 0x2000n;
/** The function that wakes an entry: any address in the text of the sleepers. */
const WAKE = 0xffff_ffff_8100_0020n;
/** Offsets of a queue's list and of an entry's. */
const HEAD = 8n;
const ENTRY = 24n;

type Memory = readonly (readonly [string, bigint, ToyValue])[];

interface Queued {
  readonly functions: readonly string[];
  /** Address of the `wait_queue_head`. */
  readonly queue: bigint;
  readonly types: string;
  readonly taskMembers?: string;
  readonly tasks?: readonly ToyTask[];
  readonly with?: Sleeper["with"];
  readonly memory: Memory;
}

/** Task 5 sleeps in an entry of a queue. */
const queued = (of: Queued): ToyKernel =>
  sleepingKernel({
    types: lockTypes + of.types,
    taskMembers: of.taskMembers ?? "",
    sleepers: [{ pid: 5, comm: "waiter", functions: ["schedule", ...of.functions], with: of.with ?? {} }],
    tasks: of.tasks ?? [],
    memory: [
      // What is read around a list's head has to be there.
      ["unsigned char [4096]", OBJECT - 0x800n, new Uint8Array(4096)],
      ["struct wait_queue_entry", waiterAddress(5), { private: taskAddress(5), func: WAKE }],
      ...of.memory,
      ...ring(of.queue + HEAD, waiterAddress(5) + ENTRY),
    ],
  });

const waitOf = (kernel: ToyKernel): Wait => taskWait(kernel, taskAddress(5));
const held = ({ state }: Wait): readonly (readonly [bigint, string])[] =>
  (state?.holders ?? []).map(({ task, certainty }) => [task, certainty]);

const fileTypes = `
  struct dentry; struct file_system_type { const char *name; };
  struct super_block { struct file_system_type *s_type; char s_id[32]; };
  struct inode { unsigned short i_mode; struct super_block *i_sb; unsigned long i_ino; void *i_pipe; };
  struct file { struct inode *f_inode; unsigned int f_mode; void *private_data; };
  struct fdtable { unsigned int max_fds; struct file **fd; unsigned long *open_fds; };
  struct files_struct { struct fdtable *fdt; };`;

/** A task's table of files with one open file, at a place of its own. */
const openFile = (at: bigint, file: { [member: string]: ToyValue }): Memory => [
  ["struct files_struct", at, { fdt: at + 0x100n }],
  ["struct fdtable", at + 0x100n, { max_fds: 64, fd: at + 0x200n, open_fds: at + 0x500n }],
  ["unsigned long", at + 0x500n, 1n],
  ["unsigned long", at + 0x200n, at + 0x600n],
  ["struct file", at + 0x600n, file],
];

const FIFO = 0o010600;
const READS = 1;
const WRITES = 2;

const pipe = (function_: string, mode: number): ToyKernel =>
  queued({
    functions: [function_, "vfs_read"],
    // The queue of readers is the first member.
    queue: OBJECT,
    types: `${fileTypes} struct pipe_inode_info { struct wait_queue_head rd_wait, wr_wait; unsigned int ring_size, readers, writers, files; };`,
    taskMembers: "struct files_struct *files;",
    tasks: [{ pid: 7, comm: "other", with: { files: FILES } }],
    memory: [
      ["struct pipe_inode_info", OBJECT, { ring_size: 16, readers: 1, writers: 1, files: 2 }],
      ["struct inode", INODE, { i_mode: FIFO, i_ino: 1234n, i_sb: INODE + 0x100n, i_pipe: OBJECT }],
      ["struct super_block", INODE + 0x100n, { s_type: INODE + 0x200n }],
      ["struct file_system_type", INODE + 0x200n, { name: "pipefs" }],
      ...openFile(FILES, { f_inode: INODE, f_mode: mode }),
    ],
  });

test("a reader of a pipe waits for the tasks that have the writing end open", () => {
  const wait = waitOf(pipe("pipe_read", WRITES));
  assert.equal(wait.resource?.phrase, "data in pipe:[1234]");
  assert.deepEqual(held(wait), [[taskAddress(7), "possible"]]);
});

test("a task that opens a FIFO waits for the other end in no mode, because both ends wait in the same queue", () => {
  assert.equal(waitOf(pipe("wait_for_partner", WRITES)).mode, undefined);
});

test("a task that has only the same end of a pipe open is not one of them", () => {
  assert.deepEqual(held(waitOf(pipe("pipe_read", READS))), []);
});

const fileLockTypes = `${fileTypes}
  struct path { void *mnt; struct dentry *dentry; };
  struct file_lock { struct file_lock *fl_blocker; struct list_head fl_blocked_requests, fl_blocked_member;
    void *fl_owner; unsigned int fl_flags; unsigned char fl_type; unsigned int fl_pid; struct wait_queue_head fl_wait;
    struct file *fl_file; };`;

/** A request that is blocked by another, which is blocked by the lock that process 7 owns. */
const fileLock = (isListed: boolean): ToyKernel => {
  const [request, between, lock] = [OBJECT, OBJECT + 0x200n, OBJECT + 0x400n];
  const [requests, member, wait] = [8n, 24n, 64n];
  const blocked = (one: bigint, by: bigint) =>
    ["struct file_lock", one, { fl_blocker: by, fl_flags: 1, fl_type: 1, fl_file: INODE }] as const;
  return queued({
    functions: ["locks_lock_inode_wait", "fcntl_setlk"],
    queue: request + wait,
    types: fileLockTypes,
    taskMembers: "struct files_struct *files;",
    tasks: [{ pid: 7, comm: "owner", with: { files: FILES } }],
    memory: [
      blocked(request, between),
      blocked(between, lock),
      ["struct file_lock", lock, { fl_flags: 1, fl_owner: FILES, fl_pid: 7 }],
      ["struct file", INODE, { f_inode: INODE + 0x100n }],
      ["struct inode", INODE + 0x100n, { i_sb: INODE + 0x200n, i_ino: 9n }],
      ["struct super_block", INODE + 0x200n, { s_type: INODE + 0x300n }],
      ["struct file_system_type", INODE + 0x300n, { name: "pipefs" }],
      ...ring(between + requests, request + member),
      ...(isListed ? ring(lock + requests, between + member) : ring(lock + requests)),
    ],
  });
};

test("the holder of a POSIX lock is the process whose table of files owns it, past other blocked requests", () => {
  const wait = waitOf(fileLock(true));
  assert.equal(wait.resource?.kind, "file lock");
  assert.equal(wait.resource.phrase, "POSIX lock of pipe:[9]");
  assert.deepEqual(held(wait), [[taskAddress(7), "certain"]]);
});

test("a request that is not in the list of what blocks it leads to no lock", () => {
  assert.equal(waitOf(fileLock(false)).resource?.kind, "wait queue");
});

test("the event of an eventfd is recognised by the waiting function and the type that contains the queue", () => {
  const kernel = queued({
    functions: ["eventfd_read", "vfs_read"],
    queue: OBJECT + 8n,
    types: "struct eventfd_ctx { unsigned long count; struct wait_queue_head wqh; };",
    memory: [["struct eventfd_ctx", OBJECT, {}]],
  });
  const { resource } = waitOf(kernel);
  assert.equal(resource?.kind, "event");
  assert.equal(resource.address, OBJECT);
  assert.equal(resource.phrase, "the count of an eventfd");
});

const socketTypes = `
  struct net; struct proto { char name[32]; };
  struct sock_common { unsigned short skc_family; struct proto *skc_prot; };
  struct socket_wq { struct wait_queue_head wait; };
  struct sock { struct sock_common __sk_common; struct socket_wq *sk_wq; };
  struct unix_sock { struct sock sk; void *addr; struct sock *peer; };
  struct socket { unsigned int state; struct sock *sk; struct socket_wq wq; };`;
const NETLINK = 16;

const socket = (points: bigint): ToyKernel =>
  queued({
    functions: ["__skb_wait_for_more_packets", "netlink_recvmsg"],
    queue: OBJECT + 16n,
    types: socketTypes,
    memory: [
      ["struct socket", OBJECT, { sk: INODE }],
      ["struct sock", INODE, { __sk_common: { skc_family: NETLINK, skc_prot: INODE + 0x100n }, sk_wq: points }],
      ["struct proto", INODE + 0x100n, { name: "NETLINK" }],
    ],
  });

test("a task in recv waits for data on the socket whose sock points back to the queue", () => {
  const { resource, mode } = waitOf(socket(OBJECT + 16n));
  assert.equal(resource?.phrase, "data on NETLINK");
  assert.equal(mode, "read");
});

test("a queue to which no sock points back is not that of a socket", () => {
  assert.equal(waitOf(socket(OBJECT)).resource?.kind, "wait queue");
});

const pollTypes = `${fileTypes}
  struct poll_table_page { struct poll_table_page *next; void *entry; };
  struct poll_table_entry { struct file *filp; unsigned long key; struct wait_queue_entry wait; void *wait_address; };
  struct poll_wqueues { void *pt[2]; struct poll_table_page *table; struct task_struct *polling_task; int triggered, error, inline_index;
    struct poll_table_entry inline_entries[2]; };`;

/** A poll_wqueues on the stack with one entry, in a queue or left over from an earlier call. */
const poll = (isLinked: boolean): ToyKernel => {
  const table = waiterAddress(5, 2);
  // Offsets of the first entry, of its waiter and of that one's list.
  const entry = table + 48n;
  const list = entry + 16n + ENTRY;
  return sleepingKernel({
    types: lockTypes + pollTypes,
    sleepers: [{ pid: 5, comm: "poller", functions: ["schedule", "do_sys_poll", "__x64_sys_poll", "syscall"] }],
    memory: [
      ["struct poll_wqueues", table, { polling_task: taskAddress(5), inline_index: 1 }],
      ["struct poll_table_entry", entry, { filp: INODE, wait: { private: table } }],
      ["struct file", INODE, { f_inode: INODE + 0x100n }],
      ["struct inode", INODE + 0x100n, { i_sb: INODE + 0x200n, i_ino: 77n }],
      ["struct super_block", INODE + 0x200n, { s_type: INODE + 0x300n }],
      ["struct file_system_type", INODE + 0x300n, { name: "pipefs" }],
      ...(isLinked ? ring(OBJECT + HEAD, list) : []),
    ],
  });
};

test("a task in poll waits for events of the files of its entries", () => {
  assert.equal(waitOf(poll(true)).resource?.phrase, "events of pipe:[77]");
});

test("entries that are in no list are from an earlier poll", () => {
  const { resource, unknown } = waitOf(poll(false));
  assert.equal(resource, undefined);
  assert.equal(unknown, undefined);
});

test("the files of a poll are read up to the end of a page, whatever its size", () => {
  const table = waiterAddress(5, 2);
  const page = OBJECT + 0x10000n;
  const entries = 100;
  const of = (PAGESIZE: string): string | undefined => {
    const kernel = sleepingKernel({
      types:
        lockTypes +
        pollTypes
          .replace("void *entry; };", "void *entry; struct poll_table_entry entries[0]; };")
          .replace(/(struct poll_table_page \{[^}]*\};)\s*(struct poll_table_entry \{[^}]*\};)/, "$2 $1"),
      vmcoreinfo: { PAGESIZE },
      sleepers: [{ pid: 5, comm: "poller", functions: ["schedule", "do_sys_poll", "__x64_sys_poll", "syscall"] }],
      memory: [
        ["struct poll_wqueues", table, { polling_task: taskAddress(5), inline_index: 0, table: page }],
        ["struct poll_table_page", page, { entry: page + 16n + BigInt(entries * 64) }],
        ...Array.from({ length: entries }, (_, i) => {
          const entry = page + 16n + BigInt(i * 64);
          return [
            ["struct poll_table_entry", entry, { filp: INODE + BigInt(i * 256), wait: { private: table } }] as const,
            ...ring(OBJECT + BigInt(i * 32), entry + 16n + ENTRY),
          ];
        }).flat(),
      ],
    });
    return waitOf(kernel).resource?.phrase;
  };
  assert.match(of("65536") ?? "", /^events of 100 files/);
  assert.match(of("4096") ?? "", /^events of 63 files/);
});

/** Task 5 waits for any child. @param isTracer whether it traces a task */
const parent = (wo_flags: number, isTracer = false): string | undefined => {
  const options = waiterAddress(5) - 16n;
  const kernel = queued({
    functions: ["do_wait", "kernel_wait4"],
    queue: OBJECT + 16n,
    types: `struct pid;
      struct wait_opts { int wo_type, wo_flags; struct pid *wo_pid; struct wait_queue_entry child_wait; };
      struct signal_struct { struct list_head thread_head; struct wait_queue_head wait_chldexit; };`,
    taskMembers: `struct signal_struct *signal; struct task_struct *group_leader;
      struct list_head children, sibling, ptraced, thread_node;`,
    with: { signal: OBJECT, group_leader: taskAddress(5) },
    memory: [
      ["int", options, 4],
      ["int", options + 4n, wo_flags],
      ["struct list_head", OBJECT, { next: OBJECT, prev: OBJECT }],
    ],
  });
  const task = kernel.object("struct task_struct", taskAddress(5));
  for (const member of ["children", "ptraced"]) {
    const { address } = task.at(member);
    const next = isTracer && member === "ptraced" ? OBJECT + 0x400n : address;
    kernel.put("struct list_head", address, { next, prev: next });
  }
  return waitOf(kernel).resource?.phrase;
};

test("a parent waits for a child to exit; to stop only if it asked for that or traces a task", () => {
  assert.equal(parent(4), "a child to exit");
  assert.equal(parent(4 | 2), "a child to exit or stop");
  assert.equal(parent(4, true), "a child to exit or stop");
});
