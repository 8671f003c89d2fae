/** s390x: registers, paging, notes. */
import { Fault } from "../../base/fault.ts";
import { elf } from "./elf.ts";
import { trapName } from "./traps.ts";
import type { Arch, CpuState, EntryReader, LayoutFacts, Paging, WalkStep } from "../arch.ts";
import { hasBits } from "../modes.ts";
import { prstatus, registerRow } from "../notes.ts";
import { swapFields } from "../pte.ts";
import type { PageTableEntry, TableLevel } from "../walk.ts";
import { walkTables } from "../walk.ts";

const general = Array.from({ length: 16 }, (_, index) => `r${index}`);
const registers = ["pswm", "pswa", ...general];

/** Source: include/uapi/linux/elf.h. */
const NT_S390_CTRS = 0x304;

/** Source: z/Architecture Principles of Operation, chapter 3; software bits: arch/s390/include/asm/pgtable.h. */
const TABLE_TYPE = 0x0cn;
const REGION_INVALID = 0x20n;
const LARGE = 0x400n;
const PAGE_INVALID = 0x400n;
const PAGE_PRESENT = 0x001n;

const PTE_FLAGS = [
  ["PRESENT", PAGE_PRESENT],
  ["YOUNG", 0x004n],
  ["DIRTY", 0x008n],
  ["READ", 0x010n],
  ["WRITE", 0x020n],
  ["SPECIAL", 0x040n],
  ["NOEXEC", 0x100n],
  ["PROTECT", 0x200n],
  ["INVALID", PAGE_INVALID],
] as const;

/** Source: PSW_MASK_PSTATE of asm/ptrace.h. */
const PSW_MASK_PSTATE = 0x0001000000000000n;

export const s390x: Arch = {
  name: "s390x",
  elf,
  unameMachines: ["s390x"],
  byteOrder: "big",
  wordSize: 8,
  vmcoreinfoKeys: ["SYMBOL(lowcore_ptr)"],
  prstatusBytes: 336,
  decoder: { arch: "ARCH_SYSZ", modes: ["MODE_BIG_ENDIAN"], step: 2, longest: 6 },
  registers,
  pc: "pswa",
  sp: "r15",
  framePointer: "r11",
  linkRegister: "r14",
  // Source: ELF ABI s390x Supplement, table "DWARF register number mapping": general, floating, control, access, PSW.
  dwarfRegisters: [...general, ...Array.from({ length: 48 }, () => undefined), "pswm", "pswa"],
  ptRegs: new Map([
    ["pswm", "psw.mask"],
    ["pswa", "psw.addr"],
    ...general.map((name, index) => [name, `gprs[${index}]`] as const),
  ]),
  signedChar: false,
  sectionSizeBits: 28,
  cacheLineBytes: 256,
  overlappingSpaces: true,
  // The problem-state bit of the PSW.
  isUserMode: (registers) => hasBits(registers.get("pswm"), PSW_MASK_PSTATE, PSW_MASK_PSTATE),
  calleeSaved: [
    "r6",
    "r7",
    "r8",
    "r9",
    "r10",
    "r11",
    "r12",
    "r13",
    "f8",
    "f9",
    "f10",
    "f11",
    "f12",
    "f13",
    "f14",
    "f15",
  ],
  unwindRules: ["call frame information", "back chain"],
  switchFrame: { kind: "back chain", sp: "thread.ksp" },
  irqStackPointer: "bottom",
  trapName,
  threadSize: 16384,
  prstatus: (desc) => prstatus(desc, registers, 8, "big"),
  cpuNote: (_name, type, desc) => (type === NT_S390_CTRS ? controlRegisters(desc) : undefined),
  pte: {
    flags: PTE_FLAGS,
    isPresent: (entry) => (entry & PAGE_PRESENT) !== 0n,
    physical: (entry) => entry & -4096n,
    swapEntries: (entry) => [swapFields(entry, 2, 5, 12)],
  },
  paging,
};

/**
 * Reads the control registers; undefined if the note is too short. CR13 is the home address space, which is the
 * kernel's.
 */
function controlRegisters(desc: Uint8Array): CpuState | undefined {
  const names = Array.from({ length: 16 }, (_, index) => `cr${index}`);
  const control = registerRow(desc, 0, names, 8, "big");
  if (control === undefined) return undefined;
  return { pid: undefined, registers: control, pageTableRoot: (control.get("cr13") ?? 0n) & -4096n };
}

function paging(facts: LayoutFacts): Paging {
  const rootAddress = facts.symbol("swapper_pg_dir");
  const toPhysical = kernelImageOffset(facts);
  const stext = facts.symbol("_stext");
  return {
    kernelRoot: facts.pageTableRoot ?? (rootAddress === undefined ? undefined : rootAddress + toPhysical),
    rootAddress,
    pageSize: 4096,
    linear:
      stext === undefined
        ? []
        : [{ name: "kernel image", start: stext, end: stext + (1n << 28n), physical: stext + toPhysical }],
    imageWindow: undefined,
    canonical: (address) => BigInt.asUintN(64, address),
    // Kernel and user each have a complete address space.
    isKernelAddress: () => true,
    isUserAddress: () => true,
    walk,
    facts: new Map<string, bigint>([
      ["kernel image to physical", toPhysical],
      ["IDENTITYBASE", facts.number("IDENTITYBASE") ?? 0n],
    ]),
  };
}

/**
 * Returns physical minus virtual addresses of the kernel image. It is not 0 since Linux kernel commit c98d2ecae08f
 * ("s390/mm: Uncouple physical vs virtual address spaces") (in v6.10).
 */
function kernelImageOffset(facts: LayoutFacts): bigint {
  const physical = facts.number("KERNELOFFPHYS");
  return physical === undefined ? 0n : physical - (facts.number("KERNELOFFSET") ?? 0n);
}

/**
 * Translates an address. Each entry of a region table, even an empty one, has the type of the table, so the walk needs
 * no ASCE.
 */
function walk(root: bigint, address: bigint, read: EntryReader, trail?: WalkStep[]): ReturnType<typeof walkTables> {
  const first = read(root, 8);
  if (first instanceof Fault) return Fault.at(first.kind, address, `cannot translate: root table: ${first.message}`);
  const top = levels.length - 2 - Number((first & TABLE_TYPE) >> 2n);
  const used = levels.slice(top);
  const width = BigInt((used[0]?.shift ?? 0) + 11);
  if (address >> width !== 0n) return Fault.at("unmapped", address, "beyond the end of the address space");
  return walkTables(used, root, address, read, trail);
}

function region(name: string, shift: number, mayBeLarge: boolean): TableLevel {
  const pageBytes = 1n << BigInt(shift);
  return {
    name,
    shift,
    bits: 11,
    entryBytes: 8,
    decode(entry): PageTableEntry | undefined {
      const isLarge = mayBeLarge && (entry & LARGE) !== 0n;
      if (isLarge) return { physical: entry & -pageBytes, pageBytes };
      if ((entry & REGION_INVALID) !== 0n) return undefined;
      // A page table has half a page, other tables have whole pages.
      return { physical: entry & (name === "PMD" ? -2048n : -4096n), pageBytes: undefined };
    },
  };
}

/** Region-first, region-second, region-third, segment and page tables, with the kernel's names. */
const levels: readonly TableLevel[] = [
  region("PGD", 53, false),
  region("P4D", 42, false),
  region("PUD", 31, true),
  region("PMD", 20, true),
  {
    name: "PTE",
    shift: 12,
    bits: 8,
    entryBytes: 8,
    // An invalid entry with the software bit is PROT_NONE or was not referenced recently.
    decode(entry): PageTableEntry | undefined {
      const mapped = (entry & PAGE_INVALID) === 0n || (entry & PAGE_PRESENT) !== 0n;
      return mapped ? { physical: entry & -4096n, pageBytes: 4096n } : undefined;
    },
  },
];
