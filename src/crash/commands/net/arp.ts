/** Implements `net -a`: lists the IPv4 neighbours of all namespaces. */
import { Fault, faultLast } from "../../../base/fault.ts";
import { hexBytes } from "../../../base/hex.ts";
import { ipv4Text } from "../../../linux/net/inet.ts";
import { hardwareAddress, hardwareType, neighbours, neighbourState } from "../../../linux/net/neighbour.ts";
import { netDeviceName } from "../../../linux/net/netDevice.ts";
import type { Kernel } from "../../../model/kernel.ts";
import type { Obj } from "../../../model/object.ts";
import { TableLayout } from "../../../render/layout.ts";
import { faultPiece, type Pieces } from "../../../say/piece.ts";
import type { Table } from "../../../say/table.ts";

/** Returns the name of the hardware type; undefined for an unknown type. */
const typeOf = (neighbour: Obj): string | undefined => hardwareType(neighbour.at("dev").deref());

/** The table of neighbours. A row is a `struct neighbour`. */
export const neighboursTable: Table<Obj> = {
  columns: {
    neighbour: {
      kind: "address",
      title: "NEIGHBOUR",
      titleAlign: "left",
      width: 16,
      value: ({ address }) => address,
    },
    address: {
      kind: "text",
      title: "IP ADDRESS",
      width: 15,
      value: (neighbour) => ipv4Text(neighbour.at("primary_key")),
    },
    type: { kind: "text", title: "HW TYPE", width: 10, value: typeOf, absent: "UNKNOWN" },
    hardware: {
      kind: "text",
      title: "HW ADDRESS",
      width: 18,
      // As in crash, the bytes of an unknown type are separated by spaces.
      value: (neighbour) => hexBytes(hardwareAddress(neighbour), typeOf(neighbour) === undefined ? " " : ":"),
    },
    device: {
      kind: "text",
      title: "DEVICE",
      width: 6,
      value: (neighbour) => netDeviceName(neighbour.at("dev").deref()),
    },
    state: {
      kind: "text",
      title: "STATE",
      gap: "  ",
      about: "names of NUD_* that are set",
      value: (neighbour) => neighbourState(neighbour).join("|"),
    },
  },
};

export function* arpCache(kernel: Kernel): Pieces {
  const layout = new TableLayout(kernel, neighboursTable);
  yield layout.heading();
  for (const neighbour of faultLast(neighbours(kernel.variable("arp_tbl"))))
    yield neighbour instanceof Fault ? faultPiece(neighbour, "net: ") : layout.row(neighbour);
}
