/** What is said of damaged BTF. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../../src/base/fault.ts";
import { openBtf } from "../../../src/debuginfo/btf/btf.ts";
import { BtfBuilder } from "../../builders/btf.ts";

/** "kind: message" of what is thrown. */
const said = (work: () => unknown): string => {
  const result = attempt(work);
  return result instanceof Fault ? `${result.kind}: ${result.message}` : "nothing";
};
const BTF_KIND_TYPE_TAG = 18;
const BTF_KIND_DATASEC = 15;

test("what is not BTF is refused", () => {
  const whole = new BtfBuilder().bytes();
  assert.equal(
    said(() => openBtf(new Uint8Array(7))),
    "truncated: BTF of 7 bytes has no header",
  );
  assert.equal(
    said(() => openBtf(whole.map(() => 1))),
    "corrupt: BTF has no magic number",
  );
  const unknown = new BtfBuilder();
  unknown.raw(29, "", 0, false, 0);
  assert.equal(
    said(() => openBtf(unknown.bytes())),
    "corrupt: BTF type 1 has the unknown kind 29",
  );
});

test("types that refer to nothing, or in a circle, are refused when they are read", () => {
  const target = (build: (b: BtfBuilder) => number): string =>
    said(() => {
      const b = new BtfBuilder();
      b.typedef("name", build(b));
      const type = openBtf(b.bytes()).find("typedef", "name");
      return type?.kind === "typedef" ? type.target : assert.fail("no typedef");
    });
  assert.equal(
    target(() => 77),
    "corrupt: BTF has no type 77",
  );
  assert.equal(
    target((b) => b.raw(1, 0x7fffff, 0, false, 4, [32])),
    "corrupt: BTF has no string at 8388607",
  );
  assert.equal(
    target((b) => b.raw(BTF_KIND_TYPE_TAG, "tag", 0, false, 1)),
    "corrupt: BTF type 1 has more than 64 type tags; the BTF is damaged",
  );
  assert.equal(
    target((b) => b.raw(BTF_KIND_DATASEC, ".data", 0, false, 0)),
    "corrupt: BTF refers to kind 15 where a type is required; the BTF is damaged",
  );
});
