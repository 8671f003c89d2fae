import assert from "node:assert/strict";
import { test } from "node:test";
import { arm } from "../../../../../src/arch/arm/arm.ts";
import { arm64 } from "../../../../../src/arch/arm64/arm64.ts";
import type { Arch } from "../../../../../src/arch/arch.ts";
import { registerLines } from "../../../../../src/crash/commands/tasks/bt/registers.ts";
import { lineText } from "../../../../../src/say/piece.ts";
import { toyKernel } from "../../../../builders/kernel.ts";

const shown = (arch: Arch, link: string): string =>
  registerLines(toyKernel({ arch }), new Map([["pc", 0x1000n], [link, 0x2000n], ["sp", 0x3000n]])).map(lineText).join("\n"); // prettier-ignore

test("the link register has the name that its architecture uses", () => {
  assert.match(shown(arm, "lr"), /\blr : \[<00002000>\]/);
  assert.match(shown(arm64, "x30"), /\bLR: 0000000000002000\b/);
});
