/** The `log` command: prints the kernel log. */
import { Fault } from "../../../base/fault.ts";
import { UsageError } from "../../../base/usageError.ts";
import { demangleRustIn } from "../../../base/rust/demangle.ts";
import { type AuditRecord, auditRecords } from "../../../linux/printk/audit.ts";
import { type PersistentLog, persistentLogs } from "../../../linux/printk/ramoops.ts";
import { logRecords } from "../../../linux/printk/printk.ts";
import type { LogRecord } from "../../../linux/printk/printkRecord.ts";
import { type SafeBuffer, safeBuffers } from "../../../linux/printk/printkSafe.ts";
import { crashTime, uptime } from "../../../linux/time/timekeeping.ts";
import type { Kernel } from "../../../model/kernel.ts";
import { command } from "../../language/command.ts";
import { hex, padDigits } from "../../../base/hex.ts";
import { TableLayout } from "../../../render/layout.ts";
import { column, indent } from "../../../render/pad.ts";
import {
  faultPiece,
  type Line,
  lineText,
  type Piece,
  type Pieces,
  progress,
  type Span,
  text,
} from "../../../say/piece.ts";
import type { Table } from "../../../say/table.ts";
import { dateText } from "../../../render/quantity.ts";

export const log = command({
  name: "log",
  readsOnly: true,
  summary: "the kernel's message buffer",
  usage: "[-TtdmaspcR]",
  takesOnlyOptions: true,
  options: [
    { flag: "-T", help: "wall-clock time before each message; approximate, because the kernel's log clock drifts" },
    { flag: "-t", help: "no time before the messages" },
    { flag: "-d", help: "the KEY=value pairs that drivers attached to a message" },
    { flag: "-m", help: "the level of each message, as <6>" },
    { flag: "-a", help: "audit messages that no daemon has fetched" },
    { flag: "-s", help: "messages in the per-CPU buffers of NMI and recursive context" },
    { flag: "-p", help: "logs of earlier boots and crashes that ramoops kept in memory; reads all of the dump" },
    { flag: "-c", help: "the caller of each message: T and a thread id, or C and a CPU" },
    { flag: "-R", help: "demangle Rust symbols" },
  ],
  description:
    "Shows the kernel log, oldest message first. A message whose page is not in the dump is shown as a fault.",
  examples: [
    { line: "log | tail -n 30", shows: "The last lines of the log." },
    { line: "log -T | grep -i oops", shows: "The wall-clock time of an oops." },
    { line: "log -m | grep '<[0-3]>'", shows: "Errors and worse." },
  ],
  records: () => [
    { line: "log", fields: messagesTable({ boot: undefined, time: true, level: true, caller: true }).columns },
    { line: "log -a", fields: auditTable.columns },
    { line: "log -s", fields: safeTable.columns },
    { line: "log -p", fields: persistentTable.columns },
  ],
  *run({ kernel }, args) {
    if (args.has("-a")) return yield* audit(kernel);
    if (args.has("-s")) return yield* safe(kernel);
    if (args.has("-p")) return yield* persistent(kernel);
    if (args.has("-T") && args.has("-t")) throw new UsageError("-T and -t exclude each other");
    const boot = args.has("-T") ? crashTime(kernel) - Math.floor(uptime(kernel)) : undefined;
    const layout = new TableLayout(
      kernel,
      messagesTable({ boot, time: !args.has("-t"), level: args.has("-m"), caller: args.has("-c") }),
    );
    for (const message of logRecords(kernel)) {
      if (message instanceof Fault) yield faultPiece(message);
      else {
        const shown = args.has("-R") ? { ...message, text: demangleRustIn(message.text) } : message;
        yield messagePiece(layout, shown, args.has("-d"));
      }
    }
  },
});

interface Shown {
  /**
   * Seconds since the Unix epoch when the log's clock started, for wall-clock time; undefined to show the time since
   * boot.
   */
  readonly boot: number | undefined;
  readonly time: boolean;
  readonly level: boolean;
  readonly caller: boolean;
}

const dimSpan = (text: string): Span => ({ as: "dim", text });

/** Returns the time stamp as dmesg writes it: `[    1.234567]`. */
const stamp = ({ nanoseconds }: LogRecord, boot: number | undefined): string =>
  nanoseconds === undefined
    ? ""
    : `[${boot === undefined ? uptimeText(nanoseconds) : dateText(boot + Number(nanoseconds / 1_000_000_000n))}] `;

/**
 * The table of messages. The columns are printed before a message's first line; further lines are indented by their
 * width.
 */
export const messagesTable = (shown: Shown): Table<LogRecord> => ({
  gap: "",
  columns: {
    seq: { kind: "number", value: ({ seq }) => (seq === undefined ? undefined : Number(seq)) },
    time_ns: {
      kind: "nanoseconds",
      ...(shown.time && { title: "" }),
      about: "since boot, by the log's clock",
      value: ({ nanoseconds }) => nanoseconds,
      text: (_, record) => dimSpan(stamp(record, shown.boot)),
    },
    caller: {
      kind: "text",
      ...(shown.caller && { title: "" }),
      about: "T and a thread id, or C and a CPU",
      value: ({ caller }) => caller,
      text: (caller) => dimSpan(`[${column(caller, 6, "right")}] `),
    },
    level: {
      kind: "number",
      ...(shown.level && { title: "" }),
      about: "0 emergency to 7 debug",
      value: ({ level }) => level,
      text: (level) => dimSpan(`<${hex(level)}>`),
    },
    facility: { kind: "number", value: ({ facility }) => facility },
    text: {
      kind: "text",
      title: "",
      value: ({ text }) => text,
      text: (message, record) => textSpan(record, message.split("\n", 1)[0] ?? ""),
    },
    dictionary: { kind: "data", about: "KEY=value pairs", value: ({ dictionary }) => dictionary },
  },
});

const textSpan = ({ level }: LogRecord, text: string): Span =>
  level !== undefined && level <= 3 ? { as: "bad", text } : text;

function messagePiece(layout: TableLayout<LogRecord>, message: LogRecord, withDictionary: boolean): Piece {
  return layout.row(message, () => {
    const more = message.text.split("\n").slice(1);
    if (more.length === 0 && !withDictionary) return [];
    const [first = ""] = message.text.split("\n", 1);
    const margin = indent(lineText(layout.line(message)).length - first.length);
    return [
      ...more.map((line): Line => [dimSpan(margin), textSpan(message, line)]),
      ...(withDictionary ? message.dictionary.map((pair): Line => [`${margin}${pair}`]) : []),
    ];
  });
}

const uptimeText = (nanoseconds: bigint): string =>
  `${column(String(nanoseconds / 1_000_000_000n), 5, "right")}.${padDigits((nanoseconds / 1000n) % 1_000_000n, 6)}`;

export const auditTable: Table<AuditRecord> = {
  columns: {
    type: { kind: "number", title: "", gap: "type=", align: "left", value: ({ type }) => type },
    text: { kind: "text", title: "", value: ({ text }) => text },
  },
};

function* audit(kernel: Kernel): Pieces {
  const layout = new TableLayout(kernel, auditTable);
  let found = false;
  for (const record of auditRecords(kernel)) {
    found = true;
    yield layout.row(record);
  }
  if (!found) yield text("log: kernel audit log is empty");
}

export const safeTable: Table<SafeBuffer> = {
  columns: {
    buffer: { kind: "text", about: "nmi_print_seq or safe_print_seq", value: ({ name }) => name },
    cpu: { kind: "number", title: "", gap: "CPU: ", value: ({ cpu }) => cpu },
    address: {
      kind: "address",
      title: "",
      width: 0,
      gap: "  ADDR: ",
      value: ({ address }) => address,
      text: (address) => hex(address),
    },
    length: { kind: "number", title: "", gap: " LEN: ", unit: "bytes", value: ({ length }) => length },
    lost: {
      kind: "number",
      title: "",
      gap: "  MESSAGE_LOST: ",
      about: "messages that did not fit",
      value: ({ lost }) => lost,
    },
    lines: { kind: "data", value: ({ lines }) => lines },
  },
};

function* safe(kernel: Kernel): Pieces {
  const layout = new TableLayout(kernel, safeTable);
  let name: string | undefined;
  for (const buffer of safeBuffers(kernel)) {
    if (buffer.name !== name) yield text(`PRINTK_SAFE_SEQ_BUF: ${(name = buffer.name)}`);
    const shown = buffer.lines.length > 0 ? buffer.lines : ["(empty)"];
    yield layout.row(buffer, () => shown.map((line): Line => [`  ${line}`]));
  }
  if (name === undefined) yield text("log: this kernel has no printk safe buffers");
}

export const persistentTable: Table<PersistentLog> = {
  columns: {
    source: {
      kind: "text",
      title: "",
      gap: "RAMOOPS: ",
      align: "left",
      about: "zone in physical memory, or copy that the kernel made when it booted",
      value: ({ source }) => source,
    },
    address: {
      kind: "address",
      title: "",
      width: 0,
      gap: "  ADDR: ",
      about: "physical for a zone, a kernel address for a copy",
      value: ({ address }) => address,
      text: (address) => hex(address),
    },
    kind: {
      kind: "text",
      title: "",
      gap: "  KIND: ",
      align: "left",
      about: "record of a crash, or console",
      value: ({ kind }) => kind,
      text: (kind, { saved }) => (saved === undefined ? kind : `${kind} of ${dateText(saved)}`),
    },
    saved: {
      kind: "data",
      about: "when a record was saved, in seconds since the Unix epoch",
      value: ({ saved }) => saved,
    },
    text: { kind: "data", value: ({ text: log }) => log },
  },
};

function* persistent(kernel: Kernel): Pieces {
  const layout = new TableLayout(kernel, persistentTable);
  const end = Number(kernel.memory.physical.end);
  let found = false;
  for (const log of persistentLogs(kernel)) {
    if ("reached" in log) yield progress("bytes", Number(log.reached), end);
    else {
      found = true;
      yield layout.row(log, () => log.text.split("\n").map((line): Line => [line]));
    }
  }
  if (!found) yield text("log: no zone of ramoops with a log is in the dump");
}
