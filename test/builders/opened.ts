import { attempt, Fault } from "../../src/base/fault.ts";
import { bytesFile } from "../../src/base/file.ts";
import type { DumpImage } from "../../src/dump/format.ts";
import { openDump } from "../../src/dump/formats.ts";

/** Opens built files, named "file 1", "file 2". */
export const opened = (...files: Uint8Array[]): DumpImage =>
  openDump(files.map((bytes, i) => bytesFile(`file ${i + 1}`, bytes)));

/** Why they cannot be opened: "kind: message". */
export function refusal(...files: Uint8Array[]): string {
  const result = attempt(() => opened(...files));
  return result instanceof Fault ? `${result.kind}: ${result.message}` : `opened as ${result.format}`;
}

/** What the dump says of a page, in a form to compare: the text of a marked page, or "kind: message". */
export function answer(image: DumpImage, pfn: number): string {
  const page = image.page(pfn);
  if (page instanceof Fault) return `${page.kind}: ${page.message}`;
  if (page.length !== image.pageSize) return `${page.length} bytes`;
  return /^page \d+/.exec(Buffer.from(page).toString("latin1"))?.[0] ?? `byte ${page[0]}`;
}

export const answers = (image: DumpImage, pfns: readonly number[]): string[] => pfns.map((pfn) => answer(image, pfn));

/** Every page that next() finds. */
export function* held(image: DumpImage): Generator<number> {
  for (let pfn = image.next(0); pfn >= 0; pfn = image.next(pfn + 1)) yield pfn;
}
