/** x86_64: registers, paging, notes. */
import { readUnsigned, viewOf } from "../../base/bytes.ts";
import { Fault } from "../../base/fault.ts";
import { elf } from "./elf.ts";
import { errorText, isWriteFault, trapName } from "./traps.ts";
import { mayCall } from "./calls.ts";
import { pushPrologue } from "./prologue.ts";
import { exceptionMode, isUserMode } from "./modes.ts";
import type { Arch, CpuState, LayoutFacts, LinearRange, Paging } from "../arch.ts";
import { prstatus, registerRow } from "../notes.ts";
import { swapFields } from "../pte.ts";
import type { PageTableEntry, TableLevel } from "../walk.ts";
import { spacesFrom } from "../spaces.ts";
import { walkTables } from "../walk.ts";

/**
 * Start of the mapping of the kernel image, whatever physical offset KASLR chose
 * (arch/x86/include/asm/page_64_types.h).
 */
const START_KERNEL_MAP = 0xffffffff80000000n;
/** The larger of the two possible values, for dumps without the actual one in VMCOREINFO. */
const KERNEL_IMAGE_SIZE = 1n << 30n;
const KERNEL_ALIGN = 1n << 21n;

/** Source: arch/x86/include/asm/pgtable_types.h. */
const PAGE_PRESENT = 1n << 0n;
const PAGE_PSE = 1n << 7n;
const PAGE_PROTNONE = 1n << 8n;
const PHYSICAL_MASK = 0x000ffffffffff000n;
const CR4_LA57 = 1n << 12n;

const PTE_FLAGS = [
  ["PRESENT", PAGE_PRESENT],
  ["RW", 1n << 1n],
  ["USER", 1n << 2n],
  ["PWT", 1n << 3n],
  ["PCD", 1n << 4n],
  ["ACCESSED", 1n << 5n],
  ["DIRTY", 1n << 6n],
  ["PSE", PAGE_PSE],
  ["GLOBAL", 1n << 8n],
  ["NX", 1n << 63n],
] as const;

/** `user_regs_struct`, the order of `elf_gregset_t`. */
const gregs = (
  "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs rflags rsp ss " +
  "fs_base gs_base ds es fs gs"
).split(" ");

/** Returns the name of a register in `struct pt_regs`: the older ones without "r", and "flags" for rflags. */
const ptRegsMember = (name: string): string =>
  /^r\d|^orig|^.s$/.test(name) ? name.replace("rax", "ax") : name.slice(1);

const pushed = "rip rsp rflags rax rbx rcx rdx rsi rdi rbp r8 r9 r10 r11 r12 r13 r14 r15 orig_rax cs ss".split(" ");

/** Source: System V psABI for AMD64, figure "DWARF register number mapping". */
const dwarfRegisters = sparse([
  [0, "rax rdx rcx rbx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip"],
  [49, "rflags es cs ss ds fs gs"],
  [58, "fs_base gs_base"],
]);

function sparse(runs: readonly (readonly [number, string])[]): readonly (string | undefined)[] {
  const names: (string | undefined)[] = [];
  for (const [first, run] of runs) {
    while (names.length < first) names.push(undefined);
    names.push(...run.split(" "));
  }
  return names;
}

/**
 * Whether an address is canonical: all bits from the highest that is translated on are equal (Intel SDM, volume 1,
 * 3.3.7.1).
 */
const isExtended = (address: bigint, bits: bigint): boolean => {
  const top = address >> (bits - 1n);
  return top === 0n || top === (1n << (65n - bits)) - 1n;
};

export const x86_64: Arch = {
  name: "x86_64",
  elf,
  unameMachines: ["x86_64"],
  byteOrder: "little",
  wordSize: 8,
  vmcoreinfoKeys: ["NUMBER(phys_base)"],
  prstatusBytes: 336,
  decoder: { bits: 64 },
  registers: pushed,
  pc: "rip",
  sp: "rsp",
  framePointer: "rbp",
  debuggerOrder: ["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip", "rflags", "cs", "ss", "ds", "es", "fs", "gs", "fs_base", "gs_base"], // prettier-ignore
  dwarfRegisters,
  ptRegs: new Map(pushed.map((name) => [name, ptRegsMember(name)])),
  signedChar: true,
  sectionSizeBits: 27,
  startKernelMap: START_KERNEL_MAP,
  firstEntryIsDirectory: true,
  ftraceNop: Uint8Array.of(0x0f, 0x1f, 0x44, 0x00, 0x00), // arch/x86/kernel/ftrace.c
  isUserMode,
  exceptionMode,
  registerRows: [
    "RIP  RSP  RFLAGS/8",
    "RAX  RBX  RCX",
    "RDX  RSI  RDI",
    "RBP   R8   R9",
    "R10  R11  R12",
    "R13  R14  R15",
    "ORIG_RAX  CS/4  SS/4",
  ],
  calleeSaved: ["rbx", "rbp", "r12", "r13", "r14", "r15"],
  argumentRegisters: ["rdi", "rsi", "rdx", "rcx", "r8", "r9"],
  resultRegister: "rax",
  interruptsEnabled: (registers) => {
    const flags = registers.get("rflags");
    return flags === undefined ? undefined : (flags & 0x200n) !== 0n;
  },
  isCanonical: (address, text) => isExtended(address, text("NUMBER(pgtable_l5_enabled)") === "1" ? 57n : 48n),
  unwindRules: [
    "trampoline",
    "called nothing",
    "thunk",
    "ORC",
    "call frame information",
    "detour",
    "push prologue",
    "frame pointer",
  ],
  // Source: arch/x86/include/asm/switch_to.h (4.9 and later).
  switchFrame: {
    kind: "on stack",
    sp: "thread.sp",
    type: "struct inactive_task_frame",
    returnAddress: "ret_addr",
    registers: new Map([["rbp", "bp"], ["rbx", "bx"], ["r12", "r12"], ["r13", "r13"], ["r14", "r14"], ["r15", "r15"]]), // prettier-ignore
  },
  irqStackPointer: "top",
  // ENCODE_FRAME_POINTER of arch/x86/entry/calling.h
  encodedRegisters: (framePointer) => ((framePointer & 1n) === 1n ? framePointer - 1n : undefined),
  trapName,
  errorText,
  isWriteFault,
  mayCall,
  pushPrologue,
  // arch/x86/Kconfig: KASAN_SHADOW_OFFSET
  kasanShadowOffset: 0xdffffc0000000000n,
  threadSize: 16384,
  prstatus: (desc) => prstatus(desc, gregs, 8, "little"),
  cpuNote: (name, _type, desc) => (name === "QEMU" ? qemuCpu(desc) : undefined),
  pte: {
    flags: PTE_FLAGS,
    isPresent: (entry) => (entry & (PAGE_PRESENT | PAGE_PROTNONE)) !== 0n,
    physical: (entry) => ((entry & PAGE_PRESENT) === 0n && entry !== 0n ? ~entry : entry) & PHYSICAL_MASK,
    swapEntries: (entry) => [
      // asm/pgtable_64.h: since the mitigation of L1TF (v4.18) the type is in the top bits and the offset is inverted.
      { type: Number(entry >> 59n), offset: BigInt.asUintN(64, ~entry << 5n) >> 14n },
      swapFields(entry, 9, 5, 14),
    ],
  },
  paging,
};

/**
 * Reads `QEMUCPUState` (QEMU target/i386/arch_dump.c): version and size, 18 general registers, ten segments of 24 bytes
 * (es, cs and so on, each with its base in the last 8), CR0 to CR4, and since version 1 kernel_gs_base after them.
 */
function qemuCpu(desc: Uint8Array): CpuState | undefined {
  const general = "rax rbx rcx rdx rsi rdi rsp rbp r8 r9 r10 r11 r12 r13 r14 r15 rip rflags".split(" ");
  const segments = "cs ds es fs gs ss ldt tr gdt idt".split(" ");
  const generalAt = 8;
  const segmentsAt = generalAt + general.length * 8;
  const controlAt = segmentsAt + segments.length * 24;
  const registers = registerRow(desc, generalAt, general, 8, "little");
  const control = registerRow(desc, controlAt, ["cr0", undefined, "cr2", "cr3", "cr4"], 8, "little");
  if (registers === undefined || control === undefined) return undefined;

  const view = viewOf(desc);
  segments.forEach((name, index) => {
    const at = segmentsAt + index * 24;
    registers.set(name, readUnsigned(view, at, 4, "little"));
    registers.set(`${name}_base`, readUnsigned(view, at + 16, 8, "little"));
  });
  for (const [name, value] of control) registers.set(name, value);
  const cr3 = control.get("cr3") ?? 0n;
  return { pid: undefined, registers, pageTableRoot: cr3 & PHYSICAL_MASK };
}

function paging(facts: LayoutFacts): Paging {
  const fiveLevels =
    facts.number("NUMBER(pgtable_l5_enabled)") === 1n ||
    (facts.text("OSRELEASE") === undefined && ((facts.controlRegisters.get("cr4") ?? 0n) & CR4_LA57) !== 0n);
  const virtualBits = fiveLevels ? 57 : 48;
  const encryption = facts.number("NUMBER(sme_mask)") ?? 0n;
  const levels = tableLevels(fiveLevels, PHYSICAL_MASK & ~encryption);

  const imageEnd = START_KERNEL_MAP + (facts.number("NUMBER(KERNEL_IMAGE_SIZE)") ?? KERNEL_IMAGE_SIZE);
  const rootAddress = ["init_top_pgt", "swapper_pg_dir", "init_level4_pgt"]
    .map((name) => facts.symbol(name))
    .find((address) => address !== undefined);
  const rootInImage = rootAddress === undefined ? undefined : rootAddress - START_KERNEL_MAP;
  const physBase = physicalBase(facts, rootInImage);
  const formula = rootInImage === undefined || physBase === undefined ? undefined : rootInImage + physBase;
  const lowest = BigInt.asUintN(64, -1n << BigInt(virtualBits - 1));

  return {
    kernelRoot: facts.pageTableRoot ?? formula,
    rootAddress,
    pageSize: 4096,
    linear: physBase === undefined ? [] : [imageRange(facts.symbol("_stext"), imageEnd, physBase)],
    imageWindow: { start: START_KERNEL_MAP, end: imageEnd, step: KERNEL_ALIGN },
    ...spacesFrom(lowest),
    walk(root, address, read, trail) {
      if (BigInt.asUintN(64, BigInt.asIntN(virtualBits, address)) !== address) {
        return Fault.at("unmapped", address, "not a canonical address");
      }
      return walkTables(levels, root & PHYSICAL_MASK & ~encryption, address, read, trail);
    },
    facts: new Map<string, bigint>([
      ["VA_BITS", BigInt(virtualBits)],
      ["page table levels", BigInt(levels.length)],
      ["sme_mask", encryption],
      ...(physBase === undefined ? [] : ([["phys_base", physBase]] as const)),
      ["kernel image window start", START_KERNEL_MAP],
      ["kernel image window end", imageEnd],
    ]),
  };
}

/**
 * Returns the physical address minus the offset in the image's mapping; negative if KASLR moved the image up by more
 * than its physical address.
 */
function physicalBase(facts: LayoutFacts, rootInImage: bigint | undefined): bigint | undefined {
  if (facts.pageTableRoot !== undefined && rootInImage !== undefined) return facts.pageTableRoot - rootInImage;
  return facts.number("NUMBER(phys_base)") ?? facts.physBase;
}

function imageRange(stext: bigint | undefined, end: bigint, physBase: bigint): LinearRange {
  const start = stext ?? START_KERNEL_MAP;
  return { name: "kernel image", start, end, physical: start - START_KERNEL_MAP + physBase };
}

function tableLevels(fiveLevels: boolean, physicalMask: bigint): readonly TableLevel[] {
  const level = (name: string, shift: number, page: "never" | "large" | "always"): TableLevel => {
    const pageBytes = 1n << BigInt(shift);
    // A large entry that is being split or migrated has PSE as its only present bit (pmd_present()).
    const present = {
      never: PAGE_PRESENT,
      large: PAGE_PRESENT | PAGE_PROTNONE | PAGE_PSE,
      always: PAGE_PRESENT | PAGE_PROTNONE,
    };
    return {
      name,
      shift,
      bits: 9,
      entryBytes: 8,
      decode(entry): PageTableEntry | undefined {
        if ((entry & present[page]) === 0n) return undefined;
        // Entries that the MMU must not use have an inverted frame number against L1TF (asm/pgtable-invert.h).
        const frame = ((entry & PAGE_PRESENT) === 0n ? ~entry : entry) & physicalMask;
        const isPage = page === "always" || (page === "large" && (entry & PAGE_PSE) !== 0n);
        return { physical: frame, pageBytes: isPage ? pageBytes : undefined };
      },
    };
  };
  return [
    level("PGD", fiveLevels ? 48 : 39, "never"),
    ...(fiveLevels ? [level("P4D", 39, "never")] : []),
    level("PUD", 30, "large"),
    level("PMD", 21, "large"),
    level("PTE", 12, "always"),
  ];
}
