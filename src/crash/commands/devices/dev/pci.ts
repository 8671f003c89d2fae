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
import { addressCell, addressTitle } from "../../../say/addressCell.ts";
import { cell } from "../../../../say/cell.ts";
import { center } from "../../../../render/pad.ts";
import { faultPiece, record, text, type Piece, type Pieces } from "../../../../say/piece.ts";

/** Buses behind buses: their numbers have 8 bits. */
const MAX_DEPTH = 256;

/** `dev -p`: each root bus with its devices, then the buses behind its bridges. */
export function* pciBuses(kernel: Kernel): Pieces {
  for (const bus of faultLast(pciRootBuses(kernel))) {
    if (bus instanceof Fault) return yield faultPiece(bus, "dev: ");
    const own = addressCell(kernel, () => bus.address);
    const name = cell(() => pciName(bus));
    yield text([{ as: "title", text: `${addressTitle(kernel, "ROOT BUS")} BUSNAME` }]);
    yield record({ bus: own.json, name: name.json }, [own.span, " ", name.span]);
    yield* devices(bus, 0);
  }
}

function* devices(bus: Obj, depth: number): Pieces {
  const { kernel } = bus;
  const titles = [addressTitle(kernel, "PCI DEV"), "DO:BU:SL.FN ", "CLASS ", " PCI_ID  ", "   TYPE   "];
  yield text([{ as: "title", text: `  ${titles.join(" ")}` }]);
  // A bus behind a bridge begins with that bridge.
  const bridge = attempt(() => bus.at("self").value());
  if (bridge instanceof Fault) yield faultPiece(bridge, "dev: ");
  else if (bridge !== 0n) yield deviceRow(bus.at("self").deref(), bus);
  for (const device of faultLast(pciDevices(bus)))
    yield device instanceof Fault ? faultPiece(device, "dev: ") : deviceRow(device, bus);
  // A bus behind a bridge is parted from what follows it; the root bus after all of them.
  if (depth > 0) yield text("");
  if (depth < MAX_DEPTH) yield* childBuses(bus, depth + 1);
  if (depth === 0) yield text("");
}

function* childBuses(bus: Obj, depth: number): Pieces {
  const { kernel } = bus;
  for (const child of faultLast(pciChildBuses(bus))) {
    if (child instanceof Fault) return yield faultPiece(child, "dev: ");
    const own = addressCell(kernel, () => child.address);
    const parent = addressCell(kernel, () => child.at("parent").value());
    const name = cell(() => pciName(child));
    yield text([{ as: "title", text: `  ${addressTitle(kernel, "PCI BUS")} ${addressTitle(kernel, "PARENT BUS")}` }]);
    yield record({ bus: own.json, parent: parent.json, name: name.json }, ["  ", own.span, " ", parent.span]);
    yield* devices(child, depth);
  }
}

function deviceRow(device: Obj, bus: Obj): Piece {
  const { kernel } = device;
  const own = addressCell(kernel, () => device.address);
  const name = cell(() => pciName(device));
  const kind = cell(
    () => pciClass(device),
    (code) => padHex(code, 4),
  );
  const id = cell(() => `${hex(device.at("vendor").number())}:${hex(device.at("device").number())}`);
  const type = cell(() => `${pciExpressType(device)}${isPciBridge(device) ? " [BRIDGE]" : ""}`);
  const data = {
    bus: addressCell(kernel, () => bus.address).json,
    device: own.json,
    name: name.json,
    class: kind.json,
    id: id.json,
    type: type.json,
    express: cell(() => isPciExpress(device)).json,
  };
  return record(data, [
    ...["  ", own.span, " ", ...center(name.span, 12), " ", ...center(kind.span, 6), " "],
    ...[...center(id.span, 9), " ", ...center(type.span, 10)],
  ]);
}
