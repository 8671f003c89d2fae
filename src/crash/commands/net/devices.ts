/** Implements `net`: lists network devices. */
import { Fault, faultLast, untilFault } from "../../../base/fault.ts";
import { deviceAddresses, netDeviceName, netDevices } from "../../../linux/net/netDevice.ts";
import type { Obj } from "../../../model/object.ts";
import type { PageKeys } from "../../../protocol/records.ts";
import { TableLayout } from "../../../render/layout.ts";
import { faultPiece, type Pieces } from "../../../say/piece.ts";
import type { Table } from "../../../say/table.ts";

interface DeviceRow {
  /** The device, `struct net_device`. */
  readonly device: Obj;
  readonly addresses: readonly string[];
  /** Why the list of addresses may be incomplete. */
  readonly fault: Fault | undefined;
}

export const devicesTable: Table<DeviceRow, PageKeys["net"]> = {
  columns: {
    device: { kind: "address", title: "NET_DEVICE", titleAlign: "center", value: ({ device }) => device.address },
    name: { kind: "text", title: "NAME", width: 10, gap: "  ", value: ({ device }) => netDeviceName(device) },
    addresses: {
      kind: "data",
      title: "IP ADDRESS(ES)",
      about: "texts, IPv4 before IPv6",
      value: ({ addresses }) => addresses,
      text: (_, { addresses }) => addresses.join(", "),
    },
    missing: { kind: "data", title: "", about: "why there may be more addresses", value: ({ fault }) => fault },
  },
};

/** Lists the devices of a `struct net`. */
export function* netDeviceTable(net: Obj): Pieces {
  const layout = new TableLayout(net.kernel, devicesTable);
  yield layout.heading();
  for (const device of faultLast(netDevices(net))) {
    if (device instanceof Fault) {
      yield faultPiece(device, "net: ");
      continue;
    }
    let fault: Fault | undefined;
    const addresses = [...untilFault(deviceAddresses(device), (end) => (fault = end))];
    yield layout.row({ device, addresses, fault });
  }
}
