/** Damage to the kernel's own types, found by chance, that made types and modules look for each other without end. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bytesFile } from "../../src/base/file.ts";
import { Fault } from "../../src/base/fault.ts";
import { run } from "../../src/crash/language/language.ts";
import type { DumpImage } from "../../src/dump/format.ts";
import { openDump } from "../../src/dump/formats.ts";
import { sessionOver } from "../../src/session/open/open.ts";

interface Change {
  /** New bytes in hex by physical address. */
  readonly memory: readonly (readonly [address: string, bytes: string])[];
}

/** The sample with some bytes of its decoded pages changed. */
function changed({ memory }: Change): DumpImage {
  const dump = openDump([bytesFile("sample/vmcore", readFileSync("sample/vmcore"))]);
  return {
    ...dump,
    page(pfn) {
      const page = dump.page(pfn);
      if (page instanceof Fault) return page;
      const start = pfn * dump.pageSize;
      const copy = Uint8Array.from(page);
      for (const [address, hex] of memory)
        for (const [i, byte] of Buffer.from(hex, "hex").entries()) {
          const at = Number(address) + i - start;
          if (at >= 0 && at < copy.length) copy[at] = byte;
        }
      return copy;
    },
  };
}

test("a kernel that lacks the types by which modules are found still answers, each command with its own fault", () => {
  const change = JSON.parse(readFileSync("test/fuzz/hostile/seed2444.json", "utf8")) as Change;
  const session = sessionOver(changed(change), { vmcore: ["sample/vmcore"] });
  for (const line of ["sys", "bt", "ps", "mod", "whatis struct module", "p init_task.pid"])
    for (const piece of run(session.context, line)) assert.notEqual(piece.kind, "usage", line);
});
