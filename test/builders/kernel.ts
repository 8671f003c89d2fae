import type { Arch } from "../../src/arch/arch.ts";
import { x86_64 } from "../../src/arch/x86_64/x86_64.ts";
import { Fault } from "../../src/base/fault.ts";
import { bare, type CType } from "../../src/debuginfo/ctype.ts";
import type { KSymbol } from "../../src/debuginfo/source.ts";
import { declarations } from "../../src/linux/declarations.ts";
import { summaries } from "../../src/linux/printers.ts";
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
    types: typeIndex(arch, declarations, [declaredTypes(toy.types ?? "", arch)]),
    code: {
      scopes: () => [],
      cfi: () => undefined,
      orc: () => undefined,
      callSite: () => undefined,
      lineRange: () => undefined,
      statement: () => undefined,
      isText: (pc): boolean => /^t$/i.test(symbols.at(pc)?.type ?? ""),
      bias: () => 0n,
    },
    summaries,
    vmcoreinfo: (key) => toy.vmcoreinfo?.[key],
    cpuNotes: [],
    ...toy.parts,
  };
  const kernel: Kernel = assembleKernel(parts);
  const links = new Links(memory);
  const put = (type: string | CType, address: bigint, value: ToyValue): void => {
    store(memory, kernel.object(type, address), value, links);
    links.fillIn();
  };
  for (const entry of toy.memory ?? []) {
    if (entry.length === 3) store(memory, kernel.object(entry[0], entry[1]), entry[2], links);
    else store(memory, kernel.variable(entry[0]), entry[1], links);
  }
  links.fillIn();
  return Object.assign(kernel, { put, memory });
}

/** Members of nodes of lists: the one that leads to the next node, and the one that tells the node before. */
const LIST_NODES: Readonly<Record<string, readonly [forward: string, back: string | undefined]>> = {
  list_head: ["next", "prev"],
  hlist_node: ["next", "pprev"],
  hlist_head: ["first", undefined],
  hlist_nulls_head: ["first", undefined],
  hlist_nulls_node: ["next", "pprev"],
};

/** Fills in `prev` and `pprev` where a literal does not: a node is behind the first that leads to it. */
class Links {
  private readonly memory: ToyMemory;
  /** Nodes whose literal says what is before them. */
  private readonly told = new Set<bigint>();
  /** The node before, by node. */
  private readonly before = new Map<bigint, bigint>();
  private readonly next = new Map<bigint, bigint>();

  constructor(memory: ToyMemory) {
    this.memory = memory;
  }

  /** Sees a value before it is stored. */
  see({ type: declared, address }: Obj, value: ToyValue): void {
    const type = bare(declared);
    const members = type.kind === "struct" ? LIST_NODES[type.name ?? ""] : undefined;
    if (!members || typeof value !== "object" || Array.isArray(value) || value instanceof Uint8Array) return;
    const given = value as { readonly [member: string]: ToyValue };
    if (members[1] !== undefined && given[members[1]] !== undefined) this.told.add(address);
    else this.told.delete(address);
    const old = this.next.get(address);
    if (old !== undefined && this.before.get(old) === address) this.before.delete(old);
    const next = given[members[0]];
    if (typeof next !== "bigint" || (next & 1n) === 1n) return;
    this.next.set(address, next);
    if (!this.before.has(next)) this.before.set(next, address);
  }

  /** Everything was stored. */
  fillIn(): void {
    const { memory } = this;
    for (const [node, before] of this.before) {
      if (this.told.has(node) || memory.page(node) instanceof Fault) continue;
      const word = new Uint8Array(8);
      new DataView(word.buffer).setBigUint64(0, before, memory.byteOrder === "little");
      const bytes = memory.byteOrder === "little" ? word.subarray(0, memory.wordSize) : word.subarray(-memory.wordSize);
      memory.poke(node + BigInt(memory.wordSize), bytes);
    }
  }
}

function store(memory: ToyMemory, object: Obj, value: ToyValue, links: Links): void {
  const type = bare(object.type);
  links.see(object, value);
  // The whole of a struct or array is there, even where the literal says nothing.
  if (!object.bitField) memory.poke(object.address, new Uint8Array(object.size));
  if (value instanceof Uint8Array) memory.poke(object.address, value);
  else if (typeof value === "string" && type.kind === "pointer")
    memory.poke(allot(memory, object, value), encode(value));
  else if (typeof value === "string") memory.poke(object.address, encode(value).subarray(0, object.size || undefined));
  else if (Array.isArray(value))
    value.forEach((element: ToyValue, i) => store(memory, object.index(i), element, links));
  else if (typeof value === "object")
    for (const [member, inner] of Object.entries(value)) store(memory, object.at(member), inner, links);
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
  elf: { machine: 62, wordSize: 8 },
  unameMachines: ["x86_64"],
  byteOrder: "little",
  wordSize: 8,
  decoder: { bits: 64 },
  registers: [],
  signedChar: true,
  sectionSizeBits: 27,
  calleeSaved: x86_64.calleeSaved,
  unwindRules: x86_64.unwindRules,
  switchFrame: x86_64.switchFrame,
  irqStackPointer: "top",
  trapName: (entry) => x86_64.trapName(entry),
  isUserMode: (registers) => x86_64.isUserMode(registers),
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
  // A whole machine brings its own rows of registers, or none.
  ...(given?.registers ? {} : { registerRows: x86_64.registerRows ?? [] }),
  ...given,
});
