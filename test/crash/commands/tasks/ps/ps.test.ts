import assert from "node:assert/strict";
import { test } from "node:test";
import { stackAddress, toyTasks, type ToyMachine } from "../../../../builders/tasks.ts";
import { data, toyContext, transcript } from "../../../../builders/transcript.ts";

const MM = 0xffff_8880_6000_0000n;
const NODE = 0xffff_8880_7000_0000n;
const GLOBALS = 0xffff_8880_7000_1000n;

const machine: ToyMachine = {
  cpus: [0, 20],
  tasks: [
    { pid: 1, comm: "init", with: { mm: MM, __state: 1, thread: { sp: stackAddress(1) + 0x100n }, sched_info: { last_arrival: 8_000_000_000n } } }, // prettier-ignore
    { pid: 2, comm: "kthreadd", with: { flags: 0x200000, __state: 0x402 } },
    { pid: 20, comm: "pool", parent: 1, cpu: 1, with: { mm: MM, policy: 1, start_time: 3_500_000_000n, utime: 4_000_000n, stime: 12_000_000n, sched_info: { last_arrival: 8_900_000_000n } } }, // prettier-ignore
    { pid: 21, comm: "pool-0", tgid: 20, parent: 1, with: { mm: MM, __state: 1 } },
  ],
  more: {
    symbols: { contig_page_data: NODE, jiffies_64: GLOBALS },
    vmcoreinfo: { "OFFSET(pglist_data.node_start_pfn)": "0", "OFFSET(pglist_data.node_spanned_pages)": "16" },
    memory: [
      ["unsigned long [3]", NODE, [0, 9000, 10_000]],
      ["unsigned long", GLOBALS, BigInt.asUintN(32, -300n * 250n) + 250n * 10n],
      ["struct mm_struct", MM, { total_vm: 565, rss_stat: [{ counter: 250 }, { counter: 200 }] }],
    ],
  },
};

const context = (changes: Partial<ToyMachine> = {}) => toyContext(toyTasks({ ...machine, ...changes }));

const table = [
  "      PID    PPID  CPU       TASK        ST  %MEM      VSZ      RSS  COMM",
  ">       0       0   0  ffff888008000000  RU   0.0        0        0  [swapper/0]",
  "        0       0   1  ffff888008001000  RU   0.0        0        0  [swapper/1]",
  "        1       0   0  ffff888000001000  IN   4.5     2260     1800  init",
  "        2       0   0  ffff888000002000  ID   0.0        0        0  [kthreadd]",
  ">      20       1   1  ffff888000014000  RU   4.5     2260     1800  pool",
  "       21       1   0  ffff888000015000  IN   4.5     2260     1800  pool-0",
];
const rows = (...numbers: readonly number[]): string => [0, ...numbers].map((i) => table[i]).join("\n");

/** What follows `ps` to the rows of the table that it leaves. */
const selections: readonly (readonly [string, readonly number[]])[] = [
  ["", [1, 2, 3, 4, 5, 6]],
  ["-k", [1, 2, 4]],
  ["-u", [3, 5, 6]],
  ["-G", [1, 2, 3, 4, 5]],
  ["-I", [3, 4, 5, 6]],
  ["-A", [1, 5]],
  ["-kI", [4]],
  ["-y FIFO", [5]],
  ["-y 1,2", [5]],
  ["1 20", [3, 5]],
  ["ffff888000015000", [6]],
  ["pool", [5]],
  ["'pool.*'", [5, 6]],
  ["0", [1, 2]],
];

test("ps lists tasks with crash's columns, and less with its selectors", () => {
  for (const [selection, numbers] of selections) {
    assert.equal(transcript(context(), `ps ${selection}`), rows(...numbers), `ps ${selection}`);
  }
});

test("ps -H leaves the heading out and ps -s shows saved stack pointers", () => {
  assert.equal(transcript(context(), "ps -H 1"), table[3]);
  assert.equal(
    transcript(context(), "ps -s 1 20"),
    [
      "      PID    PPID  CPU      KSTACKP      ST  %MEM      VSZ      RSS  COMM",
      "        1       0   0  ffff888004004100  IN   4.5     2260     1800  init",
      ">      20       1   1         --         RU   4.5     2260     1800  pool",
    ].join("\n"),
  );
});

test("a value that the dump does not contain is a fault in its cell; other cells are complete", () => {
  const [init, ...others] = machine.tasks;
  assert.ok(init);
  const broken = context({ tasks: [{ ...init, with: { ...init.with, mm: 0xffff_8880_dead_0000n } }, ...others] });
  const [, row] = transcript(broken, "ps 1").split("\n");
  assert.match(
    row ?? "",
    /^ +1 +0 +0 +ffff888000001000 +IN *(<ffff8880dead[0-9a-f]{4}: page excluded from dump> *){3}init$/,
  );
  assert.deepEqual(Object.keys((data(broken, "ps 1")[0] as { rss: object }).rss), ["fault", "address", "message"]);
});

test("ps reports a pid that does not exist and lists the others", () => {
  assert.match(transcript(context(), "ps 1 99"), /^ps: invalid task or pid value: 99\n/);
  assert.ok(transcript(context(), "ps 1 99").endsWith(rows(3)));
});

const modes: readonly (readonly [string, readonly string[]])[] = [
  ["ps -S", ["  RU: 3", "  IN: 2", "  ID: 1"]],
  [
    "ps -g pool",
    [
      'PID: 20       TASK: ffff888000014000  CPU: 1    COMMAND: "pool"',
      '  PID: 21       TASK: ffff888000015000  CPU: 0    COMMAND: "pool-0"',
      "",
    ],
  ],
  ["ps -c 21", ['PID: 21       TASK: ffff888000015000  CPU: 0    COMMAND: "pool-0"', "  (no children)", ""]],
  [
    "ps -p 20",
    [
      'PID: 0        TASK: ffff888008000000  CPU: 0    COMMAND: "swapper/0"',
      ' PID: 1        TASK: ffff888000001000  CPU: 0    COMMAND: "init"',
      '  PID: 20       TASK: ffff888000014000  CPU: 1    COMMAND: "pool"',
      "",
    ],
  ],
  [
    "ps -t 20",
    [
      'PID: 20       TASK: ffff888000014000  CPU: 1    COMMAND: "pool"',
      "    RUN TIME: 00:00:07",
      "  START TIME: 3500000000",
      "       UTIME: 4000000",
      "       STIME: 12000000",
      "",
    ],
  ],
  [
    "ps -l 1 20",
    [
      '[8900000000] [RU]  PID: 20       TASK: ffff888000014000  CPU: 1    COMMAND: "pool"',
      '[8000000000] [IN]  PID: 1        TASK: ffff888000001000  CPU: 0    COMMAND: "init"',
    ],
  ],
  ["ps -m 20", ['[0 00:00:00.100] [RU]  PID: 20       TASK: ffff888000014000  CPU: 1    COMMAND: "pool"']],
  ["ps -l -C 1 1 20", ["CPU: 1", '[8900000000] [RU]  PID: 20       TASK: ffff888000014000  CPU: 1    COMMAND: "pool"']],
  ["ps -a 2", ['PID: 2        TASK: ffff888000002000  CPU: 0    COMMAND: "kthreadd"', "ps: <no user stack>", ""]],
];

test("ps shows families, times and arguments as crash does", () => {
  // jiffies and no other clock than the log's, which this machine lacks: HZ comes from the timekeeper.
  const kernel = toyTasks({
    ...machine,
    more: {
      ...machine.more,
      types: "struct timekeeper { unsigned long long xtime_sec; unsigned long ktime_sec; };",
      symbols: { ...machine.more?.symbols, tk_core: GLOBALS + 0x100n },
      memory: [...(machine.more?.memory ?? []), ["struct timekeeper", GLOBALS + 0x108n, { ktime_sec: 10 }]],
    },
  });
  for (const [line, expected] of modes) assert.equal(transcript(toyContext(kernel), line), expected.join("\n"), line);
});

test("ps -r shows limits, none as unlimited", () => {
  const kernel = toyTasks(machine);
  const signal = kernel.object("struct task_struct", 0xffff_8880_0000_1000n).at("signal");
  for (let i = 0; i < 16; i++) kernel.put("struct rlimit", signal.at(`rlim[${i}]`).address, { rlim_cur: i === 7 ? 1024 : -1, rlim_max: i === 7 ? 4096 : -1 }); // prettier-ignore
  const lines = transcript(toyContext(kernel), "ps -r 1").split("\n");
  assert.deepEqual(lines.slice(1, 4), ["      RLIMIT     CURRENT       MAXIMUM", "         CPU   (unlimited)   (unlimited)", "       FSIZE   (unlimited)   (unlimited)"]); // prettier-ignore
  assert.equal(lines[9], "      NOFILE      1024          4096");
});

test("ps -a reads arguments and environment from the task's own memory", () => {
  const mm = { total_vm: 1, pgd: 0x9000n, arg_start: 0x7000n, arg_end: 0x7009n, env_start: 0x7009n, env_end: 0x7010n };
  const kernel = toyTasks({
    ...machine,
    more: { ...machine.more, memory: [...(machine.more?.memory ?? []), ["struct mm_struct", MM, mm]] },
  });
  kernel.memory.user(0x9000n, "user").poke(0x7000n, new TextEncoder().encode("sh\0-c\0ls\0A=1\0B=\0"));
  assert.deepEqual(transcript(toyContext(kernel), "ps -a 1").split("\n").slice(1), [
    "ARG: sh -c ls",
    "ENV: A=1",
    "     B=",
    "",
  ]);
});

test("ps -a shows the command line if only the environment cannot be read", () => {
  const mm = { total_vm: 1, pgd: 0x9000n, arg_start: 0x7000n, arg_end: 0x7003n, env_start: 0x8000n, env_end: 0x8001n };
  const kernel = toyTasks({
    ...machine,
    more: { ...machine.more, memory: [...(machine.more?.memory ?? []), ["struct mm_struct", MM, mm]] },
  });
  kernel.memory.user(0x9000n, "user").poke(0x7000n, new TextEncoder().encode("sh\0"));
  assert.match(transcript(toyContext(kernel), "ps -a 1"), /^ARG: sh\nENV: <.*>$/m);
});

test("ps -Y prints the scheduling policy and the priority of each task, and those of unknown policies as such", () => {
  const tasks = machine.tasks.map((one) => {
    const prio = one.pid === 20 ? { prio: 49 } : one.pid === 21 ? { prio: -1, policy: 6 } : one.pid === 2 ? { prio: 100, policy: 9 } : { prio: 120 }; // prettier-ignore
    return { ...one, with: { ...one.with, ...prio } };
  });
  const policies = (line: string): string => transcript(context({ tasks }), line);
  assert.equal(
    policies("ps -Y 1 2 20 21"),
    [
      "      PID    PPID  CPU       TASK        POLICY       PRIO  COMM",
      "        1       0   0  ffff888000001000  NORMAL        120  init",
      "        2       0   0  ffff888000002000  UNKNOWN       100  [kthreadd]",
      ">      20       1   1  ffff888000014000  FIFO           49  pool",
      "       21       1   0  ffff888000015000  DEADLINE       -1  pool-0",
    ].join("\n"),
  );
  assert.match(policies("ps -Y -y FIFO"), /^ {6}PID.*\n> {6}20 .* FIFO {11}49 {2}pool$/);
});

test("ps refuses contradictory options", () => {
  assert.match(transcript(context(), "ps -C 0"), /^ps: -C option is only applicable with -l and -m/);
  assert.match(transcript(context(), "ps -y BOGUS"), /^ps: BOGUS: invalid scheduling policy/);
});
