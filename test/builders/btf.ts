import type { ByteOrder } from "../../src/base/bytes.ts";

/** Writes BTF one type at a time; each method gives the new type's id. Ids and strings continue a base's when told. */
export class BtfBuilder {
  private readonly types: number[] = [];
  private readonly strings: number[] = [];
  private readonly firstString: number;
  private readonly order: ByteOrder;
  private nextId: number;

  constructor(options: { order?: ByteOrder; base?: { endId: number; stringsEnd: number } } = {}) {
    this.order = options.order ?? "little";
    this.nextId = options.base?.endId ?? 1;
    this.firstString = options.base?.stringsEnd ?? 0;
    if (!options.base) this.strings.push(0);
  }

  string(text: string): number {
    if (text === "") return 0;
    const at = this.firstString + this.strings.length;
    this.strings.push(...new TextEncoder().encode(text), 0);
    return at;
  }

  /** A type of any kind: `rest` are the words after `struct btf_type`. */
  raw(
    kind: number,
    name: string | number,
    length: number,
    flag: boolean,
    sizeOrId: number,
    rest: readonly number[] = [],
  ): number {
    const info = ((flag ? 0x80000000 : 0) | (kind << 24) | length) >>> 0;
    this.types.push(typeof name === "string" ? this.string(name) : name, info, sizeOrId, ...rest);
    return this.nextId++;
  }

  int(name: string, size: number, encoding = 0, bits = size * 8, offset = 0): number {
    return this.raw(1, name, 0, false, size, [(encoding << 24) | (offset << 16) | bits]);
  }
  pointer(target: number): number {
    return this.raw(2, "", 0, false, target);
  }
  array(element: number, index: number, count: number): number {
    return this.raw(3, "", 0, false, 0, [element, index, count]);
  }
  struct(
    name: string,
    size: number,
    members: readonly (readonly [name: string, type: number, offset: number])[],
    flag = false,
  ): number {
    return this.raw(4, name, members.length, flag, size, members.flatMap(([member, type, offset]) => [this.string(member), type, offset])); // prettier-ignore
  }
  union(
    name: string,
    size: number,
    members: readonly (readonly [name: string, type: number, offset: number])[],
  ): number {
    return this.raw(5, name, members.length, false, size, members.flatMap(([member, type, offset]) => [this.string(member), type, offset])); // prettier-ignore
  }
  enumeration(
    name: string,
    size: number,
    values: readonly (readonly [name: string, value: number])[],
    signed = false,
  ): number {
    return this.raw(6, name, values.length, signed, size, values.flatMap(([value, number]) => [this.string(value), number])); // prettier-ignore
  }
  forward(name: string, isUnion = false): number {
    return this.raw(7, name, 0, isUnion, 0);
  }
  typedef(name: string, target: number): number {
    return this.raw(8, name, 0, false, target);
  }
  constant(target: number): number {
    return this.raw(10, "", 0, false, target);
  }
  functionType(returns: number, parameters: readonly (readonly [name: string, type: number])[]): number {
    return this.raw(13, "", parameters.length, false, returns, parameters.flatMap(([name, type]) => [this.string(name), type])); // prettier-ignore
  }
  function(name: string, type: number): number {
    return this.raw(12, name, 1, false, type);
  }
  variable(name: string, type: number): number {
    return this.raw(14, name, 0, false, type, [1]);
  }
  enum64(name: string, values: readonly (readonly [name: string, value: bigint])[], signed = false): number {
    const words = values.flatMap(([value, number]) => [
      this.string(value),
      Number(BigInt.asUintN(32, number)),
      Number(BigInt.asUintN(32, number >> 32n)),
    ]);
    return this.raw(19, name, values.length, signed, 8, words);
  }

  /** The blob; with a `layout` the header of 7.1 and its table of `[info_sz, elem_sz]` by kind. */
  bytes(layout?: readonly (readonly [fixed: number, element: number])[]): Uint8Array {
    const little = this.order === "little";
    const headerBytes = layout ? 32 : 24;
    const typeBytes = this.types.length * 4;
    const layoutBytes = (layout?.length ?? 0) * 4;
    const bytes = new Uint8Array(headerBytes + typeBytes + layoutBytes + this.strings.length);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, 0xeb9f, little);
    view.setUint8(2, 1);
    const header = [headerBytes, 0, typeBytes, typeBytes + layoutBytes, this.strings.length];
    if (layout) header.push(typeBytes, layoutBytes);
    header.forEach((word, i) => view.setUint32(4 + i * 4, word, little));
    this.types.forEach((word, i) => view.setUint32(headerBytes + i * 4, word >>> 0, little));
    layout?.forEach(([fixed, element], i) => bytes.set([fixed, element], headerBytes + typeBytes + i * 4));
    bytes.set(this.strings, headerBytes + typeBytes + layoutBytes);
    return bytes;
  }
}
