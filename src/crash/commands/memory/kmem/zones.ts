import { attempt, Fault } from "../../../../base/fault.ts";
import { hex } from "../../../../base/hex.ts";
import { pglistData, watermarks, zoneName, zonesOf } from "../../../../linux/mm/mmzone.ts";
import { counterArray } from "../../../../linux/mm/vmstat.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { cell } from "../../../../say/cell.ts";
import { faultPiece, record, text, type Line, type Piece, type Pieces, addressJson } from "../../../../say/piece.ts";
import { counterLines } from "./counters.ts";

/** `kmem -z`: each zone's size, watermarks and counters. */
export function* zoneStatistics(kernel: Kernel): Pieces {
  for (const node of pglistData(kernel)) {
    let number = 0;
    for (const zone of zonesOf(node)) {
      yield heading(node, zone, number++);
      if (attempt(() => zone.at("spanned_pages").value()) !== 0n) yield* statistics(kernel, zone);
      yield text("");
    }
  }
}

function heading(node: Obj, zone: Obj, number: number): Piece {
  const id = cell(() => node.at("node_id").number());
  const name = cell(() => zoneName(zone));
  const spanned = cell(() => zone.at("spanned_pages").number());
  const present = cell(() => zone.at("present_pages").number());
  const marks = attempt(() => watermarks(zone));
  const line: Line = [
    "NODE: ",
    id.span,
    `  ZONE: ${number}  ADDR: `,
    { as: "address", text: hex(zone.address), address: zone.address },
    '  NAME: "',
    name.span,
    '"',
  ];
  const sizes: Line =
    spanned.json === 0
      ? ["  [unpopulated]"]
      : [
          "  SIZE: ",
          spanned.span,
          ...(present.json === spanned.json ? [] : ["  PRESENT: ", present.span]),
          "  MIN/LOW/HIGH: ",
          cell(() => (marks instanceof Fault ? fail(marks) : marks.join("/"))).span,
        ];
  const data = {
    node: id.json,
    zone: number,
    address: addressJson(zone.address),
    name: name.json,
    spanned: spanned.json,
    present: present.json,
    watermarks: marks instanceof Fault ? null : marks,
  };
  return record(data, line, sizes);
}

function fail(fault: Fault): never {
  throw fault;
}

function* statistics(kernel: Kernel, zone: Obj): Pieces {
  const counters = attempt(() => counterArray(kernel, zone.at("vm_stat").address, "zone_stat_item"));
  yield text("  VM_STAT:");
  if (counters instanceof Fault) yield faultPiece(counters, "  ");
  else yield* counterLines(counters, addressJson(zone.address), 21);
  yield text("");
}
