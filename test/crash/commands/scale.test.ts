/** What a command reads for each task does not grow with the number of tasks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toyTasks } from "../../builders/tasks.ts";
import { pieces, toyContext } from "../../builders/transcript.ts";

const MM = 0xffff_8880_6000_0000n;
const NODE = 0xffff_8880_7000_0000n;
const SIGHAND = 0xffff_8880_7000_2000n;
const FILES = 0xffff_8880_7000_4000n;

/** One process with `count` threads that share memory, files and signal handlers, as a kernel before v6.2 counts them. */
function process(count: number) {
  const shared = { mm: MM, sighand: SIGHAND, files: FILES, rss_stat: { count: [1, 1, 0, 0] }, __state: 1 };
  return toyTasks({
    cpus: [0, 0],
    taskMembers: `struct task_rss_stat { int events; int count[4]; } rss_stat; struct sighand_struct *sighand;
      struct files_struct *files; struct fs_struct *fs; struct { struct list_head list; int signal; } pending;
      int blocked;`,
    tasks: Array.from({ length: count }, (_, i) => ({ pid: 10 + i, tgid: 10, comm: `t${i}`, with: shared })),
    more: {
      types: `struct vm_area_struct { unsigned long vm_start, vm_end; struct vm_area_struct *vm_next;
          unsigned long vm_flags; void *vm_file; };`,
      symbols: { contig_page_data: NODE },
      vmcoreinfo: { "OFFSET(pglist_data.node_start_pfn)": "0", "OFFSET(pglist_data.node_spanned_pages)": "16" },
      memory: [
        ["unsigned long [3]", NODE, [0, 9000, 10_000]],
        ["struct mm_struct", MM, { total_vm: 565, rss_stat: [{ counter: 250 }, { counter: 200 }] }],
      ],
    },
  });
}

/** Reads of memory that a command line makes. */
function reads(count: number, line: string): number {
  const kernel = process(count);
  let all = 0;
  for (const name of ["u8", "u16", "u32", "u64", "word", "read", "page", "cString"] as const) {
    const own = kernel.memory[name].bind(kernel.memory) as (...args: unknown[]) => unknown;
    Object.assign(kernel.memory, { [name]: (...args: unknown[]) => (all++, own(...args)) });
  }
  pieces(toyContext(kernel), line);
  return all;
}

for (const line of ["ps", "ps -s", "ps -m", "ps -t", "ps -g", "ps -c", "ps -p", "ps -r", "ps -S", "foreach ps"]) {
  test(`${line} reads no more for each of 200 threads than for each of 50`, () => {
    const [few, many] = [reads(50, line), reads(200, line)];
    assert.ok(few > 50, `${few} reads`);
    assert.ok(many / few < 4.4, `${few} reads for 50 threads, ${many} for 200`);
  });
}
