/** Implements `dev -i`: lists I/O ports and I/O memory. */
import { Fault, faultLast } from "../../../../base/fault.ts";
import { padHex } from "../../../../base/hex.ts";
import { type ResourceNode, resourceTree } from "../../../../linux/devices/resource.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { faultPiece, text, type Pieces } from "../../../../say/piece.ts";
import type { Table } from "../../../../say/table.ts";

/** Lists I/O ports, then I/O memory. */
export function* resources(kernel: Kernel): Pieces {
  yield* tree(kernel, "ioport_resource", 4);
  yield text("");
  yield* tree(kernel, "iomem_resource", 8);
}

/** The table of resources. @param digits minimum number of digits of an address */
export const resourcesTable = (root: string, digits: number): Table<ResourceNode> => ({
  columns: {
    table: { kind: "text", about: "ioport_resource or iomem_resource", value: () => root },
    resource: {
      kind: "address",
      title: "RESOURCE",
      titleAlign: "center",
      gap: "",
      value: ({ resource }) => resource.address,
    },
    depth: { kind: "number", about: "number of ranges that contain it", value: ({ depth }) => depth },
    start: {
      kind: "address",
      title: "RANGE",
      titleAlign: "center",
      titleWidth: digits * 2 + 1,
      width: 0,
      gap: "  ",
      value: ({ resource }) => resource.at("start").value(),
      text: (address) => padHex(address, digits),
    },
    end: {
      kind: "address",
      title: "",
      width: 0,
      gap: "-",
      titleGap: "",
      value: ({ resource }) => resource.at("end").value(),
      text: (address) => padHex(address, digits),
    },
    name: {
      kind: "text",
      title: "NAME",
      gap: "  ",
      value: ({ resource }) => (resource.at("name").value() === 0n ? undefined : resource.at("name").text()),
    },
  },
});

function* tree(kernel: Kernel, root: string, digits: number): Pieces {
  const layout = new TableLayout(kernel, resourcesTable(root, digits));
  yield layout.heading();
  for (const node of faultLast(resourceTree(kernel.variable(root)))) {
    if (node instanceof Fault) return yield faultPiece(node, "dev: ");
    yield layout.row(node);
  }
}
