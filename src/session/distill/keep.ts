/** Reads ranges of the kernel's memory so that they are recorded. */
import { attempt, Fault } from "../../base/fault.ts";
import { bare } from "../../debuginfo/ctype.ts";
import type { Recording } from "../../dump/recording.ts";
import type { AddressSpace } from "../../memory/memory.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";

const PAGE = 4096n;
/** Maximum size of a range in bytes, because a damaged size must not read everything. */
const MAX_BYTES = 1 << 30;
/** Maximum number of elements of an array of texts. */
const MAX_TEXTS = 4096;
/** Maximum length of a text in bytes. */
const TEXT_BYTES = 256;

/** Reads a range; pages that the dump does not contain are skipped. */
export function keep(memory: AddressSpace, address: bigint, length: number): void {
  forEachPage(address, length, (at, count) => attempt(() => memory.read(at, count)));
}

export const keepObject = (object: Obj): void => keep(object.kernel.memory, object.address, object.size);

/** Records the pages of a range as present, with no byte of them. */
export function touch(kernel: Kernel, recording: Recording, address: bigint, length: number): void {
  const { pageSize } = recording.image;
  forEachPage(address, length, (at) => {
    const place = kernel.memory.translate(at);
    if (!(place instanceof Fault)) recording.touch(Number(place.physical / BigInt(pageSize)));
  });
}

/** Memory of which bytes can be erased. */
export interface Erasable {
  readonly image: Pick<Recording["image"], "pageSize">;
  /** Sets bytes of a page to zero. */
  erase(pfn: number, from: number, length: number): void;
}

/** Erases the bytes of a range. */
export function eraseRange(kernel: Kernel, recording: Erasable, address: bigint, length: number): void {
  const pageSize = BigInt(recording.image.pageSize);
  forEachPage(address, length, (at, count) => {
    const place = kernel.memory.translate(at);
    if (place instanceof Fault) return;
    recording.erase(Number(place.physical / pageSize), Number(place.physical % pageSize), count);
  });
}

/**
 * Reads a variable. Of an array of pointers, or of structs with pointers, also reads the texts to which these point.
 */
export function keepStrings(kernel: Kernel, variable: Obj): void {
  keepObject(variable);
  const texts = (object: Obj): void => {
    const type = bare(object.type);
    if (type.kind === "pointer") attempt(() => kernel.memory.cString(object.value(), TEXT_BYTES));
    if (type.kind === "struct") for (const { name } of type.members) if (name !== undefined) texts(object.at(name));
  };
  if (bare(variable.type).kind !== "array") return;
  let left = MAX_TEXTS;
  for (const element of variable.elements()) if (left-- > 0) texts(element);
}

function forEachPage(address: bigint, length: number, use: (at: bigint, count: number) => unknown): void {
  const end = address + BigInt(Math.max(0, Math.min(length, MAX_BYTES)));
  for (let at = address; at < end;) {
    const next = (at | (PAGE - 1n)) + 1n;
    const until = next < end ? next : end;
    use(at, Number(until - at));
    at = until;
  }
}
