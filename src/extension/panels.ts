import type { Panel } from "../protocol/panel.ts";

const rows = (column: string, target: string): NonNullable<Panel["opens"]> => ({ column, kind: "table", target });

/** Every page of the Kernel panel, in the order of its tabs. A table of any command's records is one line. */
export const panels: readonly Panel[] = [
  { id: "log", title: "Log", line: "log", page: "log" },
  { id: "memory", title: "Memory", line: "kmem -i", page: "memory" },
  { id: "tasks", title: "Tasks", line: "ps", page: "tasks" },
  { id: "runq", title: "Run Queues", line: "runq", page: "grid" },
  { id: "timers", title: "Timers", line: "timer", page: "grid" },
  { id: "irqs", title: "IRQs", line: "irq", page: "grid" },
  { id: "modules", title: "Modules", line: "mod", page: "grid", opens: rows("name", "sym -m $") },
  { id: "slabs", title: "Slab Caches", line: "kmem -s", page: "grid", opens: rows("name", "kmem -S $") },
  { id: "vmalloc", title: "vmalloc", line: "kmem -v", page: "grid" },
  { id: "swap", title: "Swap", line: "swap", page: "grid" },
  { id: "mounts", title: "Mounts", line: "mount", page: "grid" },
  { id: "files", title: "Files", line: "foreach user files", page: "grid" },
  { id: "net", title: "Network", line: "net", page: "grid" },
  { id: "devices", title: "Devices", line: "dev", page: "grid" },
  { id: "pci", title: "PCI", line: "dev -p", page: "grid" },
  { id: "ipc", title: "IPC", line: "ipcs", page: "grid" },
];

/** A command's rows in an editor of their own. */
export function tablePanel(line: string): Panel {
  const panel: Panel = { id: "table", title: line, line, page: "grid" };
  const isObjects = /^kmem -S\s/.test(line);
  return isObjects ? { ...panel, opens: { column: "address", kind: "object", target: "$" } } : panel;
}
