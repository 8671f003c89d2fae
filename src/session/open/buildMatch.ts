import { attempt, Fault } from "../../base/fault.ts";
import { buildIdOf } from "../../elf/buildId.ts";
import { type ElfFile, SHF_ALLOC, SHT_NOBITS } from "../../elf/elf.ts";
import { elfSymbols } from "../../debuginfo/symbols/elfSymbols.ts";
import { kaslrOffset, type OpenedMemory } from "../../memory/openMemory.ts";
import { kernelBuildId } from "../find/kernelBuildId.ts";

/** Whether a vmlinux is of the build that the dump is of. */
export interface BuildMatch {
  readonly verdict: "same" | "other" | "unknown";
  /** What says so: "is of another build: ...", to be put behind the file's name. */
  readonly why: string;
}

/** Notes of a kernel are some hundred bytes, its banner some two hundred. */
const MAX_NOTES = 1 << 16;
const MAX_BANNER = 512;

/** Compares build-ids, and where that says nothing what the dump has in memory at the vmlinux' own addresses. */
export function compareBuild(elf: ElfFile, opened: OpenedMemory): BuildMatch {
  const { arch, vmcoreinfo } = opened;
  if (elf.machine !== arch.elf.machine)
    return { verdict: "other", why: `is for another architecture than the dump, which is ${arch.name}` };
  const wanted = vmcoreinfo?.text("BUILD-ID");
  if (wanted !== undefined && wanted === elf.buildId) return { verdict: "same", why: "has the dump's build-id" };
  const bias = attempt(() => kaslrOffset(opened, (name) => elfSymbols(elf).named(name)[0]?.address));
  const place = bias instanceof Fault ? undefined : bias;
  if (place !== undefined && elf.buildId !== undefined && notedBuildId(elf, opened, place) === elf.buildId)
    return { verdict: "same", why: "has the build-id that the kernel has in memory" };
  const real = kernelBuildId(opened);
  if (real !== undefined && elf.buildId === real)
    return { verdict: "same", why: "has the build-id that the kernel has in memory" };
  if (real !== undefined && elf.buildId !== undefined)
    return {
      verdict: "other",
      why: `${otherKernel(elf, opened)}: its build-id is ${elf.buildId}, the dump's kernel has ${real}`,
    };
  const [ours, theirs] = place === undefined ? [] : [bannerOf(elf), bannerInMemory(elf, opened, place)];
  if (ours !== undefined && theirs !== undefined) {
    if (ours === theirs) return { verdict: "same", why: "has the very version text that the kernel has in memory" };
    return {
      verdict: "other",
      why: `${otherKernel(elf, opened)}: its version text is "${ours}", the kernel in memory has "${theirs}"`,
    };
  }
  return {
    verdict: "unknown",
    why: real === undefined ? "cannot be compared: the dump tells no build-id" : "has no build-id to compare",
  };
}

/** The build-id in the dump's memory, where this vmlinux has its notes. */
function notedBuildId(elf: ElfFile, { memory, arch }: OpenedMemory, bias: bigint): string | undefined {
  const notes = elf.section(".notes");
  if (!notes || notes.size > MAX_NOTES) return undefined;
  const bytes = attempt(() => memory.read(notes.address + bias, notes.size));
  return bytes instanceof Fault ? undefined : buildIdOf(bytes, arch.byteOrder);
}

/** "is of Linux 6.12.9, the dump of 6.1.0-56-amd64", or only that the builds differ where the release is the same. */
function otherKernel(elf: ElfFile, { vmcoreinfo }: OpenedMemory): string {
  const [ours, theirs] = [/^Linux version (\S+)/.exec(bannerOf(elf) ?? "")?.[1], vmcoreinfo?.text("OSRELEASE")];
  if (ours === undefined || theirs === undefined) return "is of another build";
  return ours === theirs
    ? `is of another build of ${ours}`
    : `is of another kernel, it is of Linux ${ours} and the dump of ${theirs}`;
}

/** linux_banner (init/version.c): release, compiler, and the time of the build. */
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

/** What the dump has in memory where this vmlinux has its banner. */
function bannerInMemory(elf: ElfFile, { memory }: OpenedMemory, bias: bigint): string | undefined {
  const symbol = elfSymbols(elf).named("linux_banner")[0];
  const bytes = symbol && attempt(() => memory.read(symbol.address + bias, MAX_BANNER));
  return bytes === undefined || bytes instanceof Fault ? undefined : banner(bytes);
}

/** The text, of a file or dump that may say anything: one line that a terminal can show. */
function banner(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes).toString("latin1").split("\0")[0]?.trimEnd() ?? "";
  return text.startsWith("Linux version ") && /^[ -~]+$/.test(text) ? text : undefined;
}
