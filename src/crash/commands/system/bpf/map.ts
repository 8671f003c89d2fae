import { padHex } from "../../../../base/hex.ts";
import { bpfName, bpfTypeName, mapMemory, mapOwner } from "../../../../linux/bpf/bpf.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { addressCell, addressTitle } from "../../../say/addressCell.ts";
import { cell } from "../../../../say/cell.ts";
import { left, center } from "../../../../render/pad.ts";
import { record, type Line, type Piece } from "../../../../say/piece.ts";

const ID_WIDTH = 3;
const TYPE_WIDTH = 20;

export const mapHeading = (kernel: Kernel): Line => [
  { as: "title", text: ` ID  ${addressTitle(kernel, "BPF_MAP")}     BPF_MAP_TYPE     MAP_FLAGS` },
];

/** @param detailed with sizes, memory, name and owner */
export function mapRow(map: Obj, detailed: boolean): Piece {
  const id = cell(() => map.at("id").number());
  const own = addressCell(map.kernel, () => map.address);
  const type = cell(() => bpfTypeName(map.at("map_type"), "BPF_MAP_TYPE_"));
  const flags = cell(
    () => map.at("map_flags").value(),
    (bits) => padHex(bits, 8),
  );
  const row: Line = [
    ...[" ", ...left(id.span, ID_WIDTH), " ", own.span, " ", ...center(type.span, TYPE_WIDTH), "  ", flags.span],
  ];
  const data = { id: id.json, map: own.json, type: type.json, flags: flags.json };
  if (!detailed) return record(data, row);
  const [key, value, entries] = (["key_size", "value_size", "max_entries"] as const).map((member) =>
    cell(() => map.at(member).number()),
  );
  const memory = cell(() => mapMemory(map));
  const name = cell(
    () => bpfName(map),
    (text) => (text === "" ? "(unused)" : `"${text}"`),
  );
  const owner = cell(
    () => mapOwner(map),
    (uid) => (uid === undefined ? "(unused)" : String(uid)),
  );
  if (!key || !value || !entries) return record(data, row);
  return record(
    {
      ...data,
      keySize: key.json,
      valueSize: value.json,
      maxEntries: entries.json,
      memory: memory.json,
      name: name.json,
      uid: owner.json,
    },
    row,
    [
      "     KEY_SIZE: ",
      key.span,
      "  VALUE_SIZE: ",
      value.span,
      "  MAX_ENTRIES: ",
      entries.span,
      "  MEMLOCK: ",
      memory.span,
    ],
    ["     NAME: ", name.span, "  UID: ", owner.span],
  );
}
