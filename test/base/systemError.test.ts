import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { inflateSync } from "node:zlib";
import { test } from "node:test";
import { wholeFile } from "../../src/base/file.ts";
import { attemptSystem } from "../../src/base/systemError.ts";

test("an error of the system gives undefined: a missing file, a directory, a path with a NUL", () => {
  assert.equal(
    attemptSystem(() => wholeFile("/nowhere/at/all", 10)),
    undefined,
  );
  assert.equal(
    attemptSystem(() => wholeFile("/", 10)),
    undefined,
  );
  assert.equal(
    attemptSystem(() => statSync("a\0b", { throwIfNoEntry: false })),
    undefined,
  );
});

test("errors of the program or of a library are thrown on", () => {
  const none = undefined as unknown as { readonly length: number };
  assert.throws(() => attemptSystem(() => none.length), TypeError);
  assert.throws(() => attemptSystem(() => inflateSync(Buffer.from("none"))), { code: "Z_DATA_ERROR" });
  assert.throws(() => attemptSystem(() => statSync(3.5 as unknown as string)), { code: "ERR_INVALID_ARG_TYPE" });
});
