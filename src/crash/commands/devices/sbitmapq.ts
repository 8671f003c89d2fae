/** The `sbitmapq` command: shows sbitmap queues. */
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
import { elementData, elementLines, formatOptions, structReference, namedFields } from "../../say/structView.ts";
import { WrongUse } from "../../language/wrongUse.ts";

export const sbitmapq = command({
  name: "sbitmapq",
  readsOnly: true,
  summary: "an sbitmap_queue and the elements of its bits",
  usage: "[-s struct[.member[,member]] -a address [-p] [-v]] -[x|d] address",
  options: [
    {
      flag: "-s",
      argument: "struct",
      help: "type of the elements of the array that the bits index, or members of that type",
    },
    { flag: "-a", argument: "address", help: "address of that array" },
    { flag: "-p", help: "the array holds pointers to such structs" },
    { flag: "-v", help: "with -s, the contents of each struct" },
    { flag: "-x", help: "structs in hexadecimal" },
    { flag: "-d", help: "structs in decimal" },
  ],
  description:
    "Shows a struct sbitmap_queue: the number of bits, the number in use, where the search for a free bit continues, and the waiters; then the bitmap.\n\nWith -s and -a it lists instead the elements of an array at the indexes of the used bits, such as the commands of a driver by their tags.",
  examples: [
    { line: "sbitmapq ffff8ef6853136d0", shows: "The tags of a disk's queue." },
    {
      line: "sbitmapq -s request -a ffff8ef68521d800 -p ffff8ef6853136d0",
      shows: "The requests behind the tags in use.",
    },
  ],
  records: () => [
    { line: "sbitmapq", fields: queueFields },
    { line: "sbitmapq -s request -a ffff8ef68521d800 ffff8ef6853136d0", fields: elementFields },
  ],
  needs: ["types"],
  *run(context, args) {
    const [place, ...more] = args.rest;
    if (place === undefined || more.length > 0) throw new WrongUse("the address of an sbitmap_queue is missing");
    const queue = context.kernel.object("struct sbitmap_queue", address(context, place));
    // If the address cannot be read, throw here once instead of reporting each member.
    queue.at("sb.depth").value();
    const array = args.value("-a");
    const struct = args.value("-s");
    if ((array === undefined) !== (struct === undefined)) throw new WrongUse("-s and -a require each other");
    if (args.has("-v") && struct === undefined) throw new WrongUse("-v requires -s");
    if (struct !== undefined && array !== undefined)
      yield* elements(context, args, queue, struct, address(context, array));
    else yield* summary(queue);
  },
});

/** A queue and the values derived from it. */
interface QueueRow {
  /** The queue, `struct sbitmap_queue`. */
  readonly queue: Obj;
  readonly words: readonly SbitmapWord[] | Fault;
  /** The wait states of the queue, `struct sbq_wait_state`s, and why the list may be incomplete. */
  readonly states: readonly (Obj | Fault)[];
}

/** A member that some kernels lack. Its line is then left out. */
const member = (title: string, path: string): Column<QueueRow> => ({
  kind: "number",
  title,
  value: ({ queue }) => (queue.has(path) ? queue.at(path).number() : undefined),
});

const bitCount = (title: string, about: string, bitsOf: (word: SbitmapWord) => bigint): Column<QueueRow> => ({
  kind: "number",
  title,
  about,
  value: ({ words }) => orThrow(words).reduce((sum, word) => sum + ones(bitsOf(word)), 0),
});

/** The values that the kernel prints in debugfs before the wait states (lib/sbitmap.c: sbitmap_queue_show). */
export const queueForm: Form<QueueRow> = {
  width: 0,
  gap: " = ",
  columns: {
    depth: member("depth", "sb.depth"),
    busy: bitCount("busy", "bits in use", ({ word, cleared }) => word & ~cleared),
    cleared: bitCount("cleared", "freed bits that are still set", ({ cleared }) => cleared),
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

/** The values that the kernel prints after the wait states. */
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
 * The table of wait states. A row is a `struct sbq_wait_state`. Linux kernel commit 4f8126bb2308 ("sbitmap: Use single
 * per-bitmap counting to wake up queued tags") removed `wait_cnt` (in v6.2).
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
      about: "whether a task waits",
      value: hasWaiters,
      text: (is) => `.wait = ${is ? "active" : "inactive"}`,
    },
  },
};

/** The keys of the record in docs/json.md. */
export const queueFields: Fields = {
  ...queueForm.columns,
  ...queueEndForm.columns,
  waitStates: { kind: "data", fields: waitStatesTable.columns },
};

/** Prints the queue, then its bitmap. */
function* summary(queue: Obj): Pieces {
  const { kernel } = queue;
  const words = attempt(() => [...sbitmapWords(queue.at("sb"))]);
  const row: QueueRow = { queue, words, states: [...faultLast(waitStates(queue))] };
  const layout = new TableLayout(kernel, waitStatesTable);
  yield lazyRecord(
    () => ({
      ...recordData(queueForm.columns, row),
      ...recordData(queueEndForm.columns, row),
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

/**
 * Prints the bits in use; the first is the lowest bit of the first byte. The words are joined without gaps, even if a
 * word has fewer bits than fit in it.
 */
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

/** The fields of an element of the array; with -v, or members, also their contents. */
const elementFields: Fields = { index: { kind: "number" }, address: { kind: "address" }, ...namedFields };

/** Lists the elements of the array whose indexes are the bits in use. @throws UsageError, Fault */
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
