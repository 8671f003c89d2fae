/** Reports that a session has no types. */
import { Fault } from "../../base/fault.ts";
import type { Context } from "./command.ts";

/**
 * Returns the session's first limitation as a fault of one line if the session has no types; undefined if it has types.
 * Missing symbols come before missing types, because they are the reason.
 */
export function missingTypes({ kernel, session }: Context): Fault | undefined {
  if (kernel.types.sources.length > 0) return undefined;
  return Fault.of("unknown", session.limitations[0] ?? "no types: give a vmlinux with debuginfo");
}
