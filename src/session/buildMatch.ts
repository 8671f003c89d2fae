import { attempt, Fault } from "../base/fault.ts";
import { buildIdOf } from "../debuginfo/buildId.ts";
import { type ElfFile, SHF_ALLOC, SHT_NOBITS } from "../debuginfo/elf.ts";
import { elfSymbols } from "../debuginfo/elfSymbols.ts";
import { kaslrOffset, type OpenedMemory } from "../memory/openMemory.ts";
import { kernelBuildId } from "./kernelBuildId.ts";

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
  if (elf.machine !== arch.elfMachine)
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
      why: `is of another build: its build-id is ${elf.buildId}, the dump's kernel has ${real}`,
    };
  const banner = place === undefined ? undefined : compareBanner(elf, opened, place);
  if (banner === true) return { verdict: "same", why: "has the very version text that the kernel has in memory" };
  if (banner === false)
    return { verdict: "other", why: "is of another build: the kernel in memory has another version" };
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

/** linux_banner (init/version.c) in the file and in memory: release, compiler, and the time of the build. */
function compareBanner(elf: ElfFile, { memory }: OpenedMemory, bias: bigint): boolean | undefined {
  const symbol = elfSymbols(elf).named("linux_banner")[0];
  const section =
    symbol &&
    elf.sections.find(
      ({ flags, address, size }) =>
        flags & SHF_ALLOC && symbol.address >= address && symbol.address < address + BigInt(size),
    );
  if (!symbol || !section || section.type === SHT_NOBITS) return undefined;
  const length = Math.min(symbol.size || MAX_BANNER, MAX_BANNER);
  const ours = elf.file.read(section.offset + Number(symbol.address - section.address), length);
  const theirs = attempt(() => memory.read(symbol.address + bias, ours.length));
  if (theirs instanceof Fault || !text(theirs).startsWith("Linux version ")) return undefined;
  return text(ours) === text(theirs);
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1").split("\0")[0] ?? "";
