import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesFile } from "../../../../../src/base/file.ts";
import { deviceDumpsOf } from "../../../../../src/dump/deviceDumps.ts";
import { openDump } from "../../../../../src/dump/formats.ts";
import { elfCore } from "../../../../builders/elfCore.ts";
import { toyKernel } from "../../../../builders/kernel.ts";
import { toyContext, transcript } from "../../../../builders/transcript.ts";

const contents = (text: string, size: number): Buffer =>
  Buffer.concat([Buffer.from(text.padEnd(44, "\0")), Buffer.alloc(size, "device! ")]);

/** A dump in which two drivers left their own, the second larger than a note is kept in memory. */
const core = elfCore({
  notes: [
    { name: "LINUX", type: 0x700, desc: contents("cxgb4_0000:02:00.4", 32) },
    { name: "VMCOREINFO", type: 0, desc: "OSRELEASE=6.1\n" },
    { name: "LINUX", type: 0x700, desc: contents("cxgb4_0000:03:00.4", 70_000) },
    { name: "LINUX", type: 0x700, desc: "too short for a name" },
  ],
  segments: [{ physical: 0, bytes: new Uint8Array(4096) }],
});

const context = () => {
  const image = openDump([bytesFile("vmcore", core)]);
  return toyContext(toyKernel(), undefined, { file: image.file, deviceDumps: deviceDumpsOf(image.notes) });
};

test("dev -V lists the device dumps that drivers added, with their file offsets", () => {
  const [title, first, second, ...more] = transcript(context(), "dev -V").split("\n");
  assert.equal(title, "INDEX  OFFSET             SIZE             NAME");
  assert.match(first ?? "", /^ {2}0 {4}0x[0-9a-f]+ +32 +cxgb4_0000:02:00\.4$/);
  assert.match(second ?? "", /^ {2}1 {4}0x[0-9a-f]+ +70000 +cxgb4_0000:03:00\.4$/);
  assert.deepEqual(more, []);
});

test("dev -v shows the contents from the first byte to the last, also beyond the cached part of a note", () => {
  const lines = transcript(context(), "dev -v 1").split("\n");
  assert.equal(lines[0], "DEVICE: cxgb4_0000:03:00.4");
  assert.equal(lines.length, 1 + 70_000 / 16);
  assert.ok(lines.slice(1).every((line) => line.endsWith(":  2021656369766564 2021656369766564   device! device!")));
});

test("rd -f reads the file at an offset and reports its end", () => {
  assert.match(transcript(context(), "rd -f 0"), /^ {15}0: {2}00010102464c457f {20}\.ELF\.\.\.\.$/);
  assert.match(transcript(context(), "rd -f fffffff"), /vmcore ends before this offset/);
});

test("dev -v refuses an index that does not exist", () => {
  assert.equal(transcript(context(), "dev -v 2"), 'dev: no device dump has the index 2; "dev -V" lists them');
  assert.equal(transcript(toyContext(), "dev -V"), "dev: no device dumps found in this dumpfile");
});

test("dev -v copies the contents to a file, or reports that the face writes no files", () => {
  const written: Uint8Array[] = [];
  const mine = context();
  assert.match(transcript(mine, "dev -v 1 out"), /^DEVICE: .*\ndev: out: files are written in the terminal only$/);
  const writing = mine.with({
    createFile: () => ({ write: (bytes) => void written.push(Uint8Array.from(bytes)), close() {} }),
  });
  assert.match(transcript(writing, "dev -v 1 out"), /^70000 bytes copied from 0x[0-9a-f]+ to out$/m);
  assert.ok(Buffer.concat(written).equals(Buffer.alloc(70_000, "device! ")));
});
