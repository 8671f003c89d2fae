import { Fault } from "../../../base/fault.ts";
import { UsageError } from "../../../base/usageError.ts";
import { demangleRustIn } from "../../../base/rust/demangle.ts";
import { auditRecords } from "../../../linux/printk/audit.ts";
import { logRecords } from "../../../linux/printk/printk.ts";
import type { LogRecord } from "../../../linux/printk/printkRecord.ts";
import { safeBuffers } from "../../../linux/printk/printkSafe.ts";
import { crashTime, uptime } from "../../../linux/time/timekeeping.ts";
import type { Kernel } from "../../../model/kernel.ts";
import { command } from "../../language/command.ts";
import { hex } from "../../../base/hex.ts";
import { faultPiece, type Line, type Piece, record, text } from "../../../say/piece.ts";
import { dateText } from "../../../render/quantity.ts";

export const log = command({
  name: "log",
  readsOnly: true,
  summary: "the kernel's message buffer",
  usage: "[-TtdmascR]",
  options: [
    { flag: "-T", help: "wall-clock time in front of each message; approximate, as the kernel's log clock drifts" },
    { flag: "-t", help: "no time in front" },
    { flag: "-d", help: "the KEY=value pairs that drivers attached to a message" },
    { flag: "-m", help: "the level of each message, as <6>" },
    { flag: "-a", help: "audit messages that no daemon has fetched" },
    { flag: "-s", help: "messages in the per-CPU buffers of NMI and recursive context" },
    { flag: "-c", help: "who printed it: T and a thread id, or C and a CPU" },
    { flag: "-R", help: "Rust symbols as the source names them" },
  ],
  description:
    "Shows the kernel log, oldest message first. A message whose page is not in the dump is shown as a fault.",
  examples: [
    { line: "log | tail -n 30", shows: "The last words." },
    { line: "log -T | grep -i oops", shows: "When it went wrong." },
    { line: "log -m | grep '<[0-3]>'", shows: "Errors and worse." },
  ],
  *run({ kernel }, args) {
    if (args.has("-a")) return yield* audit(kernel);
    if (args.has("-s")) return yield* safe(kernel);
    if (args.has("-T") && args.has("-t")) throw new UsageError("-T and -t exclude each other");
    const boot = args.has("-T") ? crashTime(kernel) - Math.floor(uptime(kernel)) : undefined;
    const prefix = prefixOf({ boot, time: !args.has("-t"), level: args.has("-m"), caller: args.has("-c") });
    for (const message of logRecords(kernel)) {
      if (message instanceof Fault) yield faultPiece(message);
      else {
        const shown = args.has("-R") ? { ...message, text: demangleRustIn(message.text) } : message;
        yield messagePiece(shown, prefix(shown), args.has("-d"));
      }
    }
  },
});

interface Shown {
  /** Seconds since the epoch at which the log's clock started, for wall time. */
  readonly boot: number | undefined;
  readonly time: boolean;
  readonly level: boolean;
  readonly caller: boolean;
}

/** What stands in front of a message's first line; further lines are indented by as much. */
const prefixOf =
  (shown: Shown) =>
  ({ nanoseconds, level, caller }: LogRecord): string =>
    [
      shown.time && nanoseconds !== undefined ? `[${timeText(nanoseconds, shown.boot)}] ` : "",
      shown.caller && caller !== undefined ? `[${caller.padStart(6)}] ` : "",
      shown.level && level !== undefined ? `<${level.toString(16)}>` : "",
    ].join("");

const timeText = (nanoseconds: bigint, boot: number | undefined): string =>
  boot === undefined ? uptimeText(nanoseconds) : dateText(boot + Number(nanoseconds / 1_000_000_000n));

const uptimeText = (nanoseconds: bigint): string =>
  `${String(nanoseconds / 1_000_000_000n).padStart(5)}.${String((nanoseconds / 1000n) % 1_000_000n).padStart(6, "0")}`;

function messagePiece(message: LogRecord, prefix: string, withDictionary: boolean): Piece {
  const indent = " ".repeat(prefix.length);
  const [first = "", ...more] = message.text.split("\n");
  const data = {
    seq: message.seq === undefined ? undefined : Number(message.seq),
    seconds: message.nanoseconds === undefined ? undefined : Number(message.nanoseconds) / 1e9,
    level: message.level,
    facility: message.facility,
    caller: message.caller,
    text: message.text,
    dictionary: message.dictionary.length > 0 ? message.dictionary : undefined,
  };
  const bad = message.level !== undefined && message.level <= 3;
  const lines: Line[] = [first, ...more].map((line, i) => [
    { as: "dim", text: i === 0 ? prefix : indent },
    bad ? { as: "bad", text: line } : line,
  ]);
  if (withDictionary) for (const pair of message.dictionary) lines.push([`${indent}${pair}`]);
  return record(data, ...lines);
}

function* audit(kernel: Kernel): Generator<Piece, void, void> {
  let found = false;
  for (const { type, text: message } of auditRecords(kernel)) {
    found = true;
    yield record({ type, text: message }, `type=${type} ${message}`);
  }
  if (!found) yield text("log: kernel audit log is empty");
}

function* safe(kernel: Kernel): Generator<Piece, void, void> {
  let name: string | undefined;
  for (const buffer of safeBuffers(kernel)) {
    if (buffer.name !== name) yield text(`PRINTK_SAFE_SEQ_BUF: ${(name = buffer.name)}`);
    const { cpu, address, length, lost, lines } = buffer;
    const data = { buffer: buffer.name, cpu, address: `0x${hex(address)}`, length, lost, lines };
    const shown = lines.length > 0 ? lines : ["(empty)"];
    yield record(
      data,
      `CPU: ${cpu}  ADDR: ${hex(address)} LEN: ${length}  MESSAGE_LOST: ${lost}`,
      ...shown.map((line) => `  ${line}`),
    );
  }
  if (name === undefined) yield text("log: this kernel has no printk safe buffers");
}
