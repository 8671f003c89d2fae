import assert from "node:assert/strict";
import { test } from "node:test";
import { toyKernel, type ToyValue } from "../../../builders/kernel.ts";
import { data, toyContext, transcript } from "../../../builders/transcript.ts";

const BASE = 0xffff_8880_0000_0000n;
const at = (page: number): bigint => BASE + BigInt(page * 0x1000);

const types = (isOld: boolean): string => `
  struct list_head { struct list_head *next; struct list_head *prev; };
  struct wait_queue_head { struct list_head head; };
  typedef struct { int counter; } atomic_t;
  struct sbq_wait_state { ${isOld ? "atomic_t wait_cnt;" : ""} struct wait_queue_head wait; };
  struct sbitmap_word { unsigned long word; ${isOld ? "" : "unsigned long cleared;"} };
  struct sbitmap { unsigned int depth; unsigned int shift; unsigned int map_nr; ${isOld ? "" : "_Bool round_robin;"}
    struct sbitmap_word *map; ${isOld ? "" : "unsigned int *alloc_hint;"} };
  struct sbitmap_queue { struct sbitmap sb; ${isOld ? "unsigned int *alloc_hint; _Bool round_robin;" : ""}
    unsigned int wake_batch; atomic_t wake_index; struct sbq_wait_state *ws; atomic_t ws_active; unsigned int min_shallow_depth; };
  struct command { int tag; int state; };
  struct cpumask { unsigned long bits[1]; };
  struct cpumask __cpu_possible_mask; unsigned long __per_cpu_offset[4]; unsigned int nr_cpu_ids;`;

/** A queue of 36 bits in words of 32: bits 1, 4, 33 are set, and 4 has been given back where kernels put that off. */
function context(isOld = false) {
  const hints = { alloc_hint: 0x40n };
  const rest: { readonly [member: string]: ToyValue } = {
    wake_batch: 4,
    wake_index: { counter: 2 },
    ws: at(3),
    min_shallow_depth: 7,
  };
  const sb: { readonly [member: string]: ToyValue } = { depth: 36, shift: 5, map_nr: 2, map: at(2) };
  const kernel = toyKernel({
    types: types(isOld),
    symbols: { __cpu_possible_mask: at(4), __per_cpu_offset: at(5), nr_cpu_ids: at(6) },
    memory: [
      ["__cpu_possible_mask", { bits: [3n] }],
      ["__per_cpu_offset", [at(7), at(8)]],
      ["nr_cpu_ids", 2],
      ["unsigned int", at(7) + 0x40n, 12],
      ["unsigned int", at(8) + 0x40n, 34],
      [
        "struct sbitmap_queue",
        at(1),
        isOld ? { sb, ...hints, round_robin: true, ...rest } : { sb: { ...sb, ...hints, round_robin: true }, ...rest },
      ],
      [
        "struct sbitmap_word [2]",
        at(2),
        isOld ? [{ word: 0b10010n }, { word: 0b10n }] : [{ word: 0b10010n, cleared: 0b10000n }, { word: 0b10n }],
      ],
      ["struct command [36]", at(9), Array.from({ length: 36 }, (_, tag) => ({ tag, state: 3 }))],
      ["struct command *[36]", at(10), Array.from({ length: 36 }, (_, tag) => at(9) + BigInt(tag * 8))],
    ],
  });
  const stateSize = isOld ? 24 : 16;
  for (let i = 0; i < 8; i++) {
    const state = at(3) + BigInt(i * stateSize);
    const head = state + BigInt(stateSize - 16);
    kernel.put("struct sbq_wait_state", state, {
      ...(isOld ? { wait_cnt: { counter: 4 } } : {}),
      wait: { head: { next: i === 1 ? at(20) : head } },
    });
  }
  return toyContext(kernel);
}
const QUEUE = at(1).toString(16);
const said = (line: string): string => transcript(context(), line);

test("sbitmapq shows a queue as the kernel does in debugfs, then its bitmap", () => {
  const states = Array.from({ length: 8 }, (_, i) => `        { .wait = ${i === 1 ? "active" : "inactive"} },`);
  assert.equal(
    said(`sbitmapq ${QUEUE}`),
    [
      "depth = 36",
      "busy = 2",
      "cleared = 1",
      "bits_per_word = 32",
      "map_nr = 2",
      "alloc_hint = {12, 34}",
      "wake_batch = 4",
      "wake_index = 2",
      "ws_active = 0",
      "ws = {",
      ...states,
      "}",
      "round_robin = 1",
      "min_shallow_depth = 7",
      "",
      "00000000: 0200 0000 02",
    ].join("\n"),
  );
});

test("queues of older kernels have their hints in another member, count waiters, and defer nothing", () => {
  const lines = transcript(context(true), `sbitmapq ${QUEUE}`).split("\n");
  assert.ok(lines.includes("busy = 3"));
  assert.ok(lines.includes("alloc_hint = {12, 34}"));
  assert.ok(lines.includes("round_robin = 1"));
  assert.ok(lines.includes("        { .wait_cnt = 4, .wait = active },"));
  assert.equal(lines.at(-1), "00000000: 1200 0000 02");
});

test("with an array the bits in use are its indexes, directly or through pointers", () => {
  const element = (tag: number): string => `0x${(at(9) + BigInt(tag * 8)).toString(16)}`;
  const listed = `1: ${element(1)}\n33: ${element(33)}`;
  assert.equal(said(`sbitmapq -s command -a ${at(9).toString(16)} ${QUEUE}`), listed);
  assert.equal(said(`sbitmapq -s command -p -a ${at(10).toString(16)} ${QUEUE}`), listed);
  assert.equal(
    said(`sbitmapq -s command -v -x -a ${at(9).toString(16)} ${QUEUE}`)
      .split("\n")
      .slice(0, 5)
      .join("\n"),
    `1 (${element(1)}):\nstruct command {\n  tag = 0x1,\n  state = 0x3\n}`,
  );
  assert.match(said(`sbitmapq -s command.tag -a ${at(9).toString(16)} ${QUEUE}`), /^1 \(\S+\):\n {2}tag = 1,\n33 /);
  assert.deepEqual(data(context(), `sbitmapq -s command.tag -a ${at(9).toString(16)} ${QUEUE}`), [
    { index: 1, address: element(1), tag: 1 },
    { index: 33, address: element(33), tag: 33 },
  ]);
});

test("sbitmapq reports missing arguments and an address that is not a queue", () => {
  assert.match(said("sbitmapq"), /^sbitmapq: the address of an sbitmap_queue is missing\nUsage:/);
  assert.match(said(`sbitmapq -s command ${QUEUE}`), /^sbitmapq: -s and -a require each other/);
  assert.match(said(`sbitmapq -v ${QUEUE}`), /^sbitmapq: -v requires -s/);
  assert.match(said(`sbitmapq ${at(50).toString(16)}`), /^sbitmapq: ffff888000032000: /);
});
