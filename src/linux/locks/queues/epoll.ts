/** Wait queues of epoll instances, and tasks that wait in poll and select. */
import { attempt, Fault } from "../../../base/fault.ts";
import { rbtreeEntries } from "../../../kernel/rbtree.ts";
import type { Obj } from "../../../model/object.ts";
import { fileText } from "../../fs/fileText.ts";
import { pageSize } from "../../mm/page.ts";
import type { Found } from "../resource.ts";
import { isLinked, type Sleeper, structsOfTask } from "../sleeper.ts";
import type { QueuedEntry } from "./queueResource.ts";

/** Number of files whose names are listed. */
const MAX_NAMES = 3;
/** Maximum number of files of one wait. */
const MAX_FILES = 1 << 20;

/**
 * Returns the epoll instance of a queue (fs/eventpoll.c: struct eventpoll); undefined for another queue. Its file
 * points back to it.
 */
export function epollWait({ sleeper: { kernel }, queue }: QueuedEntry): Found | undefined {
  const type = "struct eventpoll";
  const poll = kernel.object(type, queue - kernel.object(type, 0n).at("wq").address);
  if (poll.at("file.private_data").value() !== poll.address) return undefined;
  const files: Obj[] = [];
  const read = attempt(() => {
    for (const item of rbtreeEntries(kernel, poll.at("rbr"), "struct epitem", "rbn")) {
      if (files.length >= MAX_FILES) break;
      files.push(item.at("ffd.file").deref());
    }
  });
  return {
    resource: { kind: "poll", type, address: poll.address, phrase: `events of ${filesText(files)} (epoll)` },
    ...(read instanceof Fault ? { unknown: read.message } : {}),
  };
}

/**
 * Returns the files that a task waits for in poll(2) or select(2): the entries of the `poll_wqueues` on its stack
 * (fs/select.c). An entry is valid if its waiter is in a list and points back to the `poll_wqueues`. Undefined if the
 * stack contains none with files: the task waits for a timeout or a signal.
 */
export function pollWait(sleeper: Sleeper): Found | undefined {
  const type = "struct poll_wqueues";
  for (const one of structsOfTask(sleeper, type, "polling_task", sleeper.at + 2)) {
    const files = attempt(() => polledFiles(one));
    // Without files nothing shows whether it is in use.
    if (files instanceof Fault || files.length === 0) continue;
    const phrase = `events of ${filesText(files)}`;
    return {
      waiter: { type, address: one.address },
      resource: { kind: "poll", type, address: one.address, phrase },
    };
  }
  return undefined;
}

/** Returns the files of valid entries. @throws Fault "corrupt" if an entry does not belong to the `poll_wqueues` */
function polledFiles(queues: Obj): Obj[] {
  const { kernel } = queues;
  const files = new Map<bigint, Obj>();
  const add = (entry: Obj): void => {
    if (entry.at("wait.private").value() !== queues.address || !isLinked(kernel, entry.at("wait.entry").address))
      throw Fault.at("corrupt", entry.address, "the entry does not belong to this poll_wqueues");
    const file = entry.at("filp").deref();
    if (files.size < MAX_FILES) files.set(file.address, file);
  };
  const inline = queues.at("inline_index").number();
  const size = queues.at("inline_entries").size / queues.at("inline_entries").index(0).size;
  if (inline < 0 || inline > size)
    throw Fault.at("corrupt", queues.address, `inline_index is ${inline}, but there are ${size} inline entries`);
  for (let i = 0; i < inline; i++) add(queues.at("inline_entries").index(i));
  // Further entries are in pages, of which each begins with a `poll_table_page`; its `entry` points after the last one.
  const seen = new Set<bigint>();
  for (let page = queues.at("table").deref(); page.address !== 0n; page = page.at("next").deref()) {
    if (seen.has(page.address)) throw Fault.at("corrupt", page.address, "the pages of entries form a loop");
    seen.add(page.address);
    const [first, end] = [page.at("entries").address, page.at("entry").value()];
    const step = BigInt(kernel.object("struct poll_table_entry", 0n).size);
    const pageEnd = page.address + BigInt(pageSize(kernel));
    for (let at = first; at < end && at + step <= pageEnd; at += step)
      add(kernel.object("struct poll_table_entry", at));
  }
  return [...files.values()];
}

/** Returns `2 files: anon_inode:[eventfd], pipe:[1234]`. */
function filesText(files: readonly Obj[]): string {
  const names = files.slice(0, MAX_NAMES).map((file) => {
    const name = attempt(() => fileText(file));
    return name instanceof Fault ? "?" : name;
  });
  if (files.length === 1) return names[0] ?? "?";
  const more = files.length > MAX_NAMES ? `, and ${files.length - MAX_NAMES} more` : "";
  return files.length === 0 ? "no file" : `${files.length} files: ${names.join(", ")}${more}`;
}
