/** Opens sets of files that the boot loaders of Qualcomm chips write. */
import { Fault, orThrow } from "../../base/fault.ts";
import { type RandomFile, readBytes } from "../../base/file.ts";
import { joinedFile } from "../joinedFile.ts";
import type { DumpFormat, DumpImage, OpenOptions } from "../format.ts";
import { cutFact, memoryImage } from "../memoryImage.ts";
import { Ranges } from "../ranges.ts";

const PAGE_BYTES = 4096;
/** Maximum size of the list in bytes; real ones have some dozen lines. */
const MAX_LIST_BYTES = 1 << 16;
/** `load.cmm`: a command of TRACE32, `d.load.binary DDRCS0_0.BIN 0x80000000`. */
const CMM_LINE = /^\s*(?:d|data)\.load\.(?:b|binary)\s+["']?([\w.\\/-]{1,128}?\.bin)["']?\s+(?:0x)?([0-9a-f]{1,16})\b/i;
/** `dump_info.txt`: preference, address, bytes, description, name. */
const INFO_LINE = /^\s*\d\s+0x([0-9a-f]{1,16})\s+\d{1,12}\s.{0,128}?\b([\w.-]{1,128}\.bin)\s*$/i;

/** An object of a list in JSON that contains no other object. */
const JSON_OBJECT = /\{[^{}]{1,1024}\}/g;
const JSON_NAME = /"([^"]{1,256}\.bin)"/i;
/** The address of the file's memory: the first value in an object whose key begins with a word that programs use for it. */
const JSON_ADDRESS = /"(?:base|start|addr|phys)[\w -]{0,32}"\s*:\s*(?:"?0x([0-9a-f]{1,16})"?|"?(\d{1,16})"?)\s*[,}]/i;

/** A file of the set. */
export interface RamdumpPart {
  /** Name without a directory, in lower case. */
  readonly name: string;
  readonly physical: number;
}

/** Sets of a list and files with memory. */
export const ramdump: DumpFormat = {
  name: "Qualcomm ramdump",
  row: {
    writers: "boot loaders of Qualcomm chips, saved with QPST or QFIL",
    reads:
      "`load.cmm`, `dump_info.txt` or a list in JSON together with the `DDRCS*.BIN` and other memory files that it lists; in JSON an object for each file, with a name that ends in `.bin` and a key that begins with `base`, `start`, `addr` or `phys`. Without a list, `DDRCS0_0.BIN@0x80000000,DDRCS1_0.BIN@0xc0000000` as in crash",
    source:
      "the list itself: commands of TRACE32, lines of address, size and name, or JSON, for which no description is public",
    tested: "built files only",
  },
  probe: (head) => listedParts(head).length > 0,
  hasOtherFiles: true,
  open([list, ...files], options) {
    if (!list) throw Fault.of("missing", "no dump file given");
    return openRamdump(list, files, options);
  },
};

/** Returns the files in a list; empty if the text is not a list. */
export function listedParts(text: Uint8Array): readonly RamdumpPart[] {
  const whole = Buffer.from(text.subarray(0, MAX_LIST_BYTES)).toString("latin1");
  if (/^\s*[[{]/.test(whole)) return partsInJson(whole);
  const lines = whole.split("\n");
  return lines.flatMap((line): RamdumpPart[] => {
    const [, cmmName, cmmAddress] = CMM_LINE.exec(line) ?? [];
    const [, infoAddress, infoName] = INFO_LINE.exec(line) ?? [];
    const name = cmmName ?? infoName;
    const physical = Number.parseInt(cmmAddress ?? infoAddress ?? "", 16);
    return name === undefined || !Number.isSafeInteger(physical) ? [] : [{ name: baseName(name), physical }];
  });
}

/** Returns the files that the objects of a text in JSON name, also if the text is cut off. */
function partsInJson(text: string): readonly RamdumpPart[] {
  return [...text.matchAll(JSON_OBJECT)].flatMap(([object]): RamdumpPart[] => {
    const name = JSON_NAME.exec(object)?.[1];
    const [, hexadecimal, decimal = ""] = JSON_ADDRESS.exec(object) ?? [];
    const physical = hexadecimal === undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hexadecimal, 16);
    return name === undefined || !Number.isSafeInteger(physical) ? [] : [{ name: baseName(name), physical }];
  });
}

const baseName = (path: string): string => path.replace(/^.*[\\/]/, "").toLowerCase();

function openRamdump(list: RandomFile, files: readonly RandomFile[], options: OpenOptions): DumpImage {
  const parts = listedParts(orThrow(readBytes(list, 0, MAX_LIST_BYTES)));
  const given = new Map(files.map((file) => [baseName(file.name), file]));
  const unlisted = files.find((file) => !parts.some(({ name }) => name === baseName(file.name)));
  if (unlisted) throw Fault.of("corrupt", `${list.name} does not list ${unlisted.name}`);
  const found = parts.flatMap((part) => {
    const file = given.get(part.name);
    return file ? [{ ...part, file }] : [];
  });
  if (found.length === 0)
    throw Fault.of(
      "missing",
      `${list.name}: none of the files that it lists was given: put ${parts[0]?.name.toUpperCase() ?? "them"} and the others into its directory`,
    );
  const memory = joinedFile(found.map(({ file }) => file));
  const ranges = new Ranges();
  let offset = 0;
  for (const { physical, file } of found) {
    ranges.add({ physical, offset, fileSize: file.size });
    offset += file.size;
  }
  return memoryImage(ramdump.name, [list, ...files], ranges.pages(memory, PAGE_BYTES, options), {
    ...(found.length < parts.length ? { incomplete: "missing file" } : {}),
    ...cutFact(memory, ranges.extent),
  });
}
