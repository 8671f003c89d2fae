/** Opens the running kernel's memory through a device that is read at physical addresses. */
import { endianness, hostname, machine, release, type, version } from "node:os";
import { Fault } from "../../base/fault.ts";
import { openDevice, type RandomFile, readBytes, wholeFile } from "../../base/file.ts";
import { attemptSystem, isSystemError } from "../../base/systemError.ts";
import type { DumpImage, RawRange } from "../../dump/format.ts";
import { openAddressed } from "../../dump/formats/rawMemory.ts";
import { readNotes, vmcoreinfoOf } from "../../elf/notes.ts";
import { OpenError } from "./openError.ts";

const PAGE_BYTES = 4096;
/** Reading below this address proves nothing, because /dev/mem gives zeros there where it denies memory. */
const LOW_BYTES = 1 << 20;
/** Maximum size of a file of /proc or /sys in bytes. */
const MAX_TEXT_BYTES = 1 << 20;

/** Files of the kernel that describe its memory. */
export interface MemoryFacts {
  /** Ranges of physical addresses by use (kernel/resource.c). */
  readonly iomem: string;
  /** Physical address and size of the note with VMCOREINFO, in hexadecimal (kernel/ksysfs.c). */
  readonly vmcoreinfo: string;
}

const OF_THIS_KERNEL: MemoryFacts = { iomem: "/proc/iomem", vmcoreinfo: "/sys/kernel/vmcoreinfo" };

/** How each device comes to be there. */
const REMEDIES: Readonly<Record<string, string>> = {
  "/dev/crash": 'load the module "crash" of the kernel or of the crash utility',
  "/dev/mem": "the kernel has it with CONFIG_DEVMEM",
};
const KCORE_INSTEAD = "/proc/kcore, which kernels with CONFIG_PROC_KCORE have, needs no device";

/** Whether a path is that of a device with the running kernel's memory. */
export const isMemoryDevice = (path: string): boolean => Object.hasOwn(REMEDIES, path);

/** The devices with the running kernel's memory, the one that denies less first. */
export const MEMORY_DEVICES: readonly string[] = Object.keys(REMEDIES);

/** Opens a device of memory. @throws OpenError that says what to do if it cannot be read */
export function openMemoryDevice(device: string, facts = OF_THIS_KERNEL): DumpImage {
  const ranges = systemRam(facts.iomem);
  const file = opened(device, (ranges.at(-1)?.last ?? -1) + 1);
  try {
    checkReadable(file, ranges);
    const byteOrder = endianness() === "BE" ? "big" : "little";
    const [, address, size] = /^(?:0x)?([0-9a-f]+) ([0-9a-f]+)$/.exec(textOf(facts.vmcoreinfo).trim()) ?? [];
    const place = address === undefined ? [] : [{ offset: Number(`0x${address}`), size: Number(`0x${size}`) }];
    const notes = readNotes(file, place, byteOrder);
    return openAddressed(file, ranges, {
      byteOrder,
      notes,
      vmcoreinfo: vmcoreinfoOf(notes),
      live: "running",
      utsname: { sysname: type(), nodename: hostname(), release: release(), version: version(), machine: machine(), domainname: "" }, // prettier-ignore
    });
  } catch (error) {
    file.close();
    throw error instanceof Fault ? new OpenError(error.message) : error;
  }
}

const textOf = (path: string): string => attemptSystem(() => wholeFile(path, MAX_TEXT_BYTES))?.toString("latin1") ?? "";

/** Returns the ranges of whole pages that are the system's RAM. @throws OpenError if the kernel hides them */
function systemRam(iomem: string): readonly Required<RawRange>[] {
  // "System RAM (kmem)" is memory; arm's "System RAM (boot alias)" is the same memory at other addresses.
  const lines = [...textOf(iomem).matchAll(/^ *([0-9a-f]+)-([0-9a-f]+) : System RAM\b(?! \(boot alias\))/gm)];
  const ranges = lines.map(([, first = "", last = ""]) => ({
    first: Math.ceil(Number.parseInt(first, 16) / PAGE_BYTES) * PAGE_BYTES,
    last: Math.floor((Number.parseInt(last, 16) + 1) / PAGE_BYTES) * PAGE_BYTES - 1,
  }));
  const known = ranges.filter(({ first, last }) => last > first && Number.isSafeInteger(last));
  if (known.length > 0) return known.sort((a, b) => a.last - b.last);
  throw new OpenError(
    lines.length > 0
      ? `${iomem} hides the addresses of memory: run vmcore-debug, or the editor, as root (CAP_SYS_ADMIN)`
      : `${iomem} names no System RAM, so that it is not known where memory is: ${KCORE_INSTEAD}`,
  );
}

function opened(device: string, size: number): RandomFile {
  try {
    return openDevice(device, size);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const { code } = error;
    if (code === "ENOENT" || code === "ENXIO" || code === "ENODEV")
      throw new OpenError(`there is no ${device}: ${REMEDIES[device] ?? "name a dump"}; ${KCORE_INSTEAD}`);
    if (code === "EACCES" || code === "EPERM")
      throw new OpenError(
        `${device} may not be read: run vmcore-debug, or the editor, as root (CAP_SYS_RAWIO); a kernel in lockdown forbids it to root, too`,
      );
    throw new OpenError(error.message);
  }
}

/** Reads a page of the kernel's memory. @throws OpenError if the kernel denies it */
function checkReadable(file: RandomFile, ranges: readonly Required<RawRange>[]): void {
  const { first } = ranges.find((one) => one.first >= LOW_BYTES) ?? ranges[0] ?? { first: 0 };
  const page = readBytes(file, first, PAGE_BYTES);
  if (!(page instanceof Fault) && page.length === PAGE_BYTES) return;
  throw new OpenError(
    `${file.name} does not give the memory at 0x${first.toString(16)}: a kernel with CONFIG_STRICT_DEVMEM keeps its memory from /dev/mem; ${KCORE_INSTEAD}`,
  );
}
