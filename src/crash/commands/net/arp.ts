import { Fault, faultLast } from "../../../base/fault.ts";
import { padHex } from "../../../base/hex.ts";
import { ipv4Text } from "../../../linux/net/inet.ts";
import { hardwareAddress, hardwareType, neighbours, neighbourState } from "../../../linux/net/neighbour.ts";
import { netDeviceName } from "../../../linux/net/netDevice.ts";
import type { Kernel } from "../../../model/kernel.ts";
import type { Obj } from "../../../model/object.ts";
import { addressCell } from "../../say/addressCell.ts";
import { cell } from "../../../say/cell.ts";
import { left } from "../../../render/pad.ts";
import { faultPiece, record, text, type Piece, type Pieces } from "../../../say/piece.ts";

const ADDRESS_WIDTH = 16;
const TYPE_WIDTH = 10;
const HARDWARE_WIDTH = 18;
const DEVICE_WIDTH = 6;

/** `net -a`: the IPv4 neighbours of all namespaces. */
export function* arpCache(kernel: Kernel): Pieces {
  const titles = [
    "NEIGHBOUR".padEnd(ADDRESS_WIDTH),
    "IP ADDRESS".padEnd(ADDRESS_WIDTH - 1),
    "HW TYPE".padEnd(TYPE_WIDTH),
    "HW ADDRESS".padEnd(HARDWARE_WIDTH),
    "DEVICE  STATE",
  ];
  yield text([{ as: "title", text: titles.join(" ") }]);
  for (const neighbour of faultLast(neighbours(kernel.variable("arp_tbl"))))
    yield neighbour instanceof Fault ? faultPiece(neighbour, "net: ") : neighbourRow(neighbour);
}

function neighbourRow(neighbour: Obj): Piece {
  const own = addressCell(neighbour.kernel, () => neighbour.address);
  const address = cell(() => ipv4Text(neighbour.at("primary_key")));
  const type = cell(() => hardwareType(neighbour.at("dev").deref()) ?? "UNKNOWN");
  const hardware = cell(() =>
    Array.from(hardwareAddress(neighbour), (byte) => padHex(byte, 2)).join(type.json === "UNKNOWN" ? " " : ":"),
  );
  const device = cell(() => netDeviceName(neighbour.at("dev").deref()));
  const state = cell(() => neighbourState(neighbour).join("|"));
  const data = {
    neighbour: own.json,
    address: address.json,
    type: type.json,
    hardware: hardware.json,
    device: device.json,
    state: state.json,
  };
  return record(data, [
    ...[...left(own.span, ADDRESS_WIDTH), " ", ...left(address.span, ADDRESS_WIDTH - 1), " "],
    ...[...left(type.span, TYPE_WIDTH), " ", ...left(hardware.span, HARDWARE_WIDTH), " "],
    ...[...left(device.span, DEVICE_WIDTH), "  ", state.span],
  ]);
}
