import { attempt, Fault, faultLast, orThrow } from "../../../base/fault.ts";
import { hex0x, hexBytes, padHex } from "../../../base/hex.ts";
import { sizeOf } from "../../../debuginfo/ctype.ts";
import {
  allocationHints,
  hasWaiters,
  isRoundRobin,
  bitsPerWord,
  sbitmapIndexes,
  sbitmapWords,
  waitStates,
  type SbitmapWord,
} from "../../../kernel/sbitmap.ts";
import type { Obj } from "../../../model/object.ts";
import { address } from "../../language/address.ts";
import { command, type Context, type Parsed } from "../../language/command.ts";
import {
  faultJson,
  faultPiece,
  faultSpan,
  record,
  text,
  type Pieces,
  type Span,
  lazyRecord,
  addressJson,
} from "../../../say/piece.ts";
import { formLines, recordData, TableLayout } from "../../../render/layout.ts";
import type { Column, Fields, Form, Table } from "../../../say/table.ts";
import { elementData, elementLines, formatOptions, structReference } from "../../say/structView.ts";
import { WrongUse } from "../../language/wrongUse.ts";

export const sbitmapq = command({
  name: "sbitmapq",
  readsOnly: true,
  summary: "an sbitmap_queue, and what its bits stand for",
  usage: "[-s struct[.member[,member]] -a address [-p] [-v]] -[x|d] address",
  options: [
    { flag: "-s", argument: "struct", help: "type of the array that the bits are indexes of; or members of it" },
    { flag: "-a", argument: "address", help: "where that array lies" },
    { flag: "-p", help: "it holds pointers to such structs" },
    { flag: "-v", help: "with -s, the contents of each struct" },
    { flag: "-x", help: "structs in hexadecimal" },
    { flag: "-d", help: "structs in decimal" },
  ],
  description:
    "Shows a struct sbitmap_queue: how many bits it has, how many are in use, where the search for free ones goes on, who waits; then the bitmap.\n\nWith -s and -a it lists instead the elements of an array whose indexes the bits are, as a driver keeps its commands by their tags.",
  examples: [
    { line: "sbitmapq ffff8ef6853136d0", shows: "The tags of a disk's queue." },
    {
      line: "sbitmapq -s request -a ffff8ef68521d800 -p ffff8ef6853136d0",
      shows: "The requests behind the tags in use.",
    },
  ],
  records: () => [{ line: "sbitmapq", fields: queueFields }],
  needs: ["types"],
  *run(context, args) {
    const [place, ...more] = args.rest;
    if (place === undefined || more.length > 0) throw new WrongUse("the address of an sbitmap_queue is missing");
    const queue = context.kernel.object("struct sbitmap_queue", address(context, place));
    // What cannot be read at all is no queue: no use in saying so of each of its members.
    queue.at("sb.depth").value();
    const array = args.value("-a");
    const struct = args.value("-s");
    if ((array === undefined) !== (struct === undefined)) throw new WrongUse("-s and -a go together");
    if (args.has("-v") && struct === undefined) throw new WrongUse("-v goes with -s");
    if (struct !== undefined && array !== undefined)
      yield* elements(context, args, queue, struct, address(context, array));
    else yield* summary(queue);
  },
});

/** A queue and what was worked out of it. */
interface QueueRow {
  /** `struct sbitmap_queue` */
  readonly queue: Obj;
  readonly words: readonly SbitmapWord[] | Fault;
  /** `struct sbq_wait_state`s, and why there may be more. */
  readonly states: readonly (Obj | Fault)[];
}

/** A member that kernels of some age do not have: then it has no line. */
const member = (title: string, path: string): Column<QueueRow> => ({
  kind: "number",
  title,
  value: ({ queue }) => (queue.has(path) ? queue.at(path).number() : undefined),
});

const bitCount = (title: string, about: string, of: (word: SbitmapWord) => bigint): Column<QueueRow> => ({
  kind: "number",
  title,
  about,
  value: ({ words }) => orThrow(words).reduce((sum, word) => sum + ones(of(word)), 0),
});

/** As the kernel prints it in debugfs (lib/sbitmap.c: sbitmap_queue_show), in front of those who wait. */
export const queueForm: Form<QueueRow> = {
  width: 0,
  gap: " = ",
  columns: {
    depth: member("depth", "sb.depth"),
    busy: bitCount("busy", "bits in use", ({ word, cleared }) => word & ~cleared),
    cleared: bitCount("cleared", "bits to be given back", ({ cleared }) => cleared),
    bitsPerWord: { kind: "number", title: "bits_per_word", value: ({ queue }) => bitsPerWord(queue.at("sb")) },
    words: member("map_nr", "sb.map_nr"),
    allocationHints: {
      kind: "data",
      title: "alloc_hint",
      about: "by CPU",
      value: ({ queue }) => allocationHints(queue),
      text: (_, { queue }) => `{${allocationHints(queue).join(", ")}}`,
    },
    wakeBatch: member("wake_batch", "wake_batch"),
    wakeIndex: member("wake_index", "wake_index.counter"),
    activeWaiters: member("ws_active", "ws_active.counter"),
  },
};

/** The same behind them. */
export const queueEndForm: Form<QueueRow> = {
  width: 0,
  gap: " = ",
  columns: {
    roundRobin: {
      kind: "flag",
      title: "round_robin",
      value: ({ queue }) => isRoundRobin(queue),
      text: (is) => String(Number(is)),
    },
    minShallowDepth: member("min_shallow_depth", "min_shallow_depth"),
  },
};

/**
 * Rows are `struct sbq_wait_state`s. `wait_cnt` went with Linux kernel commit 4f8126bb2308 ("sbitmap: Use single
 * per-bitmap counting to wake up queued tags") (in v6.2).
 */
export const waitStatesTable: Table<Obj> = {
  gap: "",
  end: " },",
  columns: {
    waitCount: {
      kind: "number",
      title: "",
      gap: "        { ",
      value: (state) => (state.has("wait_cnt") ? state.at("wait_cnt.counter").number() : undefined),
      text: (count) => `.wait_cnt = ${count}, `,
    },
    active: {
      kind: "flag",
      title: "",
      about: "somebody waits",
      value: hasWaiters,
      text: (is) => `.wait = ${is ? "active" : "inactive"}`,
    },
  },
};

/** Keys of docs/json.md. */
export const queueFields: Fields = {
  ...queueForm.columns,
  ...queueEndForm.columns,
  waitStates: { kind: "data", fields: waitStatesTable.columns },
};

/** The queue, then its bitmap. */
function* summary(queue: Obj): Pieces {
  const { kernel } = queue;
  const words = attempt(() => [...sbitmapWords(queue.at("sb"))]);
  const row: QueueRow = { queue, words, states: [...faultLast(waitStates(queue))] };
  const layout = new TableLayout(kernel, waitStatesTable);
  yield lazyRecord(
    () => ({
      ...recordData(kernel, queueForm.columns, row),
      ...recordData(kernel, queueEndForm.columns, row),
      waitStates: row.states.map((state) => (state instanceof Fault ? faultJson(state) : layout.data(state))),
    }),
    () => [
      ...formLines(kernel, queueForm, row),
      ["ws = {"],
      ...row.states.map((state) =>
        state instanceof Fault ? ["        { ", faultSpan(state), " },"] : layout.line(state),
      ),
      ["}"],
      ...formLines(kernel, queueEndForm, row),
    ],
    { fields: queueFields },
  );
  yield text("");
  if (words instanceof Fault) yield faultPiece(words, "sbitmapq: ");
  else yield* bitmap(words);
}

const ones = (bits: bigint): number => bits.toString(2).replaceAll("0", "").length;

const LINE_BYTES = 16;

/** The bits in use, the first in the lowest bit of the first byte; words that are cut short leave no gap. */
function* bitmap(words: readonly SbitmapWord[]): Pieces {
  const bits = words.flatMap(({ depth, word, cleared }) =>
    Array.from({ length: depth }, (_, bit) => Number(((word & ~cleared) >> BigInt(bit)) & 1n)),
  );
  const bytes: number[] = [];
  for (const [i, bit] of bits.entries()) bytes[i >> 3] = (bytes[i >> 3] ?? 0) | (bit << (i & 7));
  for (let at = 0; at < bytes.length; at += LINE_BYTES) {
    const line = hexBytes(bytes.slice(at, at + LINE_BYTES), "");
    yield text(`${padHex(at, 8)}: ${line.replace(/.{4}(?=.)/g, "$& ")}`);
  }
}

/** Elements of the array whose indexes are the bits in use. @throws UsageError, Fault */
function* elements(context: Context, args: Parsed, queue: Obj, struct: string, array: bigint): Pieces {
  const { kernel } = context;
  const reference = structReference(kernel, struct);
  const options = formatOptions(context, args);
  const showsContents = args.has("-v") || reference.members.length > 0;
  const pointers = args.has("-p");
  const stride = BigInt(pointers ? kernel.arch.wordSize : sizeOf(reference.type));
  for (const index of faultLast(sbitmapIndexes(queue.at("sb")))) {
    if (index instanceof Fault) return yield faultPiece(index, "sbitmapq: ");
    const slot = array + BigInt(index) * stride;
    const at = attempt(() => (pointers ? kernel.memory.word(slot) : slot));
    if (at instanceof Fault) yield faultPiece(at, `${index}: `);
    else if (!showsContents) yield record({ index, address: addressJson(at) }, [`${index}: `, linked(at)]);
    else {
      const object = kernel.object(reference.type, at);
      yield lazyRecord(
        () => ({ index, address: addressJson(at), ...elementData([{ reference, object }]) }),
        () => [[`${index} (`, linked(at), "):"], ...elementLines(object, reference, options, false)],
      );
    }
  }
}

const linked = (address: bigint): Span => ({ as: "address", text: hex0x(address), address });
