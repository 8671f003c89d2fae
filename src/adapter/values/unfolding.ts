import type { DebugProtocol } from "@vscode/debugprotocol";
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { bare, type CType, unqualified } from "../../debuginfo/ctype.ts";
import type { SourceLine } from "../../debuginfo/source.ts";
import type { Contained } from "../../linux/containers.ts";
import type { Obj } from "../../model/object.ts";
import { typeName } from "../../model/typeName.ts";

/** A row of the Variables view, before it is told to a client. */
export interface Entry {
  readonly name: string;
  /** The value; a Fault is shown in its place. */
  readonly value: Obj | Fault | string;
  /** C expression of the value; undefined where there is none. */
  readonly expression?: string | undefined;
  /** By what its members are reached, where no operator can follow `expression` (`runqueues:0`). */
  readonly reach?: string | undefined;
  /** What its elements are, when it is a list, a tree or an array of pointers that we know. */
  readonly contained?: Contained | undefined;
  /** Children of an entry that is no object, or that has more than C tells. */
  readonly unfolding?: Unfolding | undefined;
  /** The value's text instead of the object's own summary. */
  readonly text?: string | undefined;
  /** Stands behind the value in parentheses. */
  readonly remark?: string | undefined;
  /** For "View Memory" where the object does not tell. */
  readonly address?: bigint | undefined;
  readonly declared?: SourceLine | undefined;
  readonly hint?: DebugProtocol.VariablePresentationHint | undefined;
}

/** Something that unfolds in the Variables view. Both walks are lazy, and may end in a Fault thrown. */
export interface Unfolding {
  /** How many elements there are, where that is known without a walk. */
  readonly count?: number | undefined;
  /** What the value is, where only looking for its children tells. */
  readonly remark?: string | undefined;
  /** Members and other named children. */
  named(): Iterable<Entry>;
  /** Elements of an array from `start`, at most `count`. */
  indexed?(start: number, count: number): Iterable<Entry>;
}

/** The entries before a fault, then the fault as an entry of its own. */
export function* untilFault(entries: Iterable<Entry>): Generator<Entry> {
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

/** An expression for an object that was reached without one. */
export function kernelExpression({ type, storage, kernel }: Obj): string | undefined {
  if (storage.kind !== "memory" || !isNamed(type)) return undefined;
  const pointer = typeName({ kind: "pointer", target: unqualified(type), size: kernel.arch.wordSize });
  return `*(${pointer})${hex0x(storage.address)}`;
}

/** Whether C can write the type. */
function isNamed(type: CType): boolean {
  const at = bare(type);
  if (at.kind === "array") return isNamed(at.element);
  if (at.kind === "pointer") return isNamed(at.target);
  return !("name" in at) || at.name !== undefined;
}
