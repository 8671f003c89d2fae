/** Names that an expression may use in a frame. */
import { frameScope } from "../../crash/language/frameScope.ts";
import type { Scope } from "../../model/expression/evaluate.ts";
import type { Obj } from "../../model/object.ts";
import type { FrameRow } from "../frames.ts";
import type { Target } from "../target.ts";

/** Returns the scope of a frame; of the first thread if no frame is selected. */
export function scopeOf({ kernel, threads }: Target, row: FrameRow | undefined): Scope {
  const scope = (): Scope => frameScope(kernel, row?.frame, row?.place, (row?.thread ?? threads.first()).task);
  return Object.assign((name: string) => scope()(name), {
    call: (name: string, values: readonly Obj[]) => scope().call?.(name, values),
  });
}
