import { Fault, faultLast } from "../../../../base/fault.ts";
import { padHex } from "../../../../base/hex.ts";
import { resourceTree } from "../../../../linux/devices/resource.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { addressCell, addressTitle } from "../../../say/addressCell.ts";
import { cell } from "../../../../say/cell.ts";
import { faultPiece, record, text, type Pieces } from "../../../../say/piece.ts";

/** `dev -i`: I/O ports, then I/O memory. */
export function* resources(kernel: Kernel): Pieces {
  yield* tree(kernel, "ioport_resource", 4);
  yield text("");
  yield* tree(kernel, "iomem_resource", 8);
}

/** @param digits of an address at the least */
function* tree(kernel: Kernel, root: string, digits: number): Pieces {
  const width = digits * 2 + 1;
  const range = "RANGE".padStart(Math.floor((width + "RANGE".length) / 2)).padEnd(width);
  yield text([{ as: "title", text: `${addressTitle(kernel, "RESOURCE")}  ${range}  NAME` }]);
  for (const node of faultLast(resourceTree(kernel.variable(root)))) {
    if (node instanceof Fault) return yield faultPiece(node, "dev: ");
    const { resource, depth } = node;
    const own = addressCell(kernel, () => resource.address);
    const [start, end] = ["start", "end"].map((bound) =>
      cell(
        () => resource.at(bound).value(),
        (address) => padHex(address, digits),
      ),
    );
    const name = cell(() => (resource.at("name").value() === 0n ? "" : resource.at("name").text()));
    if (!start || !end) continue;
    yield record({ table: root, resource: own.json, depth, start: start.json, end: end.json, name: name.json }, [
      own.span,
      "  ",
      start.span,
      "-",
      end.span,
      "  ",
      name.span,
    ]);
  }
}
