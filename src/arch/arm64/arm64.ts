/** arm64: registers, paging, notes. */
import { Fault } from "../../base/fault.ts";
import { elf } from "./elf.ts";
import { hasFaultAddress, isWriteFault, syndromeText, trapName } from "./traps.ts";
import { arm64Effects } from "./effects.ts";
import { calleeSaves, callBefore, framePrologue, mayCall } from "./prologue.ts";
import type { Arch, LayoutFacts, Paging } from "../arch.ts";
import { layoutNumbers } from "../layoutNumbers.ts";
import { longDescriptorLevels } from "../longDescriptor.ts";
import { hasBits } from "../modes.ts";
import { prstatus } from "../notes.ts";
import { swapFields } from "../pte.ts";
import { walkTables } from "../walk.ts";

const numbered = Array.from({ length: 31 }, (_, index) => `x${index}`);
const registers = [...numbered, "sp", "pc", "pstate"];

/** Bit 55 selects the half of the address space, whatever tag or authentication code is above it. */
const SELECT_BIT = 55n;
/** Size in bytes of the linear range in which the kernel image is assumed to be; the image is smaller. */
const IMAGE_LIMIT = 1n << 28n;

/** Source: asm/pgtable-hwdef.h, asm/pgtable-prot.h. */
const PTE_NG = 1n << 11n;
const PTE_PXN = 1n << 53n;
const PTE_ADDRESS = 0x0000fffffffff000n;
const PTE_FLAGS = [
  ["VALID", 1n << 0n],
  ["USER", 1n << 6n],
  ["RDONLY", 1n << 7n],
  ["SHARED", 3n << 8n],
  ["AF", 1n << 10n],
  ["NG", PTE_NG],
  ["GP", 1n << 50n],
  ["WRITE", 1n << 51n],
  ["CONT", 1n << 52n],
  ["PXN", PTE_PXN],
  ["UXN", 1n << 54n],
  ["DIRTY", 1n << 55n],
  ["SPECIAL", 1n << 56n],
] as const;

/** Numbers of the layout in VMCOREINFO. */
const LAYOUT_KEYS = [
  "PHYS_OFFSET",
  "kimage_voffset",
  "MODULES_VADDR",
  "MODULES_END",
  "VMALLOC_START",
  "VMALLOC_END",
  "VMEMMAP_START",
  "VMEMMAP_END",
  "KERNELPACMASK",
];

export const arm64: Arch = {
  name: "arm64",
  elf,
  unameMachines: ["aarch64", "arm64"],
  byteOrder: "little",
  wordSize: 8,
  vmcoreinfoKeys: ["NUMBER(kimage_voffset)"],
  prstatusBytes: 392,
  decoder: { arch: "ARCH_ARM64", modes: ["MODE_ARM"], step: 4, longest: 4 },
  effects: arm64Effects,
  registers,
  pc: "pc",
  sp: "sp",
  framePointer: "x29",
  linkRegister: "x30",
  // Source: DWARF for the Arm 64-bit Architecture (AADWARF64), section 4.1.
  dwarfRegisters: [...numbered, "sp", "pc"],
  ptRegs: new Map([
    ...numbered.map((name, index) => [name, `regs[${index}]`] as const),
    ["sp", "sp"],
    ["pc", "pc"],
    ["pstate", "pstate"],
  ]),
  signedChar: false,
  sectionSizeBits: 30,
  mapsFromFirstFrame: true,
  // PSTATE.M is 0 at EL0.
  isUserMode: (registers) => hasBits(registers.get("pstate"), 0xfn, 0n),
  registerRows: [
    " PC   LR=x30   SP",
    "X29  X28  X27",
    "X26  X25  X24",
    "X23  X22  X21",
    "X20  X19  X18",
    "X17  X16  X15",
    "X14  X13  X12",
    "X11  X10   X9",
    " X8   X7   X6",
    " X5   X4   X3",
    " X2   X1   X0",
    "ORIG_X0  SYSCALLNO/8  PSTATE/8",
  ],
  calleeSaved: ["x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29"],
  argumentRegisters: ["x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"],
  resultRegister: "x0",
  interruptsEnabled: (registers) => {
    const state = registers.get("pstate");
    return state === undefined ? undefined : (state & 0x80n) === 0n;
  },
  // Addresses have at most 52 bits; the highest byte may be a tag.
  isCanonical: (address) => [0n, 0xfn].includes((address >> 52n) & 0xfn),
  unwindRules: ["trampoline", "entry record", "call frame information", "frame record"],
  recordRules: ["trampoline", "entry record", "frame record"],
  switchFrame: { kind: "in task", path: "thread.cpu_context", aliases: new Map([["fp", "x29"]]) },
  irqStackPointer: "bottom",
  trapName,
  errorText: (_type, code) => syndromeText(code),
  hasFaultAddress,
  isWriteFault,
  framePrologue,
  calleeSaves,
  callBefore,
  mayCall,
  threadSize: 16384,
  prstatus: (desc) => prstatus(desc, registers, 8, "little"),
  pte: {
    flags: PTE_FLAGS,
    // Software bits mark an invalid entry as present. Only user mappings have them (longDescriptor.ts).
    isPresent: (entry) => (entry & 1n) !== 0n || ((entry & PTE_NG) !== 0n && (entry & PTE_PXN) !== 0n),
    physical: (entry) => entry & PTE_ADDRESS,
    // asm/pgtable.h; moved in v5.19 and v6.11 to make room for other bits of the entry.
    swapEntries: (entry) => [
      swapFields(BigInt.asUintN(61, entry), 6, 5, 12),
      swapFields(BigInt.asUintN(58, entry), 3, 5, 8),
      swapFields(BigInt.asUintN(58, entry), 2, 6, 8),
    ],
  },
  paging,
};

function paging(facts: LayoutFacts): Paging {
  const pageShift = Math.log2(facts.pageSize);
  if (![12, 14, 16].includes(pageShift))
    throw Fault.of("corrupt", `arm64 cannot have pages of ${facts.pageSize} bytes`);
  const { configured, actual } = virtualBits(facts);
  const levels = longDescriptorLevels({
    pageShift,
    // With 64K pages the tables have the configured size even if the CPU supports fewer bits: the kernel gives the MMU
    // an offset into the root. With smaller pages it folds levels at boot.
    virtualBits: pageShift === 16 ? configured : actual,
    // Used only in 52-bit configurations with 4K or 16K pages, and only on CPUs that support it.
    lpa2: pageShift !== 16 && actual > 48,
  });

  const offset = facts.number("NUMBER(kimage_voffset)");
  const rootAddress = facts.symbol("swapper_pg_dir");
  const stext = facts.symbol("_stext");
  const formula =
    rootAddress === undefined || offset === undefined ? undefined : BigInt.asUintN(64, rootAddress - offset);
  const upper = BigInt.asUintN(64, -1n << BigInt(actual));
  const canonical = (address: bigint): bigint =>
    ((address >> SELECT_BIT) & 1n) === 1n ? BigInt.asUintN(64, address | upper) : BigInt.asUintN(actual, address);

  return {
    kernelRoot: facts.pageTableRoot ?? formula,
    rootAddress,
    pageSize: facts.pageSize,
    linear:
      stext === undefined || offset === undefined
        ? []
        : [
            {
              name: "kernel image",
              start: stext,
              end: stext + IMAGE_LIMIT,
              physical: BigInt.asUintN(64, stext - offset),
            },
          ],
    imageWindow: undefined,
    canonical,
    isKernelAddress: (address) => canonical(address) >= upper,
    isUserAddress: (address) => canonical(address) < upper,
    walk: (root, address, read, trail) => walkTables(levels, root, canonical(address), read, trail),
    facts: layoutNumbers(facts, actual, levels.length, LAYOUT_KEYS),
  };
}

/** Returns the configured and the actual width of virtual addresses in bits. @throws Fault unknown */
function virtualBits(facts: LayoutFacts): { configured: number; actual: number } {
  const plausible = (bits: bigint | undefined): number | undefined =>
    bits !== undefined && bits >= 36n && bits <= 52n ? Number(bits) : undefined;
  const configured = plausible(facts.number("NUMBER(VA_BITS)"));
  // Before Linux kernel commit bbdbc11804ff ("arm64/crash_core: Export TCR_EL1.T1SZ in vmcoreinfo") (in v5.9) the
  // actual width was the configured width.
  const t1sz = facts.number("NUMBER(TCR_EL1_T1SZ)");
  const actual = plausible(t1sz === undefined ? undefined : 64n - t1sz) ?? configured;
  if (actual === undefined) throw Fault.of("unknown", "VMCOREINFO lacks the width of virtual addresses (VA_BITS)");
  return { configured: configured ?? actual, actual };
}
