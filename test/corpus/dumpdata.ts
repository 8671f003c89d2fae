/**
 * Prints physical memory of a dump as `dumpdata` of libkdumpfile's tests does, so that those tests check our readers:
 * `dumpdata [-n FILES] [-s SIZE] [-z] FILE... ADDRESS COUNT...`. Exit status: 0, 1 if memory cannot be read, 77 for what
 * only libkdumpfile has, 99 if the dump does not open.
 */
import { parseArgs } from "node:util";
import { Fault } from "../../src/base/fault.ts";
import { openFile } from "../../src/base/file.ts";
import { openDump } from "../../src/dump/formats.ts";
import type { DumpImage } from "../../src/dump/format.ts";

const SKIPPED = 77;
const NOT_OPENED = 99;
const LINE_BYTES = 16;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    files: { type: "string", short: "n", default: "1" },
    size: { type: "string", short: "s", default: "1" },
    ostype: { type: "string", short: "o" },
    zero: { type: "boolean", short: "z", default: false },
  },
});
const size = Number(values.size);
const count = Number(values.files);

function open(): DumpImage {
  try {
    return openDump(positionals.slice(0, count).map(openFile));
  } catch (error) {
    console.error(String(error));
    process.exit(NOT_OPENED);
  }
}

/** Returns the byte at a physical address; undefined if it cannot be read. */
function byteAt(image: DumpImage, address: number): number | undefined {
  const page = image.page(Math.floor(address / image.pageSize));
  if (!(page instanceof Fault)) return page[address % image.pageSize];
  if (page.kind !== "excluded") return undefined;
  if (values.zero) return 0;
  // The script looks for these words of libkdumpfile.
  console.error("Excluded page");
  return undefined;
}

const image = open();
let failed = false;
for (let i = count; i < positionals.length; i += 2) {
  const [place = "", length = ""] = positionals.slice(i, i + 2);
  if (/^KVADDR:/i.test(place)) process.exit(SKIPPED);
  const start = Number(place.replace(/^\w+:/, ""));
  const end = start + Number(length) * size;
  for (let at = start; at < end; at += size) {
    const bytes = Array.from({ length: size }, (_, k) => byteAt(image, at + k));
    failed ||= bytes.includes(undefined);
    const inOrder = image.byteOrder === "little" ? bytes.reverse() : bytes;
    const text = inOrder.map((byte) => byte?.toString(16).toUpperCase().padStart(2, "0") ?? "??").join("");
    process.stdout.write(text + ((at + size) % LINE_BYTES === 0 ? "\n" : " "));
  }
  if (end % LINE_BYTES !== 0) process.stdout.write("\n");
}
process.exitCode = failed ? 1 : 0;
