import assert from "node:assert/strict";
import { test } from "node:test";
import { toEnd } from "../../../src/base/job.ts";
import { compare } from "../../../src/crash/report/compare.ts";
import { markdownOf } from "../../../src/document/markdown.ts";
import { toyKernel } from "../../builders/kernel.ts";
import { toyContext } from "../../builders/transcript.ts";

const machine = (panics: bigint) =>
  toyContext(
    toyKernel({
      types: "int panic_on_oops;",
      symbols: { panic_on_oops: { address: 0x1000n, size: 4, type: "d" } },
      memory: [["int", 0x1000n, panics]],
    }),
  );

test("a setting that differs is listed with both values, and a group that cannot be read says why", () => {
  const text = markdownOf(toEnd(compare(machine(0n), machine(1n))));
  assert.match(text, /^# Comparison of two dumps: unknown\n\n- it is not known whether the machines crashed\n/);
  assert.match(text, /\| `kernel\.panic_on_oops` \| `0` \| `1` \|/);
  assert.match(text, /## Modules\n\nNot compared: dump A does not tell: this kernel has no symbol modules\./);
  assert.match(text, /wait for\n\nNot compared: dump A does not tell: .*\n\nNot compared: dump B does not tell: /);
});

test("a dump compared with itself has no difference", () => {
  const text = markdownOf(toEnd(compare(machine(1n), machine(1n))));
  assert.match(text, /## Settings for failures\n\nNo difference\./);
  assert.equal(text.match(/^## .*\n\n(No difference\.|Not compared: )/gm)?.length, 6);
  assert.doesNotMatch(text, /^\|/m);
});
