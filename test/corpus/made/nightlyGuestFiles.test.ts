/** What a guest's own files said before the crash, compared with what its dump says: `npm run nightly`. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../../src/crash/language/language.ts";
import { lineText } from "../../../src/say/piece.ts";
import { openSession } from "../../../src/session/open/open.ts";
import { corpus } from "../corpus.ts";
import { violations } from "../../builders/traceEventFormat.ts";
import { makeCrash } from "./make.ts";
import { instrumented } from "./platform.ts";

/** What prevents these tests; undefined when nothing does. */
const absent = !existsSync(join(corpus, "make"))
  ? "NOT RUN: the corpus is absent"
  : spawnSync("qemu-system-x86_64", ["--version"]).error
    ? "NOT RUN: there is no qemu-system-x86_64"
    : process.getuid?.() === 0
      ? undefined
      : "NOT RUN: only root can build the instrumented kernel";

type Row = Readonly<Record<string, unknown>>;

/** The records that a command prints about a dump. */
function recordsOf(vmcore: string, line: string): Row[] {
  const session = openSession({ vmcore: [vmcore] });
  try {
    return [...run(session.context, line)].flatMap((piece) => (piece.kind === "record" ? [piece.data as Row] : []));
  } finally {
    session.close();
  }
}

/** The lines of a file that the guest wrote to its console with a prefix. */
const linesOf = (console: string, prefix: string): string[] =>
  readFileSync(console, "latin1")
    .split(/\r?\n/)
    .flatMap((line) => (line.startsWith(prefix) ? [line.slice(prefix.length)] : []));

test("memory by source line agrees with the guest's /proc/allocinfo", { skip: absent }, async () => {
  const made = await makeCrash("allocations", instrumented());
  const guest = linesOf(made.console, "allocinfo: ").map((line) => {
    const [, bytes, count, place, module, name] = /^(-?\d+) (\d+) (\S+) (?:\[(\S+)\] )?func:(\S+)/.exec(line) ?? [];
    return { bytes: Number(bytes), count: Number(count), place, module: module ?? null, function: name };
  });
  const dump = recordsOf(made.vmcore, "kmem -A");
  const ofModule = (rows: readonly Row[]): string[] =>
    rows
      .filter(({ module }) => module === "archive")
      .map((row) => ["bytes", "count", "place", "function"].map((key) => String(row[key])).join(" "))
      .sort();
  assert.equal(ofModule(guest).length, 3);
  assert.deepEqual(ofModule(dump), ofModule(guest));
  const total = (rows: readonly Row[]): number => rows.reduce((sum, { bytes }) => sum + Number(bytes), 0);
  const difference = Math.abs(total(dump) / total(guest) - 1);
  assert.ok(guest.length > 100 && difference < 0.01, `${guest.length} lines, totals differ by ${difference}`);
});

test("memory that an unloaded module forgot is still counted by its lines", { skip: absent }, async () => {
  const { vmcore } = await makeCrash("traced", instrumented());
  const forgotten = recordsOf(vmcore, "kmem -A").filter(({ note }) => /module was unloaded/.test(String(note)));
  assert.deepEqual(
    forgotten.map(({ bytes, count }) => [bytes, count]),
    [
      [614_400, 300],
      [201_728, 50],
      [32_768, 1],
    ],
  );
});

/** Pointers are printed as they are; the guest prints a hash of each. */
const withoutPointers = (line: string): string =>
  line
    .replace(/\b[0-9a-f]{16}\b/g, "POINTER")
    .replace(/ +/g, " ")
    .trim();
/** openat() has a text of its own since v7.1, which is not that of its format. */
const isOfOpenat = (line: string): boolean => line.includes(" sys_openat(");

/** The lines of `trace show`, and those of the guest's file. */
function traced(made: { readonly vmcore: string; readonly console: string }, instance: string): [string[], string[]] {
  const session = openSession({ vmcore: [made.vmcore] });
  const line = instance === "top" ? "trace show" : `trace show -i ${instance}`;
  const ours = [...run(session.context, line)].flatMap((piece) =>
    piece.kind === "record" ? piece.lines.map((one) => withoutPointers(lineText(one))) : [],
  );
  session.close();
  const prefix = instance === "top" ? "trace: " : `trace ${instance}: `;
  const guest = linesOf(made.console, prefix).filter((one) => !one.startsWith("#"));
  return [ours, guest.map(withoutPointers)];
}

for (const instance of ["top", "functions", "kept"])
  test(`the entries of ftrace's instance ${instance} are the lines of its file`, { skip: absent }, async () => {
    const [ours, guest] = traced(await makeCrash("traced", instrumented()), instance);
    assert.ok(guest.length > 1000, `${guest.length} lines`);
    assert.equal(ours.length, guest.length);
    const same = (lines: readonly string[]): readonly string[] => lines.filter((line) => !isOfOpenat(line));
    assert.deepEqual(same(ours), same(guest));
  });

test("the calls of the function_graph tracer are the lines of its file", { skip: absent }, async () => {
  const { vmcore, console } = await makeCrash("traced", instrumented());
  const session = openSession({ vmcore: [vmcore] });
  const [, ...ours] = [...run(session.context, "trace show -i graph")].flatMap((piece) =>
    piece.kind === "progress" ? [] : piece.lines.map(lineText),
  );
  session.close();
  const guest = linesOf(console, "trace graph: ").filter((one) => !one.startsWith("#"));
  assert.ok(guest.length > 1000, `${guest.length} lines`);
  assert.deepEqual(ours, guest);
});

/** trace-cmd is not in the machine's usual packages. */
const noTraceCmd =
  absent ?? (spawnSync("trace-cmd", ["--version"]).error ? "NOT RUN: there is no trace-cmd" : undefined);

test(
  "trace-cmd reads as many entries from the dumped buffers as the guest's files have",
  { skip: noTraceCmd },
  async () => {
    const made = await makeCrash("traced", instrumented());
    const session = openSession({ vmcore: [made.vmcore] });
    const folder = mkdtempSync(join(tmpdir(), "vmcore-trace-"));
    const path = join(folder, "trace.dat");
    try {
      const file = openSync(path, "w");
      const createFile = () => ({
        write: (bytes: Uint8Array) => void writeSync(file, bytes),
        close: () => closeSync(file),
      });
      for (const _ of run(session.context.with({ createFile }), `trace dump -t ${path}`));
      const read = spawnSync("trace-cmd", ["report", path], { encoding: "utf8", maxBuffer: 1 << 28 }).stdout.split(
        "\n",
      );
      const timesOf = (lines: readonly string[]): string[] =>
        lines.flatMap((one) => / (\d+\.\d{6}): /.exec(one)?.[1] ?? []);
      const ofTop = read.filter((line) => !/^ *(?:graph|functions|kept): /.test(line));
      assert.deepEqual(timesOf(ofTop), timesOf(linesOf(made.console, "trace: ")));
      for (const instance of ["functions", "kept"]) {
        const own = read.filter((line) => line.trimStart().startsWith(`${instance}: `));
        assert.deepEqual(timesOf(own), timesOf(linesOf(made.console, `trace ${instance}: `)));
      }
    } finally {
      session.close();
      rmSync(folder, { recursive: true });
    }
  },
);

test("the entries of a 6.1 kernel are the lines of its file", { skip: absent }, async () => {
  const [ours, guest] = traced(await makeCrash("traced-shared"), "top");
  assert.ok(guest.length > 1000, `${guest.length} lines`);
  // The arguments of system calls are in hexadecimal in both, in their format with a prefix and zeros.
  // For a module's function the kernel prints the distance to the next one, not its size.
  const plain = (one: string): string => plainCall(one.replace(/\/0x[0-9a-f]+ \[/, "/SIZE ["));
  const plainCall = (line: string): string =>
    / sys_\w+\(/.test(line) ? line.replace(/: 0x0*(?=[0-9a-f])/g, ": ") : line;
  assert.deepEqual(ours.map(plain), guest.map(plain));
});

test("the timeline's file for Perfetto agrees with the description of its format", { skip: absent }, async () => {
  const { vmcore } = await makeCrash("traced", instrumented());
  const session = openSession({ vmcore: [vmcore] });
  const parts: string[] = [];
  const createFile = () => ({
    write: (bytes: Uint8Array) => void parts.push(Buffer.from(bytes).toString()),
    close() {},
  });
  for (const _ of run(session.context.with({ createFile }), "timeline --perfetto trace.json"));
  session.close();
  const text = parts.join("");
  assert.deepEqual([...violations(text)], []);
  assert.ok((JSON.parse(text) as { traceEvents: unknown[] }).traceEvents.length > 10_000);
});

test("the trace events of the timeline are the lines of the guest's files", { skip: absent }, async () => {
  const made = await makeCrash("traced", instrumented());
  const file = (instance: string): string[] =>
    traced(made, instance)[1].flatMap((line) => / (\d+\.\d+): /.exec(line)?.[1] ?? []);
  const ours = recordsOf(made.vmcore, "timeline -k trace").map(
    (row) => (BigInt(String(row["time_ns"])) + 500n) / 1000n,
  );
  const times = new Set(ours.map((micros) => `${micros / 1_000_000n}.${String(micros % 1_000_000n).padStart(6, "0")}`));
  for (const instance of ["top", "functions", "kept"])
    assert.deepEqual(
      file(instance).filter((time) => !times.has(time)),
      [],
    );
});
