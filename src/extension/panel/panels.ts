import type { Panel, PanelSession } from "../../protocol/panel.ts";

const rows = (column: string, target: string): NonNullable<Panel["opens"]> => ({ column, kind: "table", target });

/** Every page of the Crash Dump panel, in the order of its tabs. A table of any command's records is one line. */
export const panels: readonly Panel[] = [
  { id: "log", title: "Log", line: "log", page: "log" },
  { id: "memory", title: "Memory", line: "kmem -i", page: "memory" },
  { id: "tasks", title: "Tasks", line: "ps", page: "tasks" },
  { id: "waits", title: "Waits", line: "waits", page: "waits" },
  { id: "runq", title: "Run Queues", line: "runq", page: "grid", lead: ["cpu", "queue", "priority", "pid", "comm"] },
  {
    id: "timers",
    title: "Timers",
    line: "timer",
    page: "grid",
    lead: ["cpu", "timeToExpire", "function"],
    units: { timeToExpire: "jiffies", expires: "jiffies" },
  },
  { id: "irqs", title: "IRQs", line: "irq", page: "grid", lead: ["irq", "name"] },
  {
    id: "modules",
    title: "Modules",
    line: "mod",
    page: "grid",
    lead: ["name", "size", "base", "module", "file"],
    units: { size: "bytes" },
    opens: rows("name", "sym -m $"),
  },
  {
    id: "slabs",
    title: "Slab Caches",
    line: "kmem -s",
    page: "grid",
    lead: ["name", "objectSize", "allocated", "total", "slabs", "slabBytes"],
    opens: rows("name", "kmem -S $"),
  },
  {
    id: "vmalloc",
    title: "vmalloc",
    line: "kmem -v",
    page: "grid",
    lead: ["start", "end", "size", "caller"],
  },
  { id: "swap", title: "Swap", line: "swap", page: "grid" },
  { id: "mounts", title: "Mounts", line: "mount", page: "grid", lead: ["directory", "type", "device"] },
  {
    id: "files",
    title: "Files",
    line: "foreach user files",
    page: "grid",
    lead: ["pid", "comm", "fd", "type", "path", "file", "dentry", "inode"],
  },
  { id: "net", title: "Network", line: "net", page: "grid", lead: ["name", "addresses"] },
  { id: "devices", title: "Devices", line: "dev", page: "grid", lead: ["kind", "major", "name", "operations"] },
  {
    id: "pci",
    title: "PCI",
    line: "dev -p",
    page: "grid",
    lead: ["name", "id", "class", "type", "express"],
    units: { class: "hex" },
  },
  {
    id: "ipc",
    title: "IPC",
    line: "ipcs",
    page: "grid",
    lead: ["facility", "id", "key", "uid", "mode", "bytes", "attached", "status", "semaphores", "messages"],
  },
];

/** A command's rows, or the object that an expression names, in an editor of its own. */
export function editorPanel(line: string, page: "grid" | "object"): Panel {
  const known = page === "grid" ? panels.find((one) => one.line === line && one.page === page) : undefined;
  const panel: Panel = { ...known, id: page === "grid" ? "table" : page, title: line, line, page };
  const isObjects = page === "grid" && /^kmem -S\s/.test(line);
  return isObjects
    ? { ...panel, lead: ["address", "free"], opens: { column: "address", kind: "object", target: "$" } }
    : panel;
}

/** An editor as its page remembered it before the window was loaded again; undefined for what is nothing of ours. */
export function revivedEditor(state: unknown): { readonly panel: Panel; readonly session: PanelSession } | undefined {
  const { editor } = (state ?? {}) as { editor?: { line?: unknown; page?: unknown; session?: Partial<PanelSession> } };
  const { line, page, session } = editor ?? {};
  const { name, release, dump } = session ?? {};
  if (typeof line !== "string" || (page !== "grid" && page !== "object") || typeof name !== "string") return undefined;
  if (!Array.isArray(dump) || !dump.every((path) => typeof path === "string")) return undefined;
  // Its session ended with the window: only the dump's files tell which session is the next.
  return { panel: editorPanel(line, page), session: { id: "", name, release, dump } };
}
