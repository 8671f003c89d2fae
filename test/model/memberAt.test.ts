import assert from "node:assert/strict";
import { test } from "node:test";
import { memberAt } from "../../src/model/memberAt.ts";
import { toyKernel } from "../builders/kernel.ts";

const kernel = toyKernel({
  types: `
    struct inner { int a; int b; };
    struct outer { long first; struct inner in[3]; union { void *p; long n; int small; }; char tail[]; };
  `,
});
const outer = kernel.types.named("struct outer");
const path = (offset: number, size: number): string | undefined => memberAt(outer, offset, size)?.path;

test("an offset is the innermost member there", () => {
  assert.equal(path(0, 8), "first");
  assert.equal(path(20, 4), "in[1].b");
});

test("union members of the same size are reported as ambiguous, one of another size is not", () => {
  assert.equal(memberAt(outer, 32, 8)?.isAmbiguous, true);
  const small = memberAt(outer, 32, 4);
  assert.equal(small?.path, "small");
  assert.equal(small?.isAmbiguous, false);
});

test("within a member the remaining offset is returned, after the object nothing", () => {
  assert.equal(memberAt(outer, 3, 1)?.rest, 3);
  assert.equal(memberAt(kernel.types.named("struct inner"), 8, 4), undefined);
});
