/** Log formats before v5.10: records of variable length, and plain text. */
import { viewOf } from "../../base/bytes.ts";
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import { callerName, type LogRecord } from "./printkRecord.ts";
import { globalU32, globalWord, noteOffset, noteSize, noteSymbol } from "../vmcoreinfo.ts";

/**
 * Maximum size of the log in bytes: 64 MiB, more than any CONFIG_LOG_BUF_SHIFT. It bounds what is allocated if the size
 * is damaged.
 */
const MAX_LOG_BYTES = 1 << 26;

/** Returns the address and the size in bytes of the log buffer. @throws Fault */
function logBuffer(kernel: Kernel): { readonly address: bigint; readonly size: number } {
  const address = kernel.memory.word(noteSymbol(kernel, "log_buf"));
  const size = kernel.memory.u32(noteSymbol(kernel, "log_buf_len"));
  if (size > MAX_LOG_BYTES)
    throw Fault.at("corrupt", address, `log_buf_len of ${size} bytes exceeds the limit of ${MAX_LOG_BYTES}`);
  return { address, size };
}

interface Layout {
  readonly size: number;
  readonly time: number;
  readonly length: number;
  readonly textLength: number;
  readonly dictLength: number;
  /** Offset of two bytes: u8 facility; u8 flags:5, level:3. */
  readonly facility: number;
  readonly caller: number | undefined;
}

/**
 * Returns the layout of `struct printk_log`; called `struct log` before v3.11, and in RHEL 7 (commit 62e32ac3505a).
 * @throws Fault
 */
function layout(kernel: Kernel): Layout {
  const known = (name: string): boolean =>
    kernel.vmcoreinfo(`SIZE(${name})`) !== undefined || kernel.types.find("struct", name) !== undefined;
  const name = known("printk_log") ? "printk_log" : "log";
  const dictLength = noteOffset(kernel, name, "dict_len");
  const caller = attempt(() => noteOffset(kernel, name, "caller_id"));
  return {
    size: noteSize(kernel, name),
    time: noteOffset(kernel, name, "ts_nsec"),
    length: noteOffset(kernel, name, "len"),
    textLength: noteOffset(kernel, name, "text_len"),
    dictLength,
    facility: dictLength + 2,
    caller: caller instanceof Fault ? undefined : caller,
  };
}

/**
 * Yields the records of the log buffer of v3.5 to v5.9, oldest first. @throws Fault if the buffer cannot be found, or
 * where a record is outside of it
 */
export function* logBufRecords(kernel: Kernel): Generator<LogRecord | Fault> {
  const buffer = logBuffer(kernel);
  const at = layout(kernel);
  const end = kernel.memory.u32(noteSymbol(kernel, "log_next_idx"));
  let index = kernel.memory.u32(noteSymbol(kernel, "log_first_idx"));
  let left = buffer.size;
  while (index !== end && left > 0) {
    if (index + at.size > buffer.size)
      throw Fault.at("corrupt", buffer.address, "log record is outside of the log buffer");
    const length = kernel.memory.u16(buffer.address + BigInt(index + at.length));
    // A record of length 0 means that the log continues at the start of the buffer.
    if (length === 0) {
      if (index === 0) return;
      left -= buffer.size - index;
      index = 0;
      continue;
    }
    if (length < at.size)
      throw Fault.at("corrupt", buffer.address + BigInt(index), "log record is shorter than its header");
    const [record, size] = [buffer.address + BigInt(index), Math.min(length, buffer.size - index)];
    yield attempt(() => readRecord(kernel, at, kernel.memory.read(record, size)));
    index += length;
    left -= length;
  }
}

function readRecord(kernel: Kernel, at: Layout, bytes: Uint8Array): LogRecord {
  const little = kernel.arch.byteOrder === "little";
  const view = viewOf(bytes);
  const text = view.getUint16(at.textLength, little);
  const dict = view.getUint16(at.dictLength, little);
  const bits = bytes[at.facility + 1] ?? 0;
  const decode = (from: number, length: number): string =>
    new TextDecoder().decode(bytes.subarray(from, Math.min(from + length, bytes.length)));
  return {
    seq: undefined,
    nanoseconds: view.getBigUint64(at.time, little),
    level: little ? bits >> 5 : bits & 7,
    facility: bytes[at.facility] ?? 0,
    caller: at.caller === undefined ? undefined : callerName(view.getUint32(at.caller, little)),
    text: decode(at.size, text),
    dictionary: dict === 0 ? [] : decode(at.size + text, dict).split("\0"),
  };
}

/** Yields the lines of the plain text ring of kernels before v3.5: `<6>[    1.234567] text`. @throws Fault */
export function* plainLogRecords(kernel: Kernel): Generator<LogRecord | Fault> {
  const buffer = logBuffer(kernel);
  const logEnd = Number((globalWord(kernel, "log_end") ?? 0n) & 0xffffffffn);
  const length = Math.min(globalU32(kernel, "logged_chars") ?? buffer.size, buffer.size);
  const bytes = kernel.memory.read(buffer.address, buffer.size);
  const ordered = new Uint8Array(length);
  for (let i = 0; i < length; i++) ordered[i] = bytes[(logEnd - length + i) & (buffer.size - 1)] ?? 0;
  for (const line of new TextDecoder().decode(ordered).replace(/\0/g, "").split("\n")) {
    if (line === "") continue;
    const match = /^<(\d+)>(?:\[ *(\d+)\.(\d{6})\] )?/.exec(line);
    yield {
      seq: undefined,
      nanoseconds:
        match?.[2] === undefined ? undefined : BigInt(match[2]) * 1_000_000_000n + BigInt(match[3] ?? 0) * 1000n,
      level: match ? Number(match[1]) & 7 : undefined,
      facility: match ? Number(match[1]) >> 3 : 0,
      caller: undefined,
      text: match ? line.slice(match[0].length) : line,
      dictionary: [],
    };
  }
}
