import { Fault } from "../../base/fault.ts";
import type { Context } from "./command.ts";

/** Why nothing is typed in this session, in one line; undefined when types are known. */
export function lackingTypes({ kernel, session }: Context): Fault | undefined {
  if (kernel.types.sources.length > 0) return undefined;
  return Fault.of("unknown", session.lacking[0] ?? "no types: give a vmlinux with debuginfo");
}
