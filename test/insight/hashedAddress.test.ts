/** Addresses and hashes of %p on machines where they look alike. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { arm } from "../../src/arch/arm/arm.ts";
import { s390x } from "../../src/arch/s390x/s390x.ts";
import { x86_64 } from "../../src/arch/x86_64/x86_64.ts";
import { listCorruption } from "../../src/insight/checks/listCorruption.ts";
import { mayBeHash } from "../../src/insight/hashedAddress.ts";
import { checked, crashWith } from "../builders/checks.ts";
import { type Toy, type ToyKernel, toyKernel } from "../builders/kernel.ts";

/** A kernel on a machine whose addresses of 32 bits are the kernel's. */
function lowKernel(toy: Toy): ToyKernel {
  const kernel = toyKernel(toy);
  Object.defineProperty(kernel.memory, "isKernelAddress", { value: () => true });
  return kernel;
}

const hashing = { symbols: { ptr_key: 0x9000n } };

test("32 bits may be a hash in a kernel that prints hashes, although the machine has such addresses", () => {
  assert.equal(mayBeHash(lowKernel({ arch: s390x, ...hashing }), 0x5b6e3c10n), true);
  assert.equal(mayBeHash(lowKernel({ arch: s390x, ...hashing }), 0x3_8000_1000n), false);
  assert.equal(mayBeHash(lowKernel({ arch: s390x }), 0x5b6e3c10n), false);
  assert.equal(mayBeHash(lowKernel({ arch: arm, ...hashing }), 0xc0b03c10n), true);
  assert.equal(mayBeHash(toyKernel({ arch: x86_64, ...hashing }), 0xffff_8880_0000_1000n), false);
});

test("an address of 32 bits in a list report counts only if the dump has the printed link there", () => {
  const types = "struct list_head { struct list_head *next, *prev; };";
  const run = (next: bigint) => {
    const kernel = lowKernel({ arch: s390x, types, ...hashing });
    kernel.put("struct list_head", 0x5b6e3c10n, { next });
    const line =
      "list_add corruption. prev->next should be next (000000005b6e4000), but was 000000005b6e5000. (prev=000000005b6e3c10).";
    const lines = [line, "------------[ cut here ]------------", "kernel BUG at lib/list_debug.c:28!"];
    return checked(listCorruption, crashWith(lines), kernel);
  };
  assert.equal(run(0x5b6e5000n).findings[0]?.slots["neighbour"], 0x5b6e3c10n);
  assert.match(run(0n).fault?.message ?? "", /hashes instead of addresses/);
});
