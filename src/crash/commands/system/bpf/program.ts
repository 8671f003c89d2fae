import { bpfName, bpfTypeName, loadTime, programOwner, usedMaps } from "../../../../linux/bpf/bpf.ts";
import { pageSize } from "../../../../linux/mm/page.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { addressCell, addressTitle } from "../../../say/addressCell.ts";
import { cell } from "../../../../say/cell.ts";
import { left, center } from "../../../../render/pad.ts";
import { record, type Line, type Piece } from "../../../../say/piece.ts";
import { dateText } from "../../../../render/quantity.ts";

const ID_WIDTH = 3;
const TYPE_WIDTH = 13;
const TAG_WIDTH = 16;
const MAPS_WIDTH = 9;

export const programHeading = (kernel: Kernel): Line => [
  {
    as: "title",
    text: ` ID  ${addressTitle(kernel, "BPF_PROG")} ${addressTitle(kernel, "BPF_PROG_AUX")} BPF_PROG_TYPE ${"TAG".padStart(9).padEnd(TAG_WIDTH)} USED_MAPS`,
  },
];

/** @param detailed with sizes, load time, name and owner */
export function programRow(program: Obj, detailed: boolean): Piece {
  const { kernel } = program;
  const id = cell(() => program.at("aux.id").number());
  const own = addressCell(kernel, () => program.address);
  const aux = addressCell(kernel, () => program.at("aux").value());
  const type = cell(() => bpfTypeName(program.at("type"), "BPF_PROG_TYPE_"));
  const tag = cell(() => Buffer.from(program.at("tag").bytes()).toString("hex"));
  const maps = cell(() => [...usedMaps(program)].map((map) => map.at("id").number()).join(","));
  const row: Line = [
    ...[" ", ...left(id.span, ID_WIDTH), " ", own.span, " ", aux.span, " ", ...center(type.span, TYPE_WIDTH), " "],
    ...[...left(tag.span, TAG_WIDTH), " ", ...center(maps.span, MAPS_WIDTH)],
  ];
  const data = { id: id.json, program: own.json, aux: aux.json, type: type.json, tag: tag.json, maps: maps.json };
  if (!detailed) return record(data, row);
  const more = details(program);
  return record({ ...data, ...more.data }, row, ...more.lines);
}

function details(program: Obj) {
  const translated = cell(() => program.at("len").number() * 8);
  const jited = cell(() => program.at("jited_len").number());
  const memory = cell(() => program.at("pages").number() * pageSize(program.kernel));
  const loaded = cell(
    () => loadTime(program),
    (seconds) => dateText(seconds).replace("UTC ", ""),
  );
  const gpl = cell(
    () => program.at("gpl_compatible").number() !== 0,
    (is) => (is ? "yes" : "no"),
  );
  const name = cell(
    () => bpfName(program.at("aux").deref()),
    (text) => (text === "" ? "(unused)" : `"${text}"`),
  );
  const owner = cell(() => programOwner(program));
  return {
    data: {
      translated: translated.json,
      jited: jited.json,
      memory: memory.json,
      loadTime: loaded.json,
      gplCompatible: gpl.json,
      name: name.json,
      uid: owner.json,
    },
    lines: [
      ["     XLATED: ", translated.span, "  JITED: ", jited.span, "  MEMLOCK: ", memory.span],
      ["     LOAD_TIME: ", loaded.span],
      ["     GPL_COMPATIBLE: ", gpl.span, "  NAME: ", name.span, "  UID: ", owner.span],
    ] satisfies Line[],
  };
}
