/** Typed C objects in a dump. */
import { type ByteOrder, bytesOf, cString, readUnsigned, viewOf } from "../base/bytes.ts";
import { Fault } from "../base/fault.ts";
import { bare, sizeOf, type CType, type Member } from "../debuginfo/ctype.ts";
import type { Kernel } from "./kernel.ts";
import { findMember, parsePath } from "./member.ts";
import { type BitField, elementOffset, hasPath, notIndexable, routeOf, structName } from "./route.ts";

/** Where an object's bits are. */
export type Storage =
  | { readonly kind: "memory"; readonly address: bigint }
  /** An rvalue: a register, a constant, a computed number; in the machine's byte order. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array };

/** Maximum size of an object in bytes; larger sizes mean damaged type information. */
const MAX_OBJECT_BYTES = 64 << 20;

/** Maximum size of a number in bytes: `__int128`. */
const MAX_SCALAR_BYTES = 16;

/** Maximum size in bytes of text without a known length: the target of a pointer, or a flexible array. */
const MAX_TEXT = 4096;

const VOID_TYPE: CType = { kind: "void" };

/**
 * A typed C object in a dump, similar to drgn's: cheap to create, read when needed. Members are reached through
 * pointers like C's `->`, so that `task.at("mm.pgd")` works.
 *
 * `T` is the C type for the compiler: a helper that takes an `Obj<"struct slab">` rejects an `Obj<"struct page">`. The
 * type of a member depends on the dump, so that `at` returns an `Obj<string>`, which is accepted everywhere. `as`
 * converts an object to another C type.
 */
export class Obj<T extends string = string> {
  /**
   * Exists only for the compiler, which compares parameters of methods in both directions: `Obj<string>` and
   * `Obj<"struct page">` can be assigned to each other, `Obj<"struct page">` and `Obj<"struct slab">` cannot.
   */
  declare readonly cType: { of(type: T): void }["of"] | undefined;
  readonly kernel: Kernel;
  readonly type: CType;
  readonly storage: Storage;
  private readonly bits: BitField | undefined;

  constructor(kernel: Kernel, type: CType, storage: Storage, bits?: BitField) {
    this.kernel = kernel;
    this.type = type;
    this.storage = storage;
    this.bits = bits;
  }

  /** Address of the object. @throws Fault unknown for an rvalue */
  get address(): bigint {
    if (this.storage.kind === "memory") return this.storage.address;
    throw Fault.of("unknown", "a computed value has no address");
  }

  get bitField(): BitField | undefined {
    return this.bits;
  }

  get size(): number {
    return sizeOf(this.type);
  }

  /**
   * Returns a member by path: `"comm"`, `"mm.pgd"`, `"mem[3].size"`. Follows pointers on the way. @throws Fault unknown
   * when the type has no such member; faults of the pointers read
   */
  at(path: string): Obj {
    if (this.storage.kind === "bytes") return this.partOfValue(path);
    const { hops, offset, type, bits, fault } = routeOf(this.type, path);
    let { address } = this.storage;
    for (const hop of hops) address = this.unsigned(this.wrapped(address + hop.offset), hop.size);
    if (fault) throw fault;
    return new Obj(this.kernel, type, this.placed(address + offset), bits);
  }

  /** Implements `at` for an rvalue: reads its own bytes until a pointer leads to memory. */
  private partOfValue(path: string): Obj {
    return parsePath(path).reduce<Obj>(
      (object, step) => (typeof step === "number" ? object.index(step) : object.member(step)),
      this,
    );
  }

  private member(name: string): Obj {
    const object = bare(this.type).kind === "pointer" ? this.deref() : this;
    const type = bare(object.type);
    const found = type.kind === "struct" || type.kind === "union" ? findMember(type, name) : undefined;
    if (!found) throw Fault.of("unknown", `${structName(type)} has no member ${name}`);
    const { type: memberType, bitSize } = found.member;
    return object.part({ type: memberType, bitSize, bitOffset: found.bitOffset });
  }

  /** Returns a member declared by this object's own type. */
  part({ type, bitOffset, bitSize }: Pick<Member, "type" | "bitOffset" | "bitSize">): Obj {
    if (bitSize === undefined) return this.slice(type, Math.floor(bitOffset / 8));
    return new Obj(this.kernel, type, this.storage, { offset: bitOffset, size: bitSize });
  }

  /** Whether all members of a path exist. Reads nothing. */
  has(path: string): boolean {
    return hasPath(this.type, path);
  }

  /** Returns an element of an array, or of a pointer's target. Not bounded by the array's length, as in C. */
  index(i: number): Obj {
    const type = bare(this.type);
    if (type.kind === "array") return this.slice(type.element, elementOffset(i, type.element));
    if (type.kind !== "pointer") throw notIndexable(type);
    return new Obj(this.kernel, type.target, this.placed(this.value() + BigInt(elementOffset(i, type.target))));
  }

  /** Returns the target of a pointer. @throws Fault when the pointer cannot be read, or the object is not a pointer */
  deref(): Obj {
    return this.index(0);
  }

  private slice(type: CType, offset: number): Obj {
    if (this.storage.kind === "memory")
      return new Obj(this.kernel, type, this.placed(this.storage.address + BigInt(offset)));
    return new Obj(this.kernel, type, { kind: "bytes", bytes: this.storage.bytes.subarray(offset) });
  }

  private placed(address: bigint): Storage {
    return { kind: "memory", address: this.wrapped(address) };
  }

  /** Wraps an address at the machine's word size. */
  private wrapped(address: bigint): bigint {
    return BigInt.asUintN(this.kernel.arch.wordSize * 8, address);
  }

  /** Returns the same bytes as another type. */
  as<To extends string>(type: To | CType): Obj<To> {
    return new Obj(this.kernel, typeof type === "string" ? this.kernel.types.named(type) : type, this.storage);
  }

  /** Returns the object of `type` that contains this object as its `member` (a path). */
  containerOf<To extends string>(type: To | CType, member: string): Obj<To> {
    const outer = typeof type === "string" ? this.kernel.types.named(type) : type;
    const offset = new Obj(this.kernel, outer, { kind: "memory", address: 0n }).at(member).address;
    return new Obj(this.kernel, outer, this.placed(this.address - offset));
  }

  /** Returns the object's bytes in the machine's byte order. @throws Fault */
  bytes(length = this.size): Uint8Array {
    if (length > MAX_OBJECT_BYTES)
      throw Fault.of(
        "corrupt",
        `object size ${length} exceeds the limit of ${MAX_OBJECT_BYTES} bytes; the type information is probably damaged`,
      );
    if (this.storage.kind === "memory") return this.kernel.memory.read(this.storage.address, length);
    if (this.storage.bytes.length < length) throw Fault.of("corrupt", "the value has fewer bytes than its type");
    return this.storage.bytes.subarray(0, length);
  }

  /** Returns an integer, enum, bool, pointer or bit-field as a number with the sign of its type. @throws Fault */
  value(): bigint {
    const type = bare(this.type);
    if (type.kind !== "int" && type.kind !== "pointer" && type.kind !== "enum")
      throw Fault.of("unknown", `${structName(type)} is not a number`);
    const isSigned = type.kind !== "pointer" && type.signed;
    if (this.bits) return this.bitValue(this.bits, isSigned);
    const raw =
      this.storage.kind === "memory"
        ? this.unsigned(this.storage.address, type.size)
        : readUnsigned(viewOf(this.bytes(scalarSize(type.size))), 0, type.size, this.kernel.arch.byteOrder);
    return isSigned ? BigInt.asIntN(type.size * 8, raw) : raw;
  }

  /** Reads a number in memory. @throws Fault */
  private unsigned(address: bigint, size: number): bigint {
    const { memory, arch } = this.kernel;
    if (size === 8) return memory.u64(address);
    if (size === 4) return BigInt(memory.u32(address));
    if (size === 1) return BigInt(memory.u8(address));
    if (size === 2) return BigInt(memory.u16(address));
    return readUnsigned(viewOf(memory.read(address, scalarSize(size))), 0, size, arch.byteOrder);
  }

  private bitValue({ offset, size }: BitField, signed: boolean): bigint {
    const first = Math.floor(offset / 8);
    const count = Math.floor((offset + size - 1) / 8) - first + 1;
    if (size > MAX_SCALAR_BYTES * 8)
      throw Fault.of(
        "corrupt",
        `bit-field size ${size} exceeds the limit of ${MAX_SCALAR_BYTES * 8} bits; the type information is probably damaged`,
      );
    const bytes = this.slice(VOID_TYPE, first).bytes(count);
    const order = this.kernel.arch.byteOrder;
    const unit = readUnsigned(viewOf(bytes), 0, count, order);
    const shift = order === "little" ? offset & 7 : count * 8 - (offset & 7) - size;
    const raw = BigInt.asUintN(size, unit >> BigInt(shift));
    return signed ? BigInt.asIntN(size, raw) : raw;
  }

  /** Returns `value()` as a number, for values of up to 53 bits: counters, flags, small enums. @throws Fault */
  number(): number {
    if (this.storage.kind === "memory" && this.bits === undefined) {
      const type = bare(this.type);
      // Most numbers are `int`, for which no bigint is made.
      if (type.kind === "int" && type.size === 4) {
        const word = this.kernel.memory.u32(this.storage.address);
        return type.signed ? word | 0 : word;
      }
    }
    return Number(this.value());
  }

  /**
   * Returns the text of a `char[N]`, or the text at a `char *` or in a flexible `char[]` (at most 4096 bytes). @throws
   * Fault
   */
  text(): string {
    const type = bare(this.type);
    if (type.kind === "pointer") return this.kernel.memory.cString(this.value(), MAX_TEXT);
    if (type.kind === "array" && this.size === 0) return this.kernel.memory.cString(this.address, MAX_TEXT);
    return cString(this.bytes());
  }

  /** Yields the elements of an array; none for an array without a known length and for other types. */
  *elements(): Generator<Obj> {
    const type = bare(this.type);
    if (type.kind !== "array") return;
    for (let i = 0; i < (type.count ?? 0); i++) yield this.index(i);
  }
}

/** Checks the size of a number. @throws Fault corrupt for an impossible size */
function scalarSize(size: number): number {
  if (size > MAX_SCALAR_BYTES)
    throw Fault.of(
      "corrupt",
      `number size ${size} exceeds the limit of ${MAX_SCALAR_BYTES} bytes; the type information is probably damaged`,
    );
  return size;
}

/** Returns the bytes of a scalar type with `value`, cut to its size as in C's conversions. */
export const valueBytes = (type: CType, value: bigint, order: ByteOrder): Uint8Array =>
  bytesOf(value, Math.min(sizeOf(type), MAX_SCALAR_BYTES), order);
