import assert from "node:assert/strict";
import { test } from "node:test";
import { cString, viewOf } from "../../../../src/base/bytes.ts";
import { Fault } from "../../../../src/base/fault.ts";
import { dumpToFile, dumpToFolder } from "../../../../src/crash/commands/trace/dump.ts";
import type { Context } from "../../../../src/crash/language/command.ts";
import { traceArrays } from "../../../../src/linux/trace/traceArray.ts";
import { lineText, type Pieces } from "../../../../src/say/piece.ts";
import { tracedKernel, type TracedPage } from "../../../builders/trace.ts";

const page = (time: bigint, value: number): TracedPage => ({ time, entries: [{ delta: 1n, value }] });
// Page 0 is the reader's; of the ring, page 2 is the oldest and page 1 is written.
const kernel = tracedKernel([page(100n, 1), page(300n, 3), page(200n, 2)], { head: 2, commit: 1 });

/** Runs a command that writes files. @returns its text, and the files by path */
function written(run: (context: Context) => Pieces): {
  readonly text: string;
  readonly files: Map<string, Uint8Array>;
} {
  const files = new Map<string, Uint8Array>();
  const createFile: Context["createFile"] = (path) => {
    const parts: Uint8Array[] = [];
    return { write: (bytes) => void parts.push(bytes.slice()), close: () => files.set(path, Buffer.concat(parts)) };
  };
  const lines = [...run({ kernel, createFile } as unknown as Context)].flatMap((piece) =>
    piece.kind === "progress" ? [] : piece.lines.map(lineText),
  );
  return { text: lines.join("\n"), files };
}

/** The times of pages, which they begin with. */
const timesOf = (bytes: Uint8Array, from = 0, end = bytes.length): bigint[] =>
  Array.from({ length: (end - from) / 4096 }, (_, i) => Buffer.from(bytes).readBigUInt64LE(from + i * 4096));

test("a folder has the pages of each CPU, oldest first, and what describes them", () => {
  const { text, files } = written((context) => dumpToFolder(context, traceArrays(kernel), "out", true));
  assert.match(text, /^3 pages of top were written to out$/);
  assert.deepEqual(timesOf(files.get("out/per_cpu/cpu0/trace_pipe_raw") ?? new Uint8Array()), [100n, 200n, 300n]);
  assert.equal(
    cString(files.get("out/events/lab/event/format") ?? new Uint8Array()),
    `name: event
ID: 20
format:
\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;

\tfield:int value;\toffset:8;\tsize:4;\tsigned:1;

print fmt: "value=%d", REC->value
`,
  );
  assert.match(cString(files.get("out/events/header_page") ?? new Uint8Array()), /char data;\toffset:16;\tsize:4080;/);
  assert.equal(cString(files.get("out/saved_cmdlines") ?? new Uint8Array()), "1 init\n");
  assert.deepEqual([...files.keys()].sort(), [
    "out/events/header_event",
    "out/events/header_page",
    "out/events/lab/event/format",
    "out/per_cpu/cpu0/trace_pipe_raw",
    "out/printk_formats",
    "out/saved_cmdlines",
  ]);
});

test("the file for trace-cmd has its sections in order, and the pages where it says", () => {
  const { files } = written((context) => dumpToFile(context, traceArrays(kernel), "trace.dat"));
  const bytes = Buffer.from(files.get("trace.dat") ?? new Uint8Array());
  let at = 0;
  const take = (length: number): string => bytes.toString("latin1", at, (at += length));
  const number = (size: 2 | 4 | 8): number => {
    const value = size === 8 ? Number(bytes.readBigUInt64LE(at)) : bytes.readUIntLE(at, size);
    at += size;
    return value;
  };
  assert.equal(take(12), "\x17\x08\x44tracing6\0".slice(0, 12));
  assert.equal(take(2), "\x00\x08");
  assert.equal(number(4), 4096);
  assert.equal(take(12), "header_page\0");
  take(number(8));
  assert.equal(take(13), "header_event\0");
  take(number(8));
  assert.equal(number(4), 0, "events of ftrace itself");
  assert.equal(number(4), 1, "systems");
  assert.equal(take(4), "lab\0");
  assert.equal(number(4), 1, "events of the system");
  assert.match(take(number(8)), /^name: event\nID: 20\n/);
  assert.match(take(number(4)), /^ffffffff81000000 T trace_clock_local$/m);
  take(number(4));
  assert.equal(take(number(8)), "1 init\n");
  assert.equal(number(4), 1, "CPUs");
  assert.equal(take(10), "options  \0");
  assert.equal(number(2), 0, "no instances");
  assert.equal(take(10), "flyrecord\0");
  const [offset, size] = [number(8), number(8)];
  assert.equal(offset % 4096, 0);
  assert.equal(offset + size, bytes.length);
  assert.deepEqual(timesOf(bytes, offset), [100n, 200n, 300n]);
});

test("without a front end that writes files it says so", () => {
  assert.throws(
    () => [...dumpToFile({ kernel } as unknown as Context, traceArrays(kernel), "trace.dat")],
    /writes no files/,
  );
});

test("pages that cannot be read are zeros in the file, and it says how many", () => {
  const cut = tracedKernel([page(100n, 1), page(300n, 3), page(200n, 2)], { head: 2, commit: 1 });
  const read = cut.memory.read.bind(cut.memory);
  cut.memory.read = (address, length) => {
    const bytes = read(address, length);
    if (length === 4096 && viewOf(bytes).getBigUint64(0, true) === 200n)
      throw Fault.at("excluded", address, "page excluded from dump");
    return bytes;
  };
  const { text, files } = written((context) =>
    dumpToFolder({ ...context, kernel: cut }, traceArrays(cut), "out", false),
  );
  assert.match(text, /written as zeros: 1; the first fault: /);
  assert.deepEqual(timesOf(files.get("out/per_cpu/cpu0/trace_pipe_raw") ?? new Uint8Array()), [100n, 0n, 300n]);
});
