/** arm: registers, paging, notes. */
import { unsavedChanges } from "./changes.ts";
import { Fault } from "../../base/fault.ts";
import { elf } from "./elf.ts";
import { trapName } from "./traps.ts";
import type { Arch, EntryReader, LayoutFacts, Paging, Registers } from "../arch.ts";
import { longDescriptorLevels } from "../longDescriptor.ts";
import { hasBits } from "../modes.ts";
import { prstatus } from "../notes.ts";
import { registerText } from "./registerText.ts";
import { swapFields } from "../pte.ts";
import type { PageTableEntry, TableLevel } from "../walk.ts";
import { walkTables } from "../walk.ts";

const registers = "r0 r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 fp ip sp lr pc cpsr".split(" ");

/** Values of CONFIG_PAGE_OFFSET by CONFIG_VMSPLIT_*: the possible starts of kernel addresses. */
const PAGE_OFFSETS = [0xc0000000n, 0xb0000000n, 0x80000000n, 0x40000000n];
/**
 * Size in bytes of the area of modules, which is directly below the kernel (arch/arm/include/asm/memory.h,
 * MODULES_VADDR).
 */
const MODULES_BYTES = 1n << 24n;

/** Bit of the kernel's own entry of a page that is present (arch/arm/include/asm/pgtable-2level.h). */
const L_PTE_PRESENT = 1n;
/** Distance in bytes from the hardware's entry back to the kernel's own. */
const LINUX_ENTRIES = 2048n;

const MEBIBYTE = 1n << 20n;

export const arm: Arch = {
  name: "arm",
  elf,
  unameMachines: ["arm", "armv5tel", "armv6l", "armv7l", "armv8l"],
  byteOrder: "little",
  wordSize: 4,
  vmcoreinfoKeys: ["CONFIG_ARM_LPAE"],
  prstatusBytes: 148,
  decoder: { arch: "ARCH_ARM", modes: ["MODE_ARM"], step: 4, longest: 4 },
  countsFramesFromPhysBase: true,
  registers,
  registerText,
  framesNameReturns: true,
  pc: "pc",
  sp: "sp",
  framePointer: "fp",
  linkRegister: "lr",
  // Source: DWARF for the Arm Architecture (AADWARF32), section 4.1.
  dwarfRegisters: registers.slice(0, 16),
  ptRegs: new Map(registers.map((name, index) => [name, `uregs[${index}]`])),
  signedChar: false,
  sectionSizeBits: 28,
  mapsFromFirstFrame: true,
  // CPSR.M is 0b0000 (26-bit) or 0b10000 in user mode.
  isUserMode: (registers) => hasBits(registers.get("cpsr"), 0xfn, 0n),
  calleeSaved: ["r4", "r5", "r6", "r7", "r8", "r9", "r10", "fp"],
  unwindRules: ["entry code", "call frame information", "unwind index"],
  interruptedAt,
  unsavedChanges,
  switchFrame: { kind: "in task", path: "thread_info.cpu_context", aliases: new Map([["sl", "r10"]]) },
  irqStackPointer: "top",
  // vector_swi of arch/arm/kernel/entry-common.S makes system calls return to the first instruction of these functions.
  entryReturns: /^(ret_fast_syscall|__sys_trace_return|ret_from_fork)/,
  trapName,
  threadSize: 8192,
  prstatus: (desc) => prstatus(desc, registers, 4, "little"),
  pte: {
    // Bits of the kernel's own entries (asm/pgtable-2level.h). The hardware's entries have another format.
    flags: [
      ["PRESENT", L_PTE_PRESENT],
      ["YOUNG", 1n << 1n],
      ["DIRTY", 1n << 6n],
      ["RDONLY", 1n << 7n],
      ["USER", 1n << 8n],
      ["XN", 1n << 9n],
      ["SHARED", 1n << 10n],
      ["NONE", 1n << 11n],
    ],
    isPresent: (entry) => (entry & L_PTE_PRESENT) !== 0n,
    physical: (entry) => entry & 0xfffff000n,
    ownEntry(steps) {
      const [first, last] = steps;
      // With short descriptors (a first level of 1 MiB) a page of entries has two halves: the kernel's own entries, then
      // the hardware's. Long descriptors hold the kernel's bits themselves.
      return first?.span === MEBIBYTE && last ? last.entryAddress - LINUX_ENTRIES : undefined;
    },
    // Newest layout first. v6.3 put the exclusive marker below the offset; before v4.0 bit 2 was L_PTE_FILE and the type
    // began at bit 3.
    swapEntries: (entry) => [swapFields(entry, 2, 5, 8), swapFields(entry, 2, 5, 7), swapFields(entry, 3, 5, 8)],
  },
  paging,
};

/** Address of the page of the exception vectors (arch/arm/kernel/entry-armv.S), unless CONFIG_VECTORS_BASE is 0. */
const VECTORS = 0xffff0000n;
/** By the offset of the vector: how far behind the interrupted instruction the link register is (B1.8.3 of the ARM). */
const LINK_OFFSETS: ReadonlyMap<bigint, bigint> = new Map([[0x0cn, 4n], [0x10n, 8n], [0x18n, 4n], [0x1cn, 4n]]); // prettier-ignore

function interruptedAt(registers: Registers): bigint | undefined {
  const offset = LINK_OFFSETS.get((registers.get("pc") ?? 0n) - VECTORS);
  const link = registers.get("lr");
  return offset === undefined || link === undefined ? undefined : BigInt.asUintN(32, link - offset);
}

function paging(facts: LayoutFacts): Paging {
  const lpae = facts.text("CONFIG_ARM_LPAE") === "y";
  const levels = lpae ? longDescriptorLevels({ pageShift: 12, virtualBits: 32, lpa2: false }) : shortDescriptorLevels;
  const rootAddress = facts.symbol("swapper_pg_dir");
  const kernelAddress = rootAddress ?? facts.symbol("_stext");
  const pageOffset =
    PAGE_OFFSETS.find((offset) => kernelAddress !== undefined && offset <= kernelAddress) ?? 0xc0000000n;
  const physicalOffset = facts.number("NUMBER(PHYS_OFFSET)") ?? facts.physBase;
  const formula =
    rootAddress === undefined || physicalOffset === undefined ? undefined : rootAddress - pageOffset + physicalOffset;
  const canonical = (address: bigint): bigint => BigInt.asUintN(32, address);

  return {
    kernelRoot: facts.pageTableRoot ?? formula,
    rootAddress,
    pageSize: 4096,
    linear: [],
    imageWindow: undefined,
    canonical,
    isKernelAddress: (address) => canonical(address) >= pageOffset - MODULES_BYTES,
    isUserAddress: (address) => canonical(address) < pageOffset - MODULES_BYTES,
    walk(root, address, read, trail) {
      if (address >> 32n !== 0n) return Fault.at("unmapped", address, "not a 32-bit address");
      return walkTables(levels, root, address, read, trail);
    },
    facts: new Map<string, bigint>([
      ["VA_BITS", 32n],
      ["page table levels", BigInt(levels.length)],
      ["PAGE_OFFSET", pageOffset],
      ...(physicalOffset === undefined ? [] : ([["PHYS_OFFSET", physicalOffset]] as const)),
    ]),
  };
}

/** Short descriptors: Arm Architecture Reference Manual ARMv7-A, section B3.5.1. */
const shortDescriptorLevels: readonly TableLevel[] = [
  {
    name: "PGD",
    shift: 20,
    bits: 12,
    entryBytes: 4,
    decode(entry): PageTableEntry | undefined {
      switch (entry & 3n) {
        case 0n:
          return undefined;
        case 1n:
          return { physical: entry & 0xfffffc00n, pageBytes: undefined };
        default:
          return section(entry);
      }
    },
  },
  { name: "PTE", shift: 12, bits: 8, entryBytes: 4, decode: smallPage },
];

/** Decodes a section of 1 MiB, or a supersection of 16 MiB with address bits 39:32 in two other fields. */
function section(entry: bigint): PageTableEntry {
  const isSupersection = (entry & (1n << 18n)) !== 0n;
  if (!isSupersection) return { physical: entry & 0xfff00000n, pageBytes: MEBIBYTE };
  const high = (((entry >> 5n) & 0xfn) << 36n) | (((entry >> 20n) & 0xfn) << 32n);
  return { physical: high | (entry & 0xff000000n), pageBytes: 16n * MEBIBYTE };
}

function smallPage(entry: bigint, at: bigint, read: EntryReader): PageTableEntry | undefined {
  if ((entry & 2n) !== 0n) return { physical: entry & 0xfffff000n, pageBytes: 4096n };
  if ((entry & 1n) !== 0n) return { physical: entry & 0xffff0000n, pageBytes: 65536n };
  // An old or PROT_NONE page is not in the hardware's table; only the kernel's entry describes it.
  const own = read(at - LINUX_ENTRIES, 4);
  if (own instanceof Fault || (own & L_PTE_PRESENT) === 0n) return undefined;
  return { physical: own & 0xfffff000n, pageBytes: 4096n };
}
