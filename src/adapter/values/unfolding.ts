/** Entries of the Variables view and their children. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { bare, type CType, unqualified } from "../../debuginfo/ctype.ts";
import type { SourceLine } from "../../debuginfo/source.ts";
import type { Contained } from "../../linux/containers.ts";
import type { Obj } from "../../model/object.ts";
import { typeName } from "../../model/typeName.ts";

/** An entry of the Variables view before it becomes a DAP variable. */
export interface VariableEntry {
  readonly name: string;
  /** The value, or the fault that is shown instead. */
  readonly value: Obj | Fault | string;
  /** C expression of the value. Undefined if there is none. */
  readonly expression?: string | undefined;
  /** Expression for access to its members, if no operator can follow `expression` (`runqueues:0`). */
  readonly reach?: string | undefined;
  /** The type of its elements, for a known list, tree or array of pointers. */
  readonly contained?: Contained | undefined;
  /** Children of an entry that is not an object, or that has more children than its C type. */
  readonly unfolding?: Unfolding | undefined;
  /** Text of the value, instead of the object's summary. */
  readonly text?: string | undefined;
  /** Text in parentheses after the value. */
  readonly remark?: string | undefined;
  /** Address for "View Memory", if the object has none. */
  readonly address?: bigint | undefined;
  readonly declared?: SourceLine | undefined;
  readonly hint?: DebugProtocol.VariablePresentationHint | undefined;
}

/** Something with children in the Variables view. Both generators are lazy and may throw a Fault. */
export interface Unfolding {
  /** Number of elements, if it is known without walking them. */
  readonly count?: number | undefined;
  /** Remark about the value that only its children reveal. */
  readonly remark?: string | undefined;
  /** Yields members and other named children. */
  named(): Iterable<VariableEntry>;
  /** Yields at most `count` elements of an array, beginning with `start`. */
  indexed?(start: number, count: number): Iterable<VariableEntry>;
}

/** Yields the entries before a fault, then the fault as an entry. */
export function* untilFault(entries: Iterable<VariableEntry>): Generator<VariableEntry> {
  const walk = entries[Symbol.iterator]();
  for (;;) {
    const step = attempt(() => walk.next());
    if (step instanceof Fault) {
      yield { name: "…", value: step };
      return;
    }
    if (step.done) return;
    yield step.value;
  }
}

/**
 * Returns the C expression `*(T *)0xADDRESS` for an object in memory; undefined if C has no name for its type, or the
 * object is not in memory.
 */
export function kernelExpression({ type, storage, kernel }: Obj): string | undefined {
  if (storage.kind !== "memory" || !isNamed(type)) return undefined;
  const pointer = typeName({ kind: "pointer", target: unqualified(type), size: kernel.arch.wordSize });
  return `*(${pointer})${hex0x(storage.address)}`;
}

/** Whether C has a name for the type. */
function isNamed(type: CType): boolean {
  const at = bare(type);
  if (at.kind === "array") return isNamed(at.element);
  if (at.kind === "pointer") return isNamed(at.target);
  return !("name" in at) || at.name !== undefined;
}
