/** Converts an error into the error response of a request. */
import { Fault } from "../base/fault.ts";
import { Cancelled } from "../base/job.ts";
import { internalError } from "../base/sourceStack.ts";
import { isSystemError } from "../base/systemError.ts";
import { UsageError } from "../base/usageError.ts";
import type { RefusedVmlinux } from "../protocol/custom.ts";
import { OpenError, VmlinuxError } from "../session/open/open.ts";

export interface Refusal {
  /** The kind of error, so that clients can distinguish them. */
  readonly id: number;
  readonly message: string;
  /** Whether the client shows the message in a dialog. */
  readonly showUser: boolean;
  readonly variables?: Readonly<Record<string, string>>;
  /** The stack of an internal error, for the trace log. */
  readonly trace?: string;
}

/** Returns the error response. @param command the command of the request */
export function refusalOf(error: unknown, command: string): Refusal {
  if (error instanceof Cancelled) return { id: 1, message: "cancelled", showUser: false };
  if (error instanceof Fault) return { id: 2, message: error.message, showUser: false };
  if (error instanceof UsageError) return { id: 3, message: error.message, showUser: command !== "evaluate" };
  if (error instanceof VmlinuxError) {
    const variables = { reason: error.reason, canForce: `${error.canForce}` } satisfies RefusedVmlinux;
    return { id: 7, message: error.message, showUser: true, variables };
  }
  if (error instanceof OpenError) return { id: 4, message: error.message, showUser: true };
  if (isSystemError(error))
    return { id: 5, message: `the dump or a file beside it cannot be read: ${error.message}`, showUser: true };
  const { summary, stack } = internalError(error);
  return { id: 6, message: `${command}: internal error: ${summary}`, showUser: true, trace: stack };
}
