/** Breakpoint requests: every breakpoint is unverified, because a dump does not run. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Handlers } from "../handlers.ts";

const REASON = "A crash dump does not run: breakpoints are never hit.";

const never = (count: number): { breakpoints: DebugProtocol.Breakpoint[] } => ({
  breakpoints: Array.from({ length: count }, () => ({ verified: false, reason: "failed", message: REASON })),
});

type Topic = Pick<
  Handlers,
  | "setBreakpoints"
  | "setFunctionBreakpoints"
  | "setInstructionBreakpoints"
  | "setExceptionBreakpoints"
  | "breakpointLocations"
>;

/** Answers breakpoint requests. The breakpoints of the user's workspace stay, marked as unverified with the reason. */
export const breakpoints: Topic = {
  *setBreakpoints(_, { breakpoints = [] }) {
    return never(breakpoints.length);
  },
  *setFunctionBreakpoints(_, { breakpoints = [] }) {
    return never(breakpoints.length);
  },
  *setInstructionBreakpoints(_, { breakpoints = [] }) {
    return never(breakpoints.length);
  },
  *setExceptionBreakpoints() {
    return {};
  },
  *breakpointLocations() {
    return { breakpoints: [] };
  },
};
