import type { Arch } from "../../src/arch/arch.ts";
import { bare, type CType } from "../../src/debuginfo/ctype.ts";
import type { KSymbol } from "../../src/debuginfo/source.ts";
import { assembleKernel, type KernelParts } from "../../src/model/assemble.ts";
import type { Kernel, Symbols } from "../../src/model/kernel.ts";
import { type Obj, valueBytes } from "../../src/model/object.ts";
import { typeIndex } from "../../src/model/typeIndex.ts";
import { generatedCode } from "../../src/unwind/generatedCode.ts";
import { declaredTypes } from "./declarations.ts";
import { ToyMemory } from "./memory.ts";

/** A C value in a literal: text fills `char[]`, or is allotted and pointed at; members not named stay zero. */
export type ToyValue =
  bigint | number | boolean | string | Uint8Array | readonly ToyValue[] | { readonly [member: string]: ToyValue };

export interface Toy {
  /** C text: types, and the types of variables and functions. */
  readonly types?: string;
  /** Addresses of symbols; text symbols are given whole. */
  readonly symbols?: { readonly [name: string]: bigint | (Partial<KSymbol> & { readonly address: bigint }) };
  /** Values at addresses: `["struct module", 0x1000n, { name: "ext4" }]`; or of variables: `["modules", { next: 0x1000n }]`. */
  readonly memory?: readonly (readonly [string, bigint, ToyValue] | readonly [string, ToyValue])[];
  readonly arch?: Pick<Arch, "name" | "byteOrder" | "wordSize"> & Partial<Arch>;
  readonly vmcoreinfo?: { readonly [key: string]: string };
  /** What the toy does not model: `code`, `cpuNotes`. */
  readonly parts?: Partial<KernelParts>;
}

export interface ToyKernel extends Kernel {
  readonly memory: ToyMemory;
  /** Writes a value of a type. */
  put(type: string | CType, address: bigint, value: ToyValue): void;
}

/** A kernel in a literal, for the tests of everything above `memory/`. Only what was put can be read. */
export function toyKernel(toy: Toy = {}): ToyKernel {
  const arch = toyArch(toy.arch);
  const memory = new ToyMemory("kernel", arch);
  const named = toySymbols(toy.symbols ?? {});
  const symbols: Symbols = { ...named, at: (address) => named.at(address) ?? generatedCode(kernel, address)?.symbol };
  const parts: KernelParts = {
    arch,
    memory,
    symbols,
    types: typeIndex(arch, [declaredTypes(toy.types ?? "", arch)]),
    code: {
      scopes: () => [],
      cfi: () => undefined,
      orc: () => undefined,
      callSite: () => undefined,
      isText: (pc): boolean => /^t$/i.test(symbols.at(pc)?.type ?? ""),
      bias: () => 0n,
    },
    vmcoreinfo: (key) => toy.vmcoreinfo?.[key],
    cpuNotes: [],
    ...toy.parts,
  };
  const kernel: Kernel = assembleKernel(parts);
  const put = (type: string | CType, address: bigint, value: ToyValue): void =>
    store(memory, kernel.object(type, address), value);
  for (const entry of toy.memory ?? []) {
    if (entry.length === 3) put(...entry);
    else store(memory, kernel.variable(entry[0]), entry[1]);
  }
  return Object.assign(kernel, { put, memory });
}

function store(memory: ToyMemory, object: Obj, value: ToyValue): void {
  const type = bare(object.type);
  // The whole of a struct or array is there, even where the literal says nothing.
  if (!object.bitField) memory.poke(object.address, new Uint8Array(object.size));
  if (value instanceof Uint8Array) memory.poke(object.address, value);
  else if (typeof value === "string" && type.kind === "pointer")
    memory.poke(allot(memory, object, value), encode(value));
  else if (typeof value === "string") memory.poke(object.address, encode(value).subarray(0, object.size || undefined));
  else if (Array.isArray(value)) value.forEach((element: ToyValue, i) => store(memory, object.index(i), element));
  else if (typeof value === "object")
    for (const [member, inner] of Object.entries(value)) store(memory, object.at(member), inner);
  else if (object.bitField) storeBits(memory, object, BigInt(value));
  else memory.poke(object.address, valueBytes(type, BigInt(value), memory.byteOrder));
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(`${text}\0`.replace(/\0\0$/, "\0"));

/** A place for a string, and the pointer to it stored. */
function allot(memory: ToyMemory, pointer: Obj, text: string): bigint {
  const address = memory.allot(encode(text).length);
  memory.poke(pointer.address, valueBytes(pointer.type, address, memory.byteOrder));
  return address;
}

function storeBits(memory: ToyMemory, object: Obj, value: bigint): void {
  const { offset, size } = object.bitField ?? { offset: 0, size: 0 };
  for (let i = 0; i < size; i++) {
    // Big-endian bit-fields count from the most significant bit.
    const bit = memory.byteOrder === "little" ? offset + i : offset + size - 1 - i;
    const at = object.address + BigInt(bit >> 3);
    const mask = memory.byteOrder === "little" ? 1 << (bit & 7) : 0x80 >> (bit & 7);
    const byte = memory.peek(at);
    memory.poke(at, Uint8Array.of((value >> BigInt(i)) & 1n ? byte | mask : byte & ~mask));
  }
}

function toySymbols(literal: NonNullable<Toy["symbols"]>): Symbols {
  const all = Object.entries(literal)
    .map(([name, symbol]): KSymbol => ({
      name,
      size: 0,
      type: "D",
      ...(typeof symbol === "bigint" ? { address: symbol } : symbol),
    }))
    .sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  const at = (address: bigint): KSymbol | undefined =>
    all.findLast(
      (symbol) => symbol.address <= address && (symbol.size === 0 || address < symbol.address + BigInt(symbol.size)),
    );
  return {
    find: (name) => all.find((symbol) => symbol.name === name),
    named: (name) => all.filter((symbol) => symbol.name === name),
    at,
    all: () => all,
    sources: ["toy"],
  };
}

const toyArch = (given: Toy["arch"]): Arch => ({
  name: "x86_64",
  elfMachine: 62,
  machines: ["x86_64"],
  byteOrder: "little",
  wordSize: 8,
  registers: [],
  pc: "rip",
  sp: "rsp",
  framePointer: "rbp",
  dwarfRegisters: [],
  ptRegs: new Map(),
  threadSize: 16384,
  prstatus: () => undefined,
  paging: () => {
    throw new Error("a toy does not page");
  },
  ...given,
});
