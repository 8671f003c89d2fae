/** Types of a kernel or a module from BTF. */
import { cString } from "../../base/bytes.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { withShape } from "../arrayShape.ts";
import { type CType, type EnumType, type TypeKind, VOID } from "../ctype.ts";
import * as kinds from "./btfTable.ts";
import { type BtfTable, kindOf, readBtfTable, TYPE_BYTES } from "./btfTable.ts";
import { decodeType } from "./btfType.ts";
import { nameHash, NameIndex } from "../symbols/nameIndex.ts";
import type { TypeSource } from "../source.ts";

/**
 * The BTF that a split BTF extends: it has the types and strings whose ids and offsets are below those of the split
 * BTF.
 */
export interface BtfBase {
  /** One more than the highest type id. */
  readonly endId: number;
  readonly stringsEnd: number;
  /** Returns the type with an id. @throws Fault corrupt for an id that does not exist */
  type(id: number): CType;
  string(offset: number): string;
  /** Returns offset and size in bits of an integer that does not fill its bytes; undefined for other types. */
  partialInt(id: number): { readonly bitOffset: number; readonly bitSize: number } | undefined;
}

/** Types of a kernel or, with a base, those that one module adds. Types of the base are looked up in the base. */
export interface Btf extends TypeSource, BtfBase {
  readonly firstId: number;
  /** Returns the lowest id of that kind and name and, if given, of that size in bytes. */
  idOf(kind: number, name: string, size?: number): number | undefined;
  /**
   * Returns kind, name, and size (or the id of the type referred to) of a type of this BTF, not of its base. @throws
   * Fault corrupt
   */
  header(id: number): { readonly kind: number; readonly name: string; readonly size: number };
  /** Returns the offset in bytes of each per-CPU variable from the start of the per-CPU section, by name. */
  perCpuOffsets(): ReadonlyMap<string, number>;
}

export interface BtfOptions {
  readonly base?: BtfBase;
  /** Size of a pointer in bytes, because BTF does not record it. Default: 8. */
  readonly pointerSize?: 4 | 8;
  /**
   * The DWARF of the same image, which has the dimensions of arrays that BTF lacks. Called again while it returns
   * undefined.
   */
  readonly declared?: () => Pick<TypeSource, "find" | "variable"> | undefined;
}

/** Maximum number of consecutive type tags; more means damage. */
const MAX_TAGS = 64;

/**
 * Maximum number of bytes of a name that are hashed, because a string of a damaged table can be as long as the table.
 */
const HASHED_BYTES = 128;

const kindNames = new Map<number, TypeKind>([
  [kinds.BTF_KIND_STRUCT, "struct"],
  [kinds.BTF_KIND_UNION, "union"],
  [kinds.BTF_KIND_ENUM, "enum"],
  [kinds.BTF_KIND_ENUM64, "enum"],
  [kinds.BTF_KIND_TYPEDEF, "typedef"],
  [kinds.BTF_KIND_INT, "int"],
]);

/**
 * Opens a BTF blob: `__start_BTF..__stop_BTF` of a kernel, `module.btf_data` or a `.BTF` section. Each type is decoded
 * once, when needed. @throws Fault corrupt or truncated
 */
export function openBtf(bytes: Uint8Array, options: BtfOptions = {}): Btf {
  return new BtfSource(readBtfTable(bytes), options);
}

class BtfSource implements Btf {
  readonly name = "BTF";
  readonly perCpuOnly = true;
  readonly firstId: number;
  readonly endId: number;
  readonly stringsEnd: number;
  readonly table: BtfTable;
  readonly pointerSize: number;
  private readonly base: BtfBase | undefined;
  private readonly firstString: number;
  private readonly types = new Map<number, CType>();
  private named: NameIndex | undefined;
  private symbolNames: NameIndex | undefined;
  private readonly dwarf: NonNullable<BtfOptions["declared"]>;
  /** Declarations of the DWARF used last, by kind and name. */
  private readonly known = new Map<string, CType | undefined>();
  private lastDwarf: ReturnType<NonNullable<BtfOptions["declared"]>>;

  constructor(table: BtfTable, { base, pointerSize = 8, declared = () => undefined }: BtfOptions) {
    this.table = table;
    this.base = base;
    this.pointerSize = pointerSize;
    this.dwarf = declared;
    this.firstId = base?.endId ?? 1;
    this.endId = this.firstId + table.starts.length;
    this.firstString = base?.stringsEnd ?? 0;
    this.stringsEnd = this.firstString + table.stringsLength;
  }

  type(id: number): CType {
    if (id === 0) return VOID;
    if (this.base && id < this.firstId) return this.base.type(id);
    let type = this.types.get(id);
    if (!type) this.types.set(id, (type = this.decode(id)));
    return type;
  }

  /** Decodes a type. Type tags have no meaning in C and are skipped. */
  private decode(id: number): CType {
    let at = id;
    for (let layer = 0; layer < MAX_TAGS; layer++) {
      if (at < this.firstId) return this.type(at);
      const { kind, size } = this.header(at);
      if (kind !== kinds.BTF_KIND_TYPE_TAG) return decodeType(this, this.startOf(at));
      at = size;
    }
    throw Fault.of("corrupt", `BTF type ${id} has more than ${MAX_TAGS} type tags; the BTF is damaged`);
  }

  /**
   * Returns a type, or the type of a variable, from the DWARF of the same image; undefined if that does not have it.
   */
  declared(kind: TypeKind | "variable", name: string): CType | undefined {
    const dwarf = this.dwarf();
    if (!dwarf) return undefined;
    if (dwarf !== this.lastDwarf) this.known.clear();
    this.lastDwarf = dwarf;
    const key = `${kind} ${name}`;
    if (!this.known.has(key)) {
      const found = attempt(() => (kind === "variable" ? dwarf.variable(name) : dwarf.find(kind, name)));
      this.known.set(key, found instanceof Fault ? undefined : found);
    }
    return this.known.get(key);
  }

  partialInt(id: number): { bitOffset: number; bitSize: number } | undefined {
    if (id < this.firstId) return this.base?.partialInt(id);
    const { kind, size } = this.header(id);
    if (kind !== kinds.BTF_KIND_INT) return undefined;
    const word = this.table.view.getUint32(this.startOf(id) + TYPE_BYTES, this.table.little);
    const bitSize = word & 0xff;
    return bitSize === size * 8 ? undefined : { bitOffset: (word >>> 16) & 0xff, bitSize };
  }

  /** Returns the offset of a type of this BTF in its table. */
  private startOf(id: number): number {
    const start = this.table.starts[id - this.firstId];
    if (start === undefined) throw Fault.of("corrupt", `BTF has no type ${id}`);
    return start;
  }

  string(offset: number): string {
    if (offset < this.firstString) return this.base?.string(offset) ?? "";
    if (offset >= this.stringsEnd) throw Fault.of("corrupt", `BTF has no string at ${offset}`);
    return cString(this.table.bytes, this.table.stringsStart + offset - this.firstString);
  }

  header(id: number): { kind: number; name: string; size: number } {
    const { view, little } = this.table;
    const start = this.startOf(id);
    return {
      kind: kindOf(view.getUint32(start + 4, little)),
      name: this.string(view.getUint32(start, little)),
      size: view.getUint32(start + 8, little),
    };
  }

  idOf(kind: number, name: string, size?: number): number | undefined {
    for (const id of this.idsNamed(name)) {
      const header = this.header(id);
      if (header.kind === kind && (size === undefined || header.size === size)) return id;
    }
    return undefined;
  }

  find(kind: TypeKind, name: string): CType | undefined {
    let declared: CType | undefined;
    for (const id of this.idsNamed(name)) {
      const header = this.header(id);
      const type =
        header.kind === kinds.BTF_KIND_FWD || kindNames.get(header.kind) === kind ? this.type(id) : undefined;
      if (type?.kind !== kind) continue;
      if (!("incomplete" in type && type.incomplete)) return type;
      declared ??= type;
    }
    return declared;
  }

  variable(name: string): CType | undefined {
    const type = this.typeOfSymbol(kinds.BTF_KIND_VAR, name);
    return type && withShape(type, () => this.declared("variable", name));
  }

  function(name: string): CType | undefined {
    return this.typeOfSymbol(kinds.BTF_KIND_FUNC, name);
  }

  /** Returns the type that a FUNC or VAR of that name refers to; undefined if none has it. */
  private typeOfSymbol(kind: number, name: string): CType | undefined {
    this.symbolNames ??= this.index((at) => at === kinds.BTF_KIND_FUNC || at === kinds.BTF_KIND_VAR);
    for (const id of this.candidates(this.symbolNames, name)) {
      const header = this.header(id);
      if (header.kind === kind && header.name === name) return this.type(header.size);
    }
    return undefined;
  }

  perCpuOffsets(): ReadonlyMap<string, number> {
    const offsets = new Map<string, number>();
    const { starts, view, little } = this.table;
    for (const start of starts) {
      const info = view.getUint32(start + 4, little);
      if (kindOf(info) !== kinds.BTF_KIND_DATASEC) continue;
      if (this.string(view.getUint32(start, little)) !== ".data..percpu") continue;
      // struct btf_var_secinfo: u32 type, offset, size.
      for (let i = 0; i < kinds.lengthOf(info); i++) {
        const at = start + TYPE_BYTES + i * 12;
        const id = view.getUint32(at, little);
        if (id < this.firstId || id >= this.endId) continue;
        const { name } = this.header(id);
        offsets.set(name, view.getUint32(at + 4, little));
      }
    }
    return offsets;
  }

  /**
   * Returns the enum with that constant; undefined if none has it. Scans all enums, which takes a few milliseconds for
   * a kernel; constants are looked up rarely.
   */
  enumerator(name: string): EnumType | undefined {
    const wanted = nameHash(new TextEncoder().encode(name), 0, HASHED_BYTES);
    const { starts, view, little } = this.table;
    for (const [i, start] of starts.entries()) {
      const info = view.getUint32(start + 4, little);
      const kind = kindOf(info);
      if (kind !== kinds.BTF_KIND_ENUM && kind !== kinds.BTF_KIND_ENUM64) continue;
      const element = kind === kinds.BTF_KIND_ENUM ? 8 : 12;
      for (let value = 0; value < kinds.lengthOf(info); value++) {
        const at = view.getUint32(start + TYPE_BYTES + value * element, little);
        if (this.hashAt(at) !== wanted || this.string(at) !== name) continue;
        const type = this.type(i + this.firstId);
        return type.kind === "enum" ? type : undefined;
      }
    }
    return undefined;
  }

  /** Returns the hash of the string at an offset. It does not decode the string if it is in this BTF. */
  private hashAt(offset: number): number {
    const isOwn = offset >= this.firstString && offset < this.stringsEnd;
    if (isOwn) return nameHash(this.table.bytes, this.table.stringsStart + offset - this.firstString, HASHED_BYTES);
    return nameHash(new TextEncoder().encode(this.string(offset)), 0, HASHED_BYTES);
  }

  *names(): Generator<{ kind: TypeKind; name: string }> {
    const { starts, view, little } = this.table;
    for (const start of starts) {
      const kind = kindNames.get(kindOf(view.getUint32(start + 4, little)));
      const name = view.getUint32(start, little);
      if (kind && name) yield { kind, name: this.string(name) };
    }
  }

  private *idsNamed(name: string): Generator<number> {
    this.named ??= this.index(
      (kind) => kindNames.has(kind) || kind === kinds.BTF_KIND_FWD || kind === kinds.BTF_KIND_FLOAT,
    );
    for (const id of this.candidates(this.named, name)) if (this.header(id).name === name) yield id;
  }

  private *candidates(index: NameIndex, name: string): Generator<number> {
    const wanted = new TextEncoder().encode(name);
    for (const at of index.candidates(nameHash(wanted, 0, HASHED_BYTES))) yield at + this.firstId;
  }

  /**
   * Indexes the names of the types of some kinds. Functions are half of all types and rarely looked up; thus they have
   * an index of their own.
   */
  private index(wanted: (kind: number) => boolean): NameIndex {
    const { starts, view, little } = this.table;
    const index = new NameIndex(starts.length);
    // Backwards, so that the lowest id of equal names is found first.
    for (let i = starts.length - 1; i >= 0; i--) {
      const start = starts[i] ?? 0;
      const name = view.getUint32(start, little);
      if (name === 0 || !wanted(kindOf(view.getUint32(start + 4, little)))) continue;
      index.add(this.hashAt(name), i);
    }
    return index;
  }
}
