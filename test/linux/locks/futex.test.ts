/** Futexes in shared files. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { taskWait } from "../../../src/linux/locks/taskWait.ts";
import type { ToyKernel } from "../../builders/kernel.ts";
import { lockTypes, ring, type Sleeper, sleepingKernel, waiterAddress } from "../../builders/sleepers.ts";
import { taskAddress } from "../../builders/tasks.ts";

const BASE = 0xffff_8880_3000_0000n;
const INODE = BASE + 0x100n;
const SUPER = BASE + 0x400n;
const BUCKET = BASE + 0x800n;
const mmOf = (pid: number): bigint => BASE + BigInt(pid) * 0x1000n;
const FUT_OFF_INODE = 1;

const types = `${lockTypes}
  union futex_key { struct { unsigned long i_seq, pgoff; unsigned int offset; } shared;
    struct { struct mm_struct *mm; unsigned long address; unsigned int offset; } private;
    struct { unsigned long ptr, word; unsigned int offset; } both; };
  struct futex_q { struct { struct list_head node_list; } list; struct task_struct *task; void *lock_ptr;
    union futex_key key; };
  struct file_system_type { const char *name; };
  struct super_block { struct file_system_type *s_type; char s_id[32]; };
  struct inode { unsigned short i_mode; unsigned long i_ino; struct super_block *i_sb;
    struct { long counter; } i_sequence; struct hlist_head i_dentry; };
  struct file { struct inode *f_inode; };
  struct vm_area_struct { unsigned long vm_start, vm_end; struct vm_area_struct *vm_next, *vm_prev;
    struct file *vm_file; };`;

/** Two processes that wait in the same file, which each has mapped in an address space of its own. */
function kernelOf(offsets: readonly [number, number]): ToyKernel {
  const pids = [5, 6] as const;
  const inFutex = (pid: number): Sleeper => ({
    pid,
    comm: `task-${pid}`,
    functions: ["schedule", "futex_wait_queue", "futex_wait"],
    with: { mm: mmOf(pid) },
  });
  return sleepingKernel({
    types,
    sleepers: pids.map(inFutex),
    memory: [
      ["struct super_block", SUPER, { s_id: "tmpfs" }],
      ["struct inode", INODE, { i_mode: 0o100644, i_ino: 12, i_sb: SUPER, i_sequence: { counter: 77 } }],
      ["struct file", BASE + 0x200n, { f_inode: INODE }],
      ...pids.flatMap((pid, i) => [
        ["struct mm_struct", mmOf(pid), { mmap: mmOf(pid) + 0x800n }] as const,
        ["struct vm_area_struct", mmOf(pid) + 0x800n, { vm_file: BASE + 0x200n }] as const,
        [
          "struct futex_q",
          waiterAddress(pid),
          {
            task: taskAddress(pid),
            lock_ptr: BUCKET,
            key: { shared: { i_seq: 77, pgoff: 2, offset: (offsets[i] ?? 0) | FUT_OFF_INODE } },
          },
        ] as const,
      ]),
      ...ring(BUCKET, waiterAddress(5), waiterAddress(6)),
    ],
  });
}

const resourceOf = (kernel: ToyKernel, pid: number) => taskWait(kernel, taskAddress(pid)).resource;

test("processes that wait for one word of a shared file wait for the same futex", () => {
  const kernel = kernelOf([8, 8]);
  const futex = { kind: "futex", type: undefined, address: INODE, detail: "at offset 0x2008 of tmpfs, inode 12" };
  assert.deepEqual(resourceOf(kernel, 5), futex);
  assert.deepEqual(resourceOf(kernel, 6), futex);
});

test("other words of the file are other futexes", () => {
  const kernel = kernelOf([8, 12]);
  assert.notEqual(resourceOf(kernel, 5)?.detail, resourceOf(kernel, 6)?.detail);
});
