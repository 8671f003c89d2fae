import { Fault, faultLast, untilFault } from "../../../base/fault.ts";
import { deviceAddresses, netDeviceName, netDevices } from "../../../linux/net/netDevice.ts";
import type { Obj } from "../../../model/object.ts";
import { addressCell } from "../../say/addressCell.ts";
import { cell } from "../../../say/cell.ts";
import { left } from "../../../render/pad.ts";
import { faultPiece, faultSpan, faultText, record, text, type Piece, type Pieces } from "../../../say/piece.ts";

const NAME_WIDTH = 10;

/** `net`: devices of a `struct net`. */
export function* netDeviceTable(net: Obj): Pieces {
  const { arch } = net.kernel;
  const title = "NET_DEVICE".padStart(Math.floor(arch.wordSize + "NET_DEVICE".length / 2)).padEnd(arch.wordSize * 2);
  yield text([{ as: "title", text: `${title}  ${"NAME".padEnd(NAME_WIDTH)} IP ADDRESS(ES)` }]);
  for (const device of faultLast(netDevices(net)))
    yield device instanceof Fault ? faultPiece(device, "net: ") : deviceRow(device);
}

function deviceRow(device: Obj): Piece {
  const own = addressCell(device.kernel, () => device.address);
  const name = cell(() => netDeviceName(device));
  const faults: Fault[] = [];
  const addresses = [...untilFault(deviceAddresses(device), (fault) => faults.push(fault))];
  const data = { device: own.json, name: name.json, addresses, fault: faults.map(faultText)[0] };
  return record(data, [
    ...[own.span, "  ", ...left(name.span, NAME_WIDTH), " ", addresses.join(", ")],
    ...faults.flatMap((fault) => [" ", faultSpan(fault)]),
  ]);
}
