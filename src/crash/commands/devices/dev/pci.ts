/** Implements `dev -p`: lists PCI buses and their devices. */
import { attempt, Fault, faultLast } from "../../../../base/fault.ts";
import { hex, padHex } from "../../../../base/hex.ts";
import {
  isPciBridge,
  isPciExpress,
  pciChildBuses,
  pciClass,
  pciDevices,
  pciExpressType,
  pciName,
  pciRootBuses,
} from "../../../../linux/devices/pci.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import type { PageKeys } from "../../../../protocol/records.ts";
import { table, TableLayout } from "../../../../render/layout.ts";
import { faultPiece, text, type Pieces } from "../../../../say/piece.ts";
import type { Table } from "../../../../say/table.ts";

/** Maximum depth of buses: bus numbers have 8 bits. */
const MAX_DEPTH = 256;

/** The table of root buses. A row is a `struct pci_bus`. */
export const rootBusTable: Table<Obj> = {
  columns: {
    bus: { kind: "address", title: "ROOT BUS", titleAlign: "center", value: ({ address }) => address },
    name: { kind: "text", title: "BUSNAME", value: pciName },
  },
};

/** The table of buses behind bridges. A row is a `struct pci_bus`. */
export const busTable: Table<Obj> = {
  columns: {
    bus: { kind: "address", title: "PCI BUS", titleAlign: "center", gap: "  ", value: ({ address }) => address },
    parent: {
      kind: "address",
      title: "PARENT BUS",
      titleAlign: "center",
      value: (bus) => bus.at("parent").value(),
    },
    name: { kind: "text", value: pciName },
  },
};

interface DeviceRow {
  /** The device, `struct pci_dev`. */
  readonly device: Obj;
  /** The bus of the device, `struct pci_bus`. */
  readonly bus: Obj;
}

/** Returns the type as crash prints it, for functions that are not PCI Express too. */
const typeText = (device: Obj): string => `${pciExpressType(device)}${isPciBridge(device) ? " [BRIDGE]" : ""}`;

export const pciTable: Table<DeviceRow, PageKeys["dev -p"]> = {
  columns: {
    bus: { kind: "address", value: ({ bus }) => bus.address },
    device: {
      kind: "address",
      title: "PCI DEV",
      titleAlign: "center",
      gap: "  ",
      value: ({ device }) => device.address,
    },
    name: {
      kind: "text",
      title: "DO:BU:SL.FN",
      width: 12,
      align: "center",
      about: "domain, bus, slot and function",
      value: ({ device }) => pciName(device),
    },
    class: {
      kind: "number",
      title: "CLASS",
      unit: "hex",
      width: 6,
      align: "center",
      value: ({ device }) => pciClass(device),
      text: (code) => padHex(code, 4),
    },
    id: {
      kind: "text",
      title: "PCI_ID",
      about: "vendor and device, in hexadecimal",
      width: 9,
      align: "center",
      value: ({ device }) => `${hex(device.at("vendor").number())}:${hex(device.at("device").number())}`,
    },
    type: {
      kind: "text",
      title: "TYPE",
      width: 10,
      align: "center",
      about: "of a PCI Express function; null for others",
      value: ({ device }) => (isPciExpress(device) ? pciExpressType(device) : undefined),
      text: (_, { device }) => typeText(device),
      absent: ({ device }) => typeText(device),
    },
    bridge: { kind: "flag", value: ({ device }) => isPciBridge(device) },
    express: { kind: "flag", value: ({ device }) => isPciExpress(device) },
  },
};

/** Lists each root bus with its devices, then the buses behind its bridges. */
export function* pciBuses(kernel: Kernel): Pieces {
  for (const bus of faultLast(pciRootBuses(kernel))) {
    if (bus instanceof Fault) return yield faultPiece(bus, "dev: ");
    yield* table(kernel, rootBusTable, [bus]);
    yield* devices(bus, 0);
  }
}

function* devices(bus: Obj, depth: number): Pieces {
  const layout = new TableLayout(bus.kernel, pciTable);
  yield layout.heading();
  // The first row of a bus behind a bridge is the bridge.
  const bridge = attempt(() => bus.at("self").value());
  if (bridge instanceof Fault) yield faultPiece(bridge, "dev: ");
  else if (bridge !== 0n) yield layout.row({ device: bus.at("self").deref(), bus });
  for (const device of faultLast(pciDevices(bus)))
    yield device instanceof Fault ? faultPiece(device, "dev: ") : layout.row({ device, bus });
  // A blank line follows each bus behind a bridge, and a root bus after all buses below it.
  if (depth > 0) yield text("");
  if (depth < MAX_DEPTH) yield* childBuses(bus, depth + 1);
  if (depth === 0) yield text("");
}

function* childBuses(bus: Obj, depth: number): Pieces {
  for (const child of faultLast(pciChildBuses(bus))) {
    if (child instanceof Fault) return yield faultPiece(child, "dev: ");
    yield* table(bus.kernel, busTable, [child]);
    yield* devices(child, depth);
  }
}
