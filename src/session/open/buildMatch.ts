/** Compares the build of a vmlinux with that of the kernel in a dump. */
import { attempt, Fault } from "../../base/fault.ts";
import { buildIdOf } from "../../elf/buildId.ts";
import { type ElfFile, SHF_ALLOC, SHT_NOBITS } from "../../elf/elf.ts";
import { elfSymbols } from "../../debuginfo/symbols/elfSymbols.ts";
import { kaslrOffset, type OpenedMemory } from "../../memory/openMemory.ts";
import { kernelBuildId } from "../find/kernelBuildId.ts";

/** Whether a vmlinux belongs to the build of the dump's kernel. */
export interface BuildMatch {
  readonly verdict: "same" | "other" | "unknown";
  /** The reason, as a predicate for the file's name: "is of another build: ...". */
  readonly why: string;
}

/** Maximum size of the notes of a kernel in bytes. They have some hundred. */
const MAX_NOTES = 1 << 16;
/** Maximum size of a kernel's banner in bytes. It has some two hundred. */
const MAX_BANNER = 512;

/**
 * Compares the vmlinux's build ID with that of VMCOREINFO and, if they differ or there is none, with the notes in the
 * dump's memory, which prevail, because some kernels computed the former wrongly. Where a build ID is missing, compares
 * the banner in memory at the vmlinux's address.
 */
export function compareBuild(elf: ElfFile, opened: OpenedMemory): BuildMatch {
  const { arch, vmcoreinfo } = opened;
  if (elf.machine !== arch.elf.machine)
    return { verdict: "other", why: `is for another architecture than the dump, which is ${arch.name}` };
  const wanted = vmcoreinfo?.text("BUILD-ID");
  if (wanted !== undefined && wanted === elf.buildId) return { verdict: "same", why: "has the dump's build ID" };
  const bias = attempt(() => kaslrOffset(opened, (name) => elfSymbols(elf).named(name)[0]?.address));
  const place = bias instanceof Fault ? undefined : bias;
  if (place !== undefined && elf.buildId !== undefined && notedBuildId(elf, opened, place) === elf.buildId)
    return { verdict: "same", why: "has the build ID that the kernel has in memory" };
  const real = kernelBuildId(opened);
  if (real !== undefined && elf.buildId === real)
    return { verdict: "same", why: "has the build ID that the kernel has in memory" };
  if (real !== undefined && elf.buildId !== undefined)
    return {
      verdict: "other",
      why: `${otherKernel(elf, opened)}: its build ID is ${elf.buildId}, the dump's kernel has ${real}`,
    };
  const [ours, theirs] = place === undefined ? [] : [bannerOf(elf), bannerInMemory(elf, opened, place)];
  if (ours !== undefined && theirs !== undefined) {
    if (ours === theirs) return { verdict: "same", why: "has the version text that the kernel has in memory" };
    return {
      verdict: "other",
      why: `${otherKernel(elf, opened)}: its version text is "${ours}", the kernel in memory has "${theirs}"`,
    };
  }
  return {
    verdict: "unknown",
    why: real === undefined ? "cannot be compared: the dump contains no build ID" : "has no build ID to compare",
  };
}

/**
 * Reads the build ID in the dump's memory at the address where this vmlinux has its notes; undefined if it is not
 * readable.
 */
function notedBuildId(elf: ElfFile, { memory, arch }: OpenedMemory, bias: bigint): string | undefined {
  const notes = elf.section(".notes");
  if (!notes || notes.size > MAX_NOTES) return undefined;
  const bytes = attempt(() => memory.read(notes.address + bias, notes.size));
  return bytes instanceof Fault ? undefined : buildIdOf(bytes, arch.byteOrder);
}

/**
 * Returns "is of another kernel, Linux 6.12.9; the dump is of 6.1.0-56-amd64", or that only the builds differ if the
 * release is the same.
 */
function otherKernel(elf: ElfFile, { vmcoreinfo }: OpenedMemory): string {
  const [ours, theirs] = [/^Linux version (\S+)/.exec(bannerOf(elf) ?? "")?.[1], vmcoreinfo?.text("OSRELEASE")];
  if (ours === undefined || theirs === undefined) return "is of another build";
  return ours === theirs
    ? `is of another build of ${ours}`
    : `is of another kernel, Linux ${ours}; the dump is of ${theirs}`;
}

/**
 * Reads linux_banner (init/version.c), which has release, compiler, and time of the build; undefined if the file does
 * not contain it.
 */
function bannerOf(elf: ElfFile): string | undefined {
  const symbol = elfSymbols(elf).named("linux_banner")[0];
  const section =
    symbol &&
    elf.sections.find(
      ({ flags, address, size }) =>
        flags & SHF_ALLOC && symbol.address >= address && symbol.address < address + BigInt(size),
    );
  if (!symbol || !section || section.type === SHT_NOBITS) return undefined;
  return banner(elf.file.read(section.offset + Number(symbol.address - section.address), MAX_BANNER));
}

/**
 * Reads the text in the dump's memory at the address where this vmlinux has its banner; undefined if it is not
 * readable.
 */
function bannerInMemory(elf: ElfFile, { memory }: OpenedMemory, bias: bigint): string | undefined {
  const symbol = elfSymbols(elf).named("linux_banner")[0];
  const bytes = symbol && attempt(() => memory.read(symbol.address + bias, MAX_BANNER));
  return bytes === undefined || bytes instanceof Fault ? undefined : banner(bytes);
}

/** Parses a banner. Returns undefined unless it is one printable line, because a file or dump may contain any bytes. */
function banner(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes).toString("latin1").split("\0")[0]?.trimEnd() ?? "";
  return text.startsWith("Linux version ") && /^[ -~]+$/.test(text) ? text : undefined;
}
