import assert from "node:assert/strict";
import { test } from "node:test";
import { lineText } from "../../../src/say/piece.ts";
import { graph } from "../../../src/crash/commands/trace/graph.ts";
import type { TraceEntry } from "../../../src/linux/trace/entryText.ts";
import type { EventField, TraceEvent } from "../../../src/linux/trace/traceEvent.ts";
import { toyKernel } from "../../builders/kernel.ts";

const OUTER = 0xffffffff81000000n;
const INNER = 0xffffffff81000100n;
const INTERRUPT = 0xffffffff81000200n;
const kernel = toyKernel({
  types: "struct cpumask { unsigned long bits[1]; };",
  symbols: {
    outer: { address: OUTER, type: "T", size: 64 },
    inner: { address: INNER, type: "T", size: 64 },
    __irqentry_text_start: { address: INTERRUPT, type: "T", size: 0 },
    sysvec_timer: { address: INTERRUPT, type: "T", size: 64 },
    __irqentry_text_end: { address: INTERRUPT + 0x100n, type: "T", size: 0 },
    __cpu_possible_mask: 0xffffffff82000000n,
    nr_cpu_ids: 0xffffffff82000008n,
  },
  memory: [
    ["unsigned long", 0xffffffff82000000n, 1n],
    ["unsigned int", 0xffffffff82000008n, 1],
  ],
});
const field = (name: string, offset: number, size: number): EventField => ({ name, type: "", offset, size, isSigned: false }); // prettier-ignore
const entryEvent: TraceEvent = {
  ...{ id: 11, name: "funcgraph_entry", system: "ftrace", printFormat: "" },
  fields: [field("func", 8, 8), field("depth", 16, 4)],
};
const exitEvent: TraceEvent = {
  ...{ id: 10, name: "funcgraph_exit", system: "ftrace", printFormat: "" },
  fields: [field("func", 8, 8), field("depth", 16, 4), field("calltime", 24, 8), field("rettime", 32, 8)],
};
const otherEvent: TraceEvent = { id: 20, name: "event", system: "lab", fields: [], printFormat: '"value"' };

interface Given {
  readonly pid?: number;
  readonly depth?: number;
  /** Of a return. */
  readonly duration?: bigint;
}

function entryOf(event: TraceEvent, address: bigint, { pid = 5, depth = 0, duration = 0n }: Given = {}): TraceEntry {
  const data = new Uint8Array(40);
  const view = new DataView(data.buffer);
  view.setBigUint64(8, address, true);
  view.setUint32(16, depth, true);
  view.setBigUint64(32, duration, true);
  return { cpu: 0, time: 0n, pid, comm: pid === 5 ? "sh" : "busybox", context: ".....", event, data };
}

/** The lines below the heading. */
const lines = (...entries: readonly TraceEntry[]): string[] =>
  [...graph(kernel, entries, (all) => all)]
    .flatMap((piece) => (piece.kind === "progress" ? [] : piece.lines.map(lineText)))
    .slice(1);

test("calls contain the calls that they made, and a leaf is one line with its duration", () => {
  assert.deepEqual(
    lines(
      entryOf(entryEvent, OUTER),
      entryOf(entryEvent, INNER, { depth: 1 }),
      entryOf(exitEvent, INNER, { depth: 1, duration: 500n }),
      entryOf(otherEvent, 0n),
      entryOf(exitEvent, OUTER, { duration: 12_345_678n }),
    ),
    [
      " 0)               |  outer() {",
      " 0)   0.500 us    |    inner();",
      " 0)               |  /* event: value */",
      " 0) * 12345.67 us |  }",
    ],
  );
});

test("a return whose call was overwritten names its function", () => {
  assert.deepEqual(lines(entryOf(exitEvent, OUTER, { duration: 1_234_567_890n })), [
    " 0) $ 1234567 us  |  } /* outer */",
  ]);
});

test("another task on the CPU is announced, and an interrupt marked at both ends", () => {
  assert.deepEqual(
    lines(
      entryOf(entryEvent, INTERRUPT),
      entryOf(exitEvent, INTERRUPT, { duration: 15_000n }),
      entryOf(exitEvent, INTERRUPT, { pid: 6, duration: 100n }),
    ),
    [
      " 0)   ==========> |",
      " 0) + 15.000 us   |  sysvec_timer();",
      " 0)   <========== |",
      " ------------------------------------------",
      " 0)      sh-5      =>   busybox-6   ",
      " ------------------------------------------",
      "",
      " 0)   0.100 us    |  } /* sysvec_timer */",
      " 0)   <========== |",
    ],
  );
});
