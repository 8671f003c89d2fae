import assert from "node:assert/strict";
import { test } from "node:test";
import { x86_64 } from "../../src/arch/x86_64/x86_64.ts";
import { cpuStates } from "../../src/memory/layout.ts";

test("a note filled with zeros, as in /proc/kcore, is not the state of a CPU", () => {
  const states = (ip: bigint): (bigint | undefined)[] => {
    const desc = new Uint8Array(336);
    // ip is the 17th word of struct user_regs_struct, which begins at 112.
    new DataView(desc.buffer).setBigUint64(112 + 16 * 8, ip, true);
    const notes = [{ name: "CORE", type: 1, desc }];
    return cpuStates({ notes, byteOrder: "little" }, x86_64).map(({ registers }) => registers.get("rip"));
  };
  assert.deepEqual(states(0n), []);
  assert.deepEqual(states(0xffffffff81000010n), [0xffffffff81000010n]);
});
