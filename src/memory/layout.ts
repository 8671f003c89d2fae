/** Facts of a kernel's memory layout that the machines' paging code needs. */
import type { Arch, CpuState, LayoutFacts, Paging, Registers } from "../arch/arch.ts";
import type { DumpImage, Note } from "../dump/format.ts";
import type { Vmcoreinfo } from "./vmcoreinfo.ts";

/** Facts about a kernel besides its VMCOREINFO. */
export interface KnownLayout {
  readonly pageSize: number;
  readonly physBase?: bigint | undefined;
  readonly pageTableRoot?: bigint | undefined;
  readonly controlRegisters?: Registers;
}

/** Returns the facts of a VMCOREINFO and of `known`. The page size of VMCOREINFO has precedence. */
export function layoutFacts(vmcoreinfo: Vmcoreinfo | undefined, known: KnownLayout): LayoutFacts {
  const own = Number(vmcoreinfo?.number("PAGESIZE") ?? 0n);
  return {
    text: (key) => vmcoreinfo?.text(key),
    number: (key) => vmcoreinfo?.number(key),
    symbol: (name) => vmcoreinfo?.symbol(name),
    pageSize: isPageSize(own) ? own : known.pageSize,
    physBase: known.physBase,
    pageTableRoot: known.pageTableRoot,
    controlRegisters: known.controlRegisters ?? new Map(),
  };
}

const isPageSize = (size: number): boolean => [4096, 8192, 16384, 32768, 65536].includes(size);

/**
 * Returns the physical address of the root table according to program headers that map virtual addresses
 * (/proc/vmcore); undefined if none maps it.
 */
export function rootBySegments(image: DumpImage, paging: Paging): bigint | undefined {
  const address = paging.rootAddress;
  if (address === undefined) return undefined;
  const segment = image.segments.find(
    // QEMU without paging writes physical addresses into both fields.
    (one) => one.virtual !== one.physical && address >= one.virtual && address < one.virtual + one.memorySize,
  );
  return segment === undefined ? undefined : segment.physical + (address - segment.virtual);
}

const NT_PRSTATUS = 1;

/** Whether a note has the general registers of a CPU. */
export const isPrstatus = (note: Note): boolean => note.name === "CORE" && note.type === NT_PRSTATUS;

/** Returns the registers of the CPUs' notes in file order. A CPU that saved none has no entry. */
export function cpuStates(
  { notes, byteOrder }: Pick<DumpImage, "notes" | "byteOrder">,
  arch: Arch,
): readonly CpuState[] {
  const general = notes.filter(isPrstatus).map(({ desc }) => arch.prstatus(desc, byteOrder));
  const further = notes.flatMap((note) => {
    const state = isPrstatus(note) ? undefined : arch.cpuNote?.(note.name, note.type, note.desc);
    return state === undefined ? [] : [state];
  });
  if (further.length === 0 && notes.filter(isPrstatus).every(isEmpty)) return [];
  // A second kind of note belongs to the CPU at the same index, because it does not contain a CPU number.
  const isPaired = further.length === general.length;
  return general.flatMap((state, index) =>
    state === undefined ? [] : [isPaired ? mergedCpuState(state, further[index]) : state],
  );
}

/** Whether a note has no registers: that of /proc/kcore is of no CPU, and filled with zeros (fs/proc/kcore.c). */
const isEmpty = ({ desc }: Note): boolean => desc.every((byte) => byte === 0);

function mergedCpuState(state: CpuState, further: CpuState | undefined): CpuState {
  if (further === undefined) return state;
  return { ...further, ...state, registers: new Map([...further.registers, ...state.registers]) };
}
