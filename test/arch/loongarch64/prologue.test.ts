import assert from "node:assert/strict";
import { test } from "node:test";
import { storingPrologue } from "../../../src/arch/loongarch64/prologue.ts";

const code = (...words: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(words).buffer);

/** Instructions of vpanic() of Debian's 7.2 kernel. */
const NOP = 0x03400000;
const LOWER_SP_64 = 0x02ff0063;
const STORE_S0_48 = 0x29c0c077;
const STORE_RA_56 = 0x29c0e061;
const STORE_S6_0 = 0x2700007d;
const RAISE_SP_64 = 0x02c10063;
const RETURN = 0x4c000020;
const STORE_FP_40 = 0x29c0a076;
const SET_FP_64 = 0x02c10076;
const LOWER_SP_320 = 0x02fb0063;

const rows: readonly [what: string, words: readonly number[], base: string, bytes: number, saved: object][] = [
  ["nothing at the first instruction", [], "sp", 0, {}],
  ["stores below the frame address", [NOP, LOWER_SP_64, STORE_S0_48, STORE_RA_56, STORE_S6_0], "sp", 64, { s0: 16, ra: 8, s6: 64 }], // prettier-ignore
  ["the frame before its stores", [LOWER_SP_64], "sp", 64, {}],
  ["the whole frame again after a return", [LOWER_SP_64, STORE_RA_56, RAISE_SP_64, RETURN, NOP], "sp", 64, { ra: 8 }],
  ["no frame between its end and the return", [LOWER_SP_64, STORE_RA_56, RAISE_SP_64], "sp", 0, { ra: 8 }],
  ["a frame pointer, whatever sp does later", [LOWER_SP_64, STORE_FP_40, SET_FP_64, LOWER_SP_320], "fp", 0, { fp: 24 }],
];

for (const [what, words, base, bytes, saved] of rows)
  test(`a function's prologue: ${what}`, () => {
    const found = storingPrologue(code(...words));
    assert.deepEqual({ ...found, saved: Object.fromEntries(found.saved) }, { base, bytes, saved });
  });
