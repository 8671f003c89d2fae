/** The binary format of BTF. */
import { type ByteOrder, viewOf } from "../../base/bytes.ts";
import { Fault } from "../../base/fault.ts";

/** Kinds of types. Source: include/uapi/linux/btf.h. */
export const BTF_KIND_INT = 1;
export const BTF_KIND_PTR = 2;
export const BTF_KIND_ARRAY = 3;
export const BTF_KIND_STRUCT = 4;
export const BTF_KIND_UNION = 5;
export const BTF_KIND_ENUM = 6;
export const BTF_KIND_FWD = 7;
export const BTF_KIND_TYPEDEF = 8;
export const BTF_KIND_VOLATILE = 9;
export const BTF_KIND_CONST = 10;
export const BTF_KIND_RESTRICT = 11;
export const BTF_KIND_FUNC = 12;
export const BTF_KIND_FUNC_PROTO = 13;
export const BTF_KIND_VAR = 14;
export const BTF_KIND_DATASEC = 15;
export const BTF_KIND_FLOAT = 16;
export const BTF_KIND_DECL_TAG = 17;
export const BTF_KIND_TYPE_TAG = 18;
export const BTF_KIND_ENUM64 = 19;

const BTF_MAGIC = 0xeb9f;
const BTF_VERSION = 1;
/** `sizeof(struct btf_header)` before 7.1 added the layout section. */
const HEADER_BYTES = 24;
const LAYOUT_HEADER_BYTES = 32;
/** `sizeof(struct btf_type)`. */
export const TYPE_BYTES = 12;

/** Bytes after `struct btf_type` by kind: a fixed part, and a part for each of `vlen` elements. */
interface KindLayout {
  readonly fixed: number;
  readonly element: number;
}
const layouts: readonly (KindLayout | undefined)[] = [
  undefined,
  { fixed: 4, element: 0 }, // INT
  { fixed: 0, element: 0 }, // PTR
  { fixed: 12, element: 0 }, // ARRAY
  { fixed: 0, element: 12 }, // STRUCT
  { fixed: 0, element: 12 }, // UNION
  { fixed: 0, element: 8 }, // ENUM
  { fixed: 0, element: 0 }, // FWD
  { fixed: 0, element: 0 }, // TYPEDEF
  { fixed: 0, element: 0 }, // VOLATILE
  { fixed: 0, element: 0 }, // CONST
  { fixed: 0, element: 0 }, // RESTRICT
  { fixed: 0, element: 0 }, // FUNC
  { fixed: 0, element: 8 }, // FUNC_PROTO
  { fixed: 4, element: 0 }, // VAR
  { fixed: 0, element: 12 }, // DATASEC
  { fixed: 0, element: 0 }, // FLOAT
  { fixed: 4, element: 0 }, // DECL_TAG
  { fixed: 0, element: 0 }, // TYPE_TAG
  { fixed: 0, element: 12 }, // ENUM64
];

/**
 * The bytes of one BTF blob: offsets of its types, and its strings. Source of the format: Documentation/bpf/btf.rst and
 * include/uapi/linux/btf.h.
 */
export interface BtfTable {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly little: boolean;
  readonly byteOrder: ByteOrder;
  /** Offset of `struct btf_type` in `bytes` for each type in order; the first has the id `firstId` of the reader. */
  readonly starts: Int32Array;
  readonly stringsStart: number;
  readonly stringsLength: number;
  /**
   * Whether any BTF_KIND_ENUM is marked as signed (kind_flag). Only then is an enum without the mark unsigned. pahole
   * marks signed enums since Linux 6.0.
   */
  readonly marksSignedEnums: boolean;
}

/**
 * Reads the header and the offsets of all types. @throws Fault corrupt or truncated when the blob is not BTF, or its
 * parts are outside it
 */
export function readBtfTable(bytes: Uint8Array): BtfTable {
  if (bytes.length < HEADER_BYTES) throw Fault.of("truncated", `BTF of ${bytes.length} bytes has no header`);
  const view = viewOf(bytes);
  const little = view.getUint16(0, true) === BTF_MAGIC;
  if (!little && view.getUint16(0, false) !== BTF_MAGIC) throw Fault.of("corrupt", "BTF has no magic number");
  const version = bytes[2];
  if (version !== BTF_VERSION) throw Fault.of("corrupt", `BTF version ${version} is not known`);
  const headerBytes = view.getUint32(4, little);
  const section = (at: number): { start: number; length: number } => {
    const start = headerBytes + view.getUint32(at, little);
    const length = view.getUint32(at + 4, little);
    if (start + length > bytes.length) throw Fault.of("truncated", "BTF sections exceed its size; the BTF is damaged");
    return { start, length };
  };
  const types = section(8);
  const strings = section(16);
  const layout = headerBytes >= LAYOUT_HEADER_BYTES && bytes.length >= LAYOUT_HEADER_BYTES ? section(24) : undefined;
  if (strings.length > 0 && bytes[strings.start + strings.length - 1] !== 0)
    throw Fault.of("corrupt", "the last BTF string has no end; the BTF is damaged");
  const kinds = layout ? withLayout(bytes, layout.start, layout.length) : layouts;
  const index = indexTypes(view, little, types.start, types.length, kinds);
  const byteOrder = little ? "little" : "big";
  return { bytes, view, little, byteOrder, ...index, stringsStart: strings.start, stringsLength: strings.length };
}

/**
 * Returns the sizes of all kinds. Those of unknown ones are from `struct btf_layout` (7.1), so that types of these
 * kinds can be skipped.
 */
function withLayout(bytes: Uint8Array, start: number, length: number): (KindLayout | undefined)[] {
  const kinds = [...layouts];
  for (let kind = layouts.length; kind < Math.min(length / 4, 128); kind++) {
    kinds[kind] = { fixed: bytes[start + kind * 4] ?? 0, element: bytes[start + kind * 4 + 1] ?? 0 };
  }
  return kinds;
}

function indexTypes(
  view: DataView,
  little: boolean,
  start: number,
  length: number,
  kinds: readonly (KindLayout | undefined)[],
): { starts: Int32Array; marksSignedEnums: boolean } {
  const starts = new Int32Array(Math.floor(length / TYPE_BYTES));
  const end = start + length;
  let count = 0;
  let marksSignedEnums = false;
  let at = start;
  while (at + TYPE_BYTES <= end) {
    const info = view.getUint32(at + 4, little);
    const layout = kinds[kindOf(info)];
    if (!layout) throw Fault.of("corrupt", `BTF type ${count + 1} has the unknown kind ${kindOf(info)}`);
    if (info >>> 31 && kindOf(info) === BTF_KIND_ENUM) marksSignedEnums = true;
    starts[count++] = at;
    at += TYPE_BYTES + layout.fixed + layout.element * lengthOf(info);
  }
  if (at !== end) throw Fault.of("corrupt", `BTF type ${count} exceeds the type section; the BTF is damaged`);
  return { starts: starts.slice(0, count), marksSignedEnums };
}

/** Returns the kind in `btf_type.info`: bits 24-30 (24-28 before 7.1, the others 0). */
export const kindOf = (info: number): number => (info >>> 24) & 0x7f;
/** Returns the number of elements in `btf_type.info`: bits 0-23 (0-15 before 7.1, the others 0). */
export const lengthOf = (info: number): number => info & 0xffffff;
