import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { Recording } from "../../src/dump/recording.ts";
import { DumpMemory } from "../../src/memory/physicalMemory.ts";
import { kdumpFile } from "../builders/kdump.ts";
import { opened } from "../builders/opened.ts";

const PAGE = 4096;

function recorded() {
  const page = (pfn: number): Uint8Array => new Uint8Array(PAGE).fill(pfn + 1);
  const pages = new Map([1, 2, 3].map((pfn) => [pfn, { as: "raw", page: page(pfn) } as const]));
  const recording = new Recording(opened(kdumpFile({ pages, excluded: [4], maxMapnr: 8 })));
  return { recording, memory: new DumpMemory(recording.image, { byteOrder: "little", wordSize: 8 }) };
}

/** The ranges of bytes that are kept of a page. */
function kept(recording: Recording, pfn: number): string {
  const page = recording.kept(pfn);
  if (page instanceof Fault) return page.message;
  const ranges: string[] = [];
  for (let from = 0; from < PAGE; from++) {
    if (page[from] === 0) continue;
    let to = from;
    while (to < PAGE && page[to] !== 0) to++;
    ranges.push(`${from}-${to}`);
    from = to;
  }
  return ranges.join(" ");
}

test("only the bytes that were read are kept", () => {
  const { recording, memory } = recorded();
  memory.u64(0x1008n);
  memory.u8(0x1001n);
  memory.read(0x1ffen, 5);
  memory.u32(0x2ffen);
  assert.deepEqual([...recording.pfns], [1, 2, 3]);
  assert.equal(kept(recording, 1), "1-2 8-16 4094-4096");
  assert.equal(kept(recording, 2), "0-3 4094-4096");
  assert.equal(kept(recording, 3), "0-2");
});

test("a text is kept with its end, a page that is handed out as a whole", () => {
  const { recording, memory } = recorded();
  assert.equal(memory.cString(0x1000n, 10).length, 10);
  memory.page(0x2100n);
  assert.equal(kept(recording, 1), "0-10");
  assert.equal(kept(recording, 2), "256-4096");
  assert.deepEqual([...recording.scanned], [2]);
});

test("erased bytes are zero, and bytes read in a pause are not kept", () => {
  const { recording, memory } = recorded();
  memory.read(0x1000n, 32);
  recording.erase(1, 8, 16);
  recording.paused(() => memory.read(0x2000n, 8));
  assert.equal(kept(recording, 1), "0-8 24-32");
  assert.deepEqual([...recording.pfns], [1]);
});

test("a touched page is kept without its bytes, a dropped page is not, and absent pages that were asked for are noted", () => {
  const { recording, memory } = recorded();
  recording.touch(1);
  recording.touch(6);
  memory.u64(0x2000n);
  recording.drop(2);
  memory.page(0x4000n);
  assert.deepEqual([...recording.pfns], [1]);
  assert.equal(kept(recording, 1), "");
  assert.deepEqual([...recording.excluded], [4]);
});
