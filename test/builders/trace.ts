import { toyKernel, type ToyKernel } from "./kernel.ts";

/** A page of a ring buffer. */
export interface TracedPage {
  readonly time: bigint;
  readonly entries: readonly TracedEntry[];
  /** The length that the page names; default: that of its entries. */
  readonly commit?: number;
}

export interface TracedEntry {
  readonly delta: bigint;
  readonly value: number;
  readonly isDiscarded?: boolean;
}

export interface RingOptions {
  /** Numbers of the oldest page of the ring and of the written one. */
  readonly head?: number;
  readonly commit?: number;
  /** Bytes of the reader's page that were consumed. */
  readonly read?: number;
  /** The entries are from the boot before, whose code was this much lower, and that of its only module elsewhere. */
  readonly lastBoot?: {
    readonly textDelta: bigint;
    readonly module: { readonly address: bigint; readonly delta: bigint };
  };
  /** The function of the clock. */
  readonly clock?: string;
}

const GLOBALS = 0xffffffff82000000n;
const CALL = 0xffffffff82001000n;
const HEAP = 0xffff888000010000n;
const PAGES = 0xffff888000100000n;
const PAGE = 0x1000n;
/** `struct buffer_page` of a page. */
const pageStruct = (n: number): bigint => HEAP + 0x1000n + BigInt(n) * 0x40n;

/** Type of the only event, which has one field. */
const EVENT = 20;

function pageBytes({ entries }: TracedPage): Uint8Array {
  const words: number[] = [];
  for (const { delta, value, isDiscarded } of entries) {
    const isLong = delta >= 1n << 27n;
    if (isLong) words.push(30 | (Number(delta & 0x7ffffffn) << 5), Number(delta >> 27n));
    const own = isLong ? 0 : Number(delta);
    // type and flags of struct trace_entry: interrupts off, preempt depth 1; then the PID and the value.
    const entry = [EVENT | (0x01 << 16) | (0x01 << 24), 1, value];
    if (isDiscarded) words.push((29 | (own << 5)) >>> 0, 12, 0, 0);
    else words.push((3 | (own << 5)) >>> 0, ...entry);
  }
  return new Uint8Array(Uint32Array.from(words).buffer);
}

/**
 * A kernel with one instance and one CPU, whose ring buffer has these pages: the first is the reader's, the others are
 * in the ring. With one page only, that page is written.
 */
export function tracedKernel(
  pages: readonly TracedPage[],
  { head = 0, commit = 0, read = 0, clock = "trace_clock_local", lastBoot }: RingOptions = {},
): ToyKernel {
  const ring = pages.map((_, at) => at).slice(1);
  const nextOf = (at: number): number => ring[(ring.indexOf(at) + 1) % ring.length] ?? 0;
  const kernel = toyKernel({
    types: `struct list_head { struct list_head *next, *prev; };
      typedef struct { long counter; } atomic_long_t; typedef struct { int counter; } atomic_t;
      typedef struct { atomic_long_t a; } local_t;
      struct buffer_data_page { unsigned long long time_stamp; local_t commit; unsigned char data[0]; };
      struct buffer_page { struct list_head list; local_t write; unsigned read; local_t entries; struct buffer_data_page *page; };
      struct ring_buffer_per_cpu { int cpu; unsigned long nr_pages; struct buffer_page *head_page; struct buffer_page *commit_page; struct buffer_page *reader_page; local_t entries; local_t overrun; unsigned long read; };
      struct trace_buffer { atomic_t record_disabled; struct ring_buffer_per_cpu **buffers; unsigned long clock; };
      struct array_buffer { struct trace_buffer *buffer; };
      struct tracer { const char *name; };
      struct trace_array { struct list_head list; char *name; struct array_buffer array_buffer; struct tracer *current_trace; ${lastBoot ? "unsigned flags; long text_delta; struct trace_module_delta *module_delta; void *scratch;" : ""} };
      struct trace_module_delta { long rcu[2]; long delta[0]; };
      struct trace_mod_entry { unsigned long mod_addr; char mod_name[56]; };
      struct trace_scratch { unsigned clock_id; unsigned long text_addr; unsigned long nr_entries; struct trace_mod_entry entries[0]; };
      enum { TRACE_ARRAY_FL_LAST_BOOT = 4 };
      struct trace_entry { unsigned short type; unsigned char flags; unsigned char preempt_count; int pid; };
      enum trace_flag_type { TRACE_FLAG_IRQS_OFF = 1, TRACE_FLAG_NEED_RESCHED = 4, TRACE_FLAG_HARDIRQ = 8, TRACE_FLAG_SOFTIRQ = 16 };
      enum { TRACE_EVENT_FL_TRACEPOINT = 16 };
      struct trace_event { int type; };
      struct trace_event_class { const char *system; unsigned long get_fields; struct list_head fields; };
      struct trace_event_call { struct list_head list; struct trace_event_class *class; const char *name; struct trace_event event; char *print_fmt; void *data; int flags; };
      struct ftrace_event_field { struct list_head link; const char *name; const char *type; int offset; int size; unsigned is_signed:1; };
      struct saved_cmdlines_buffer { unsigned map_pid_to_cmdline[9]; unsigned *map_cmdline_to_pid; unsigned cmdline_num; char saved_cmdlines[0]; };`,
    symbols: {
      ftrace_trace_arrays: GLOBALS,
      ftrace_events: GLOBALS + 16n,
      ftrace_common_fields: GLOBALS + 64n,
      savedcmd: GLOBALS + 32n,
      __cpu_possible_mask: GLOBALS + 40n,
      nr_cpu_ids: GLOBALS + 48n,
      global_trace: HEAP,
      [clock]: { address: 0xffffffff81000000n, type: "T", size: 64 },
    },
    vmcoreinfo: { PAGESIZE: "4096" },
    memory: [
      ["struct list_head", GLOBALS, { next: HEAP }],
      ["struct list_head", GLOBALS + 16n, { next: CALL }],
      ["struct list_head", GLOBALS + 64n, { next: CALL + 0x300n }],
      ["struct ftrace_event_field", CALL + 0x300n, { link: { next: GLOBALS + 64n }, name: "common_type", type: "unsigned short", offset: 0, size: 2 }], // prettier-ignore
      ["unsigned long", GLOBALS + 32n, HEAP + 0x800n],
      ["unsigned long", GLOBALS + 40n, 1n],
      ["unsigned int", GLOBALS + 48n, 1],
      ["struct trace_array", HEAP, { list: { next: GLOBALS }, array_buffer: { buffer: HEAP + 0x200n }, current_trace: HEAP + 0x280n, ...(lastBoot && { flags: 4, text_delta: lastBoot.textDelta, module_delta: HEAP + 0xa00n, scratch: HEAP + 0xa40n }) }], // prettier-ignore
      ["struct trace_scratch", HEAP + 0xa40n, { nr_entries: 1n }],
      ["struct trace_mod_entry", HEAP + 0xa58n, { mod_addr: lastBoot?.module.address ?? 0n }],
      ["long", HEAP + 0xa10n, lastBoot?.module.delta ?? 0n],
      ["struct trace_buffer", HEAP + 0x200n, { record_disabled: { counter: 1 }, buffers: HEAP + 0x240n, clock: 0xffffffff81000000n }], // prettier-ignore
      ["unsigned long", HEAP + 0x240n, HEAP + 0x300n],
      ["struct tracer", HEAP + 0x280n, { name: "nop" }],
      ["struct ring_buffer_per_cpu", HEAP + 0x300n, { nr_pages: ring.length, head_page: pageStruct(ring[0] ?? 0), commit_page: pageStruct(commit), reader_page: pageStruct(0) }], // prettier-ignore
      ["struct trace_event_call", CALL, { list: { next: GLOBALS + 16n }, class: CALL + 0x100n, name: "event", event: { type: EVENT }, print_fmt: '"value=%d", REC->value' }], // prettier-ignore
      ["struct trace_event_class", CALL + 0x100n, { system: "lab", fields: { next: CALL + 0x200n } }],
      ["struct ftrace_event_field", CALL + 0x200n, { link: { next: CALL + 0x110n }, name: "value", type: "int", offset: 8, size: 4, is_signed: 1 }], // prettier-ignore
      ["struct saved_cmdlines_buffer", HEAP + 0x800n, { map_pid_to_cmdline: [1, 0], map_cmdline_to_pid: HEAP + 0x900n, cmdline_num: 1 }], // prettier-ignore
      ["char [16]", HEAP + 0x800n + 52n, "init"],
      ["unsigned int", HEAP + 0x900n, 1],
    ],
  });
  for (const [at, page] of pages.entries()) {
    const address = PAGES + BigInt(at) * PAGE;
    const bytes = pageBytes(page);
    kernel.put("unsigned char [4096]", address, []);
    kernel.put("struct buffer_data_page", address, {
      time_stamp: page.time,
      commit: { a: { counter: page.commit ?? bytes.length } },
    });
    kernel.memory.poke(address + 16n, bytes);
    // The pointer to the oldest page is marked.
    const next = at === 0 ? pageStruct(0) : pageStruct(nextOf(at)) | (nextOf(at) === head ? 1n : 0n);
    kernel.put("struct buffer_page", pageStruct(at), { list: { next, prev: 1n }, read: at === 0 ? read : 0, page: address }); // prettier-ignore
  }
  return kernel;
}
