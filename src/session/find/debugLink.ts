/** Follows .gnu_debuglink and .gnu_debugaltlink to files with DWARF. */
import { attemptSystem } from "../../base/systemError.ts";
import { dirname, join, resolve } from "node:path";
import { crc32 } from "node:zlib";
import { attempt, Fault } from "../../base/fault.ts";
import { type RandomFile, openFile } from "../../base/file.ts";
import { cString, viewOf } from "../../base/bytes.ts";
import { type ElfFile, openElf } from "../../elf/elf.ts";
import { buildIdPath } from "./debuginfoPlaces.ts";

/** Maximum size of a link in bytes. A link is a file name and a checksum or build ID. */
const MAX_LINK = 4096 + 64;
const CRC_CHUNK = 1 << 20;
/** Maximum size in bytes of files whose checksum is computed. That of amdgpu, the largest of a module, has some 100 MiB. */
const MAX_CHECKED = 1 << 30;

/**
 * Finds the file with the DWARF of a stripped one by .gnu_debuglink (gdb's documentation, "Debugging Information in
 * Separate Files"): next to it, in .debug, or in the debug directories. If none of them has the build ID, the first is
 * returned, so that the caller can say so. The checksum is compared only if there is no build ID.
 */
export function linkedDebug(elf: ElfFile, path: string, debugDirectories: readonly string[]): string | undefined {
  const link = linkOf(elf, ".gnu_debuglink");
  if (!link || link.name.includes("/")) return undefined;
  const at = Math.ceil((link.name.length + 1) / 4) * 4;
  if (at + 4 > link.bytes.length) return undefined;
  const sum = viewOf(link.bytes).getUint32(at, elf.byteOrder === "little");
  const folder = dirname(resolve(path));
  const candidates = [
    join(folder, link.name),
    join(folder, ".debug", link.name),
    ...debugDirectories.map((directory) => join(directory, folder, link.name)),
  ].filter((candidate) => candidate !== resolve(path));
  const { buildId } = elf;
  if (buildId === undefined) return candidates.find((one) => asked(one, (file) => checksum(file) === sum) === true);
  const built = candidates.map((one) => [one, asked(one, buildIdOf)] as const).filter(([, id]) => id !== undefined);
  return (built.find(([, id]) => id === buildId) ?? built[0])?.[0];
}

/** Opens a file, asks something about it, and closes it. Undefined for a file that cannot be opened. */
function asked<T>(path: string, ask: (file: RandomFile) => T): T | undefined {
  const file = opened(path);
  if (!file) return undefined;
  try {
    return ask(file);
  } finally {
    file.close();
  }
}

/** Returns the build ID of an ELF file; "" if it has none, or the file is no ELF file. */
function buildIdOf(file: RandomFile): string {
  const elf = attempt(() => openElf(file));
  return elf instanceof Fault ? "" : (elf.buildId ?? "");
}

/**
 * Finds the file to which dwz moved common parts of the DWARF, by the path and build ID in .gnu_debugaltlink.
 * @returns the file; its path if no file with that build ID was found; undefined without a link
 */
export function alternateDebug(
  elf: ElfFile,
  path: string,
  debugDirectories: readonly string[],
): ElfFile | string | undefined {
  const link = linkOf(elf, ".gnu_debugaltlink");
  if (!link) return undefined;
  const buildId = Buffer.from(link.bytes.subarray(link.name.length + 1)).toString("hex");
  const candidates = [
    resolve(dirname(resolve(path)), link.name),
    ...debugDirectories.map((directory) => buildIdPath(directory, buildId)),
  ];
  for (const candidate of candidates) {
    const file = opened(candidate);
    const alternate = file && attempt(() => openElf(file));
    if (alternate && !(alternate instanceof Fault) && alternate.buildId === buildId) return alternate;
    file?.close();
  }
  return candidates[0];
}

/** Returns the end of a sentence about a file whose alternate file is missing. @param path of the file that dwz made */
export const missingAlternateText = (path: string): string =>
  `; but the names and types that dwz moved to ${path} are unknown, because that file is missing or has another build ID`;

function linkOf(elf: ElfFile, name: string): { readonly name: string; readonly bytes: Uint8Array } | undefined {
  const section = elf.section(name);
  if (!section || section.size > MAX_LINK) return undefined;
  const bytes = attempt(() => elf.contents(section).read(0, section.size));
  if (bytes instanceof Fault) return undefined;
  const text = cString(bytes, 0);
  return text === "" || text.length >= bytes.length ? undefined : { name: text, bytes };
}

const opened = (path: string): RandomFile | undefined => attemptSystem(() => openFile(path));

function checksum(file: RandomFile): number | undefined {
  if (file.size > MAX_CHECKED) return undefined;
  let sum = 0;
  for (let at = 0; at < file.size; at += CRC_CHUNK) sum = crc32(file.read(at, CRC_CHUNK), sum);
  return sum;
}
