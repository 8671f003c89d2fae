/** Reports that a session has no types. */
import { Fault } from "../../base/fault.ts";
import type { Context } from "./command.ts";

/** Returns why the session has no types, as a fault of one line; undefined if it has types. */
export function missingTypes({ kernel, session }: Context): Fault | undefined {
  if (kernel.types.sources.length > 0) return undefined;
  return Fault.of("unknown", session.limitations[0] ?? "no types: give a vmlinux with debuginfo");
}
