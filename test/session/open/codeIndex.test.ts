import assert from "node:assert/strict";
import { test } from "node:test";
import { CodeIndex } from "../../../src/session/open/codeIndex.ts";
import { at, CODE, CODE_SIZE, die, DwarfBuilder } from "../../builders/dwarf.ts";

/** Functions whose common parts dwz moved to another file: one as a whole, one with an inlined call in it. */
function moved() {
  const supplement = new DwarfBuilder();
  const [outer, inner] = ["outer", "inner"].map((name) => die(at.DW_TAG_subprogram, [[at.DW_AT_name, "strp", name]]));
  supplement.unit(die(at.DW_TAG_partial_unit, [], [outer!, inner!]));
  const code = Number(CODE);
  const builder = new DwarfBuilder();
  const call = die(at.DW_TAG_inlined_subroutine, [[at.DW_AT_abstract_origin, "GNU_ref_alt", supplement.offsetOf(inner!)], [at.DW_AT_low_pc, "addr", code + 8], [at.DW_AT_high_pc, "data4", 4], [at.DW_AT_call_line, "data1", 7]]); // prettier-ignore
  const whole = die(at.DW_TAG_subprogram, [[at.DW_AT_abstract_origin, "GNU_ref_alt", supplement.offsetOf(outer!)], [at.DW_AT_low_pc, "addr", code], [at.DW_AT_high_pc, "data4", 0x10]], [call]); // prettier-ignore
  builder.unit(die(at.DW_TAG_compile_unit, [[at.DW_AT_low_pc, "addr", code], [at.DW_AT_high_pc, "data4", 0x20]], [whole])); // prettier-ignore
  return { builder, alternate: supplement.elf() };
}

function functions(code: ReturnType<DwarfBuilder["open"]>["code"], pc: bigint): string[] {
  const text = [{ start: CODE, end: CODE + BigInt(CODE_SIZE) }];
  const image = { module: "lab", text, code: () => code, bias: 0n, orc: () => undefined };
  const index = new CodeIndex(image, () => [], undefined, (address) => (address === pc ? "by_symbol" : undefined)); // prettier-ignore
  return index.scopes(pc).map((place) => `${place.function}${place.inlined ? " inlined" : ""} ${place.source?.line}`);
}

test("with the file that dwz made functions have their names", () => {
  const { builder, alternate } = moved();
  assert.deepEqual(functions(builder.open({ alternate }).code, CODE + 9n), ["inner inlined undefined", "outer undefined"]); // prettier-ignore
});

test("without debuginfo a function is named by its symbol, and functions inlined in it have no names", () => {
  const { builder } = moved();
  assert.deepEqual(functions(builder.open().code, CODE + 9n), ["<unnamed> inlined undefined", "by_symbol undefined"]);
});
