/** Random code: every decoder of effects gives instructions that follow each other, and ends. */
import assert from "node:assert/strict";
import { architectures } from "../../src/arch/architectures.ts";
import { survives } from "./fuzzing.ts";

const ADDRESS = 0xffffffff80001000n;

for (const { name, effects: decode } of architectures)
  if (decode)
    survives(`effects of instructions of ${name}`, {
      cases: 300,
      make: (below) => Uint8Array.from({ length: below(256) }, () => below(256)),
      read: (code) => {
        const all = decode(code, ADDRESS);
        let at = ADDRESS;
        for (const { address, length, target, writes, access } of all) {
          assert.equal(address, at);
          assert.ok(length > 0 && at + BigInt(length) <= ADDRESS + BigInt(code.length));
          assert.ok(target === undefined || BigInt.asUintN(64, target) === target);
          assert.ok(!writes.has("zero") && !writes.has("xzr"));
          assert.ok(access === undefined || access.size > 0);
          at += BigInt(length);
        }
        return all.length > 0;
      },
      accepted: 0.5,
    });
