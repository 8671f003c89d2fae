/** Formats of trace events, as the kernel registered them (`ftrace_events`). */
import { attempt, Fault, untilFault } from "../../base/fault.ts";
import { listEntries } from "../../kernel/list.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { globalAddress } from "../vmcoreinfo.ts";

/** A field of an event, `struct ftrace_event_field`. */
export interface EventField {
  readonly name: string;
  /** C type as the kernel writes it: "pid_t", "char[16]", "__data_loc char[]". */
  readonly type: string;
  /** Offset in the entry, in bytes. */
  readonly offset: number;
  /** Size in bytes. */
  readonly size: number;
  readonly isSigned: boolean;
}

/** A trace event, `struct trace_event_call`. */
export interface TraceEvent {
  readonly id: number;
  readonly name: string;
  readonly system: string;
  /** In the order of the entry, without the common ones. */
  readonly fields: readonly EventField[];
  /** The format and its arguments as C text: `"pid=%d", REC->pid`. */
  readonly printFormat: string;
}

/** Maximum numbers of events, of fields of an event and of bytes of a format. */
const MAX_EVENTS = 1 << 16;
const MAX_FIELDS = 256;
const MAX_FORMAT = 1 << 16;

/** Returns the events by their ids, which entries have in `trace_entry.type`. Events after a broken list are missing. */
export const traceEvents = derived("trace events", (kernel): ReadonlyMap<number, TraceEvent> => {
  const head = globalAddress(kernel, "ftrace_events");
  if (head === undefined) throw Fault.of("unknown", "no symbol ftrace_events");
  const events = new Map<number, TraceEvent>();
  const list = listEntries(kernel, kernel.object("struct list_head", head), "struct trace_event_call", "list");
  for (const call of untilFault(list, () => {})) {
    if (events.size >= MAX_EVENTS) break;
    const event = attempt(() => eventOf(kernel, call));
    if (!(event instanceof Fault)) events.set(event.id, event);
  }
  return events;
});

function eventOf(kernel: Kernel, call: Obj): TraceEvent {
  return {
    id: call.at("event.type").number(),
    name: nameOf(kernel, call),
    system: call.at("class.system").text(),
    fields: fieldsOf(kernel, call),
    printFormat: call.at("print_fmt").value() === 0n ? "" : formatOf(kernel, call),
  };
}

const formatOf = (kernel: Kernel, call: Obj): string => kernel.memory.cString(call.at("print_fmt").value(), MAX_FORMAT);

/** Returns the name of an event; an event of a tracepoint has the tracepoint's name. */
function nameOf(kernel: Kernel, call: Obj): string {
  const flag = kernel.types.enumerator("TRACE_EVENT_FL_TRACEPOINT")?.value ?? 0n;
  const isTracepoint = (call.at("flags").value() & flag) !== 0n;
  return isTracepoint ? call.at("tp.name").text() : call.at("name").text();
}

/**
 * Returns the fields of an event. Enter events of system calls share a class; their fields are in the metadata of the
 * call.
 */
function fieldsOf(kernel: Kernel, call: Obj): EventField[] {
  const isSyscallEntry = call.at("class.get_fields").value() !== 0n && call.at("data").value() !== 0n;
  const head = isSyscallEntry
    ? kernel.object("struct syscall_metadata", call.at("data").value()).at("enter_fields")
    : call.at("class.fields");
  return listedFields(kernel, head.address);
}

/** Returns the fields that all entries begin with: `struct trace_entry`. @throws Fault */
export function commonFields(kernel: Kernel): EventField[] {
  const head = globalAddress(kernel, "ftrace_common_fields");
  if (head === undefined) throw Fault.of("unknown", "no symbol ftrace_common_fields");
  return listedFields(kernel, head);
}

/** Reads a list of fields. @param head address of its `struct list_head` */
function listedFields(kernel: Kernel, head: bigint): EventField[] {
  const fields: EventField[] = [];
  for (const field of listEntries(kernel, kernel.object("struct list_head", head), FIELD, "link")) {
    if (fields.length >= MAX_FIELDS) break;
    fields.push({
      name: field.at("name").text(),
      type: field.at("type").text(),
      offset: field.at("offset").number(),
      size: field.at("size").number(),
      isSigned: field.at("is_signed").value() !== 0n,
    });
  }
  return fields.sort((a, b) => a.offset - b.offset);
}

const FIELD = "struct ftrace_event_field";
