import { Fault } from "../base/fault.ts";
import type { CType } from "../debuginfo/ctype.ts";
import type { SourceLine, VariableDeclaration } from "../debuginfo/source.ts";
import type { CodePlace, Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import type { Frame } from "./frame.ts";

/** An argument or a local of a frame. */
export interface FrameVariable {
  readonly name: string;
  readonly parameter: boolean;
  readonly type: CType;
  /** The value; or why it is not known here. */
  readonly value: Obj | Fault;
  readonly declared: SourceLine | undefined;
  /** The value was not kept, but follows from what the caller did. */
  readonly inferred: boolean;
}

/** Arguments and locals that are in scope at a frame's place, innermost block first. */
export function frameVariables(_kernel: Kernel, _frame: Frame, place: CodePlace): readonly FrameVariable[] {
  return place.variables().map((variable) => valued(variable));
}

function valued({ name, parameter, type, declared }: VariableDeclaration): FrameVariable {
  return { name, parameter, type, value: Fault.of("unknown", "optimized out"), declared, inferred: false };
}
