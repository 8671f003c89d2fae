import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteReader } from "../../src/archive/byteReader.ts";
import { cpioMembers } from "../../src/archive/cpio.ts";

test("an archive with a name that is empty or too long says which sizes are allowed", async () => {
  for (const size of [0, 5000]) {
    const header = Buffer.from(`070701${"0".repeat(88)}${size.toString(16).padStart(8, "0")}${"0".repeat(8)}`);
    const pieces = async function* (): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(header);
    };
    await assert.rejects(
      cpioMembers(new ByteReader(pieces())).next(),
      new RegExp(`it has a name of ${size} bytes instead of 1 to 4096$`),
    );
  }
});
