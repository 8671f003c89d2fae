/** The texts of files in tracefs that describe the ring buffers, as the kernel prints them. */
import { attempt, Fault, untilFault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { listEntries, memberOffset } from "../../kernel/list.ts";
import type { Kernel } from "../../model/kernel.ts";
import { taskComm, taskPid, taskTable } from "../sched/task.ts";
import { globalAddress } from "../vmcoreinfo.ts";
import { namesOfPids } from "./savedComm.ts";
import { commonFields, type EventField, type TraceEvent } from "./traceEvent.ts";

/** Maximum number of pointers in a section of formats or strings. */
const MAX_FORMATS = 1 << 16;
/** Maximum length of a format in bytes. */
const MAX_FORMAT_BYTES = 4096;

const fieldLine = ({ type, name, offset, size, isSigned }: EventField): string => {
  // The length of an array is after its name, except for dynamic ones.
  const array = /^(?!__(?:data|rel)_loc)(.*?)(\[.*)$/.exec(type);
  const declared = array ? `${array[1]} ${name}${array[2]}` : `${type} ${name}`;
  return `\tfield:${declared};\toffset:${offset};\tsize:${size};\tsigned:${isSigned ? 1 : 0};\n`;
};

/** Returns the file "format" of an event (kernel/trace/trace_events.c: f_show). @throws Fault */
export const formatFile = (kernel: Kernel, { name, id, fields, printFormat }: TraceEvent): string =>
  [
    `name: ${name}\nID: ${id}\nformat:\n`,
    ...commonFields(kernel).map(fieldLine),
    "\n",
    ...fields.map(fieldLine),
    `\nprint fmt: ${printFormat}\n`,
  ].join("");

/**
 * Returns the file events/header_page: the layout of `struct buffer_data_page`.
 * @param pageBytes size of a page of the buffer, with its header
 */
export function headerPage(kernel: Kernel, pageBytes: number): string {
  const [commit, data] = ["commit", "data"].map((member) => Number(memberOffset(kernel, "struct buffer_data_page", member))); // prettier-ignore
  const begin = data ?? 16;
  const word = kernel.arch.wordSize;
  return [
    `\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n`,
    `\tfield: local_t commit;\toffset:${commit};\tsize:${word};\tsigned:1;\n`,
    `\tfield: int overwrite;\toffset:${commit};\tsize:1;\tsigned:1;\n`,
    `\tfield: char data;\toffset:${begin};\tsize:${pageBytes - begin};\tsigned:0;\n`,
  ].join("");
}

/** The file events/header_event: the layout of the head of an entry, `struct ring_buffer_event`. */
export const HEADER_EVENT = [
  "# compressed entry header",
  "\ttype_len    :    5 bits",
  "\ttime_delta  :   27 bits",
  "\tarray       :   32 bits",
  "",
  "\tpadding     : type == 29",
  "\ttime_extend : type == 30",
  "\ttime_stamp : type == 31",
  "\tdata max type_len  == 28",
  "",
].join("\n");

/** Returns the file saved_cmdlines: the names of the PIDs in the buffers, and of the tasks in the dump. */
export function savedCmdlines(kernel: Kernel): string {
  const names = new Map<number, string>();
  for (const task of taskTable(kernel).tasks) {
    const named = attempt(() => [taskPid(task), taskComm(task)] as const);
    if (!(named instanceof Fault) && named[0] > 0) names.set(...named);
  }
  const saved = attempt(() => namesOfPids(kernel));
  if (!(saved instanceof Fault)) for (const [pid, comm] of saved) names.set(pid, comm);
  return [...names].map(([pid, comm]) => `${pid} ${comm}\n`).join("");
}

/**
 * Returns the file printk_formats: addresses and texts of the formats of trace_printk() and of the strings of
 * tracepoints. A text that cannot be read is left out; the list ends at the first pointer that cannot be read.
 */
export const printkFormats = (kernel: Kernel): string =>
  [...untilFault(formatAddresses(kernel), () => {})]
    .map((address) => {
      const text = attempt(() => kernel.memory.cString(address, MAX_FORMAT_BYTES));
      return text instanceof Fault ? "" : `${hex0x(address)} : "${escaped(text)}"\n`;
    })
    .join("");

const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\t": "\\t", "\\": "\\\\", '"': '\\"' };
const escaped = (text: string): string => text.replace(/[\n\t\\"]/g, (letter) => ESCAPES[letter] ?? letter);

/** Yields the addresses of the kernel's formats and strings, then those of modules. @throws Fault */
function* formatAddresses(kernel: Kernel): Generator<bigint, void, void> {
  for (const section of ["trace_bprintk_fmt", "tracepoint_str"]) {
    const [start, end] = [`__start___${section}`, `__stop___${section}`].map((name) => globalAddress(kernel, name));
    if (start === undefined || end === undefined) continue;
    const size = BigInt(kernel.arch.wordSize);
    for (let at = start; at < end && at - start < BigInt(MAX_FORMATS) * size; at += size) yield kernel.memory.word(at);
  }
  const head = globalAddress(kernel, "trace_bprintk_fmt_list");
  if (head === undefined || !kernel.types.find("struct", "trace_bprintk_fmt")) return;
  const list = kernel.object("struct list_head", head);
  for (const one of listEntries(kernel, list, "struct trace_bprintk_fmt", "list")) yield one.at("fmt").value();
}
