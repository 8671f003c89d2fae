/** The pages of the Crash Dump panel. */
import type { Page, PanelSession } from "../../protocol/panel.ts";
import type { PageKeys } from "../../protocol/records.ts";

interface Opens<Key> {
  /** A column whose cells open the rows of a command. */
  readonly column: Key;
  /** The command line, in which `$` is replaced by the cell. */
  readonly line: string;
}

/**
 * Returns a page that shows a command's records as a table. @param lead columns that come first, checked by the
 * compiler
 */
const grid = <Line extends keyof PageKeys>(
  id: string,
  title: string,
  line: Line,
  lead: readonly PageKeys[Line][],
  opens?: Opens<PageKeys[Line]>,
): Page => ({
  id,
  title,
  line,
  kind: "grid",
  lead,
  ...(opens && { opens: { column: opens.column, kind: "table", target: opens.line } }),
});

const largest = (column: string): NonNullable<Page["order"]> => ({ column, descending: true });

/** How tables of events are shown. */
const timeline = {
  choices: [["kind"], ["cpu"], ["comm", "pid"]] satisfies PageKeys["timeline -n 5000"][][],
  fromEnd: true,
  whole: "text" satisfies PageKeys["timeline -n 5000"],
};

/**
 * All pages of the Crash Dump panel in the order of their tabs. To add a table of a command's records, add the
 * command to `PageKeys` and one line here.
 */
export const pages: readonly Page[] = [
  { id: "verdict", title: "Verdict", line: "analyze", kind: "verdict" },
  { id: "log", title: "Log", line: "log", kind: "log" },
  {
    ...grid("health", "Health", "health", ["severity", "check", "finding", "shows"], { column: "shows", line: "$" }),
    wraps: "finding" satisfies PageKeys["health"],
  },
  { id: "memory", title: "Memory", line: "kmem -i", kind: "memory" },
  { id: "tasks", title: "Tasks", line: "ps", kind: "tasks" },
  { id: "waits", title: "Waits", line: "waits", kind: "waits" },
  {
    ...grid("timeline", "Timeline", "timeline -n 5000", ["time_ns", "kind", "cpu", "pid", "comm", "event", "text"]),
    ...timeline,
  },
  grid("runq", "Run Queues", "runq", ["cpu", "queue", "priority", "pid", "comm"]),
  grid("timers", "Timers", "timer", ["cpu", "timeToExpire", "function"]),
  grid("irqs", "IRQs", "irq -s", ["irq", "name", "affinity", "chip", "flow"]),
  grid("modules", "Modules", "mod", ["name", "size", "base", "module", "file"], { column: "name", line: "sym -m $" }),
  {
    ...grid(
      "slabs",
      "Slab Caches",
      "kmem -s",
      ["name", "bytes", "objectSize", "allocated", "total", "slabs", "slabBytes"],
      {
        column: "name",
        line: "kmem -S $",
      },
    ),
    order: largest("bytes" satisfies PageKeys["kmem -s"]),
  },
  grid("owners", "Memory by Owner", "kmem -A", ["bytes", "count", "kind", "place", "function", "module", "note"]),
  {
    ...grid("vmalloc", "vmalloc", "kmem -v", ["start", "end", "size", "caller"]),
    order: largest("size" satisfies PageKeys["kmem -v"]),
  },
  grid("swap", "Swap", "swap", []),
  grid("mounts", "Mounts", "mount", ["directory", "type", "device"]),
  grid("files", "Files", "foreach user files", ["pid", "comm", "fd", "type", "path", "file", "dentry", "inode"]),
  grid("net", "Network", "net", ["name", "addresses"]),
  grid("devices", "Devices", "dev", ["kind", "major", "name", "operations"]),
  grid("pci", "PCI", "dev -p", ["name", "id", "class", "express", "type", "bridge"]),
  grid("ipc", "IPC", "ipcs", [
    "facility",
    "id",
    "key",
    "uid",
    "mode",
    "bytes",
    "attached",
    "status",
    "semaphores",
    "messages",
  ]),
];

/** Columns of the page of slab objects, and how an object opens. */
const objects: { readonly lead: readonly PageKeys["kmem -S"][]; readonly opens: NonNullable<Page["opens"]> } = {
  lead: ["address", "free"],
  opens: { column: "address" satisfies PageKeys["kmem -S"], kind: "object", target: "$" },
};

/** Kinds of pages that an editor shows for any line. */
const ANY_LINE: readonly unknown[] = ["bytes", "grid", "object"] satisfies Page["kind"][];

/**
 * Returns the page for an editor: a command's table, the object that an expression names, the memory at an address, or a
 * page of the panel.
 */
export function editorPage(line: string, kind: Page["kind"]): Page {
  const known = pages.find((page) => page.line === line && page.kind === kind);
  if (known && kind !== "grid") return known;
  const isTimeline = kind === "grid" && /^timeline(\s|$)/.test(line);
  const id = kind === "grid" ? "table" : kind;
  const title = kind === "bytes" ? `Memory ${line}` : line;
  const page: Page = { ...known, id, title, line, kind, ...(isTimeline && timeline) };
  const isObjects = kind === "grid" && /^kmem -S\s/.test(line);
  return isObjects ? { ...page, ...objects } : page;
}

/**
 * Returns the page and session of an editor from its stored state, after a reload of the window. Undefined for other
 * state.
 */
export function revivedEditor(state: unknown): { readonly page: Page; readonly session: PanelSession } | undefined {
  const { editor } = (state ?? {}) as { editor?: { line?: unknown; page?: unknown; session?: Partial<PanelSession> } };
  const { line, page: kind, session } = editor ?? {};
  const { name, release, dump } = session ?? {};
  if (typeof line !== "string" || typeof name !== "string") return undefined;
  const isKnown = ANY_LINE.includes(kind) || pages.some((page) => page.line === line && page.kind === kind);
  if (!isKnown) return undefined;
  if (!Array.isArray(dump) || !dump.every((path) => typeof path === "string")) return undefined;
  // The session ended with the window, so only the dump's files identify the session that replaces it.
  return { page: editorPage(line, kind as Page["kind"]), session: { id: "", name, release, dump } };
}
