/** Errors of opening a dump and the files that belong to it. */
import { Fault } from "../../base/fault.ts";
import { isSystemError } from "../../base/systemError.ts";

/** The dump or its vmlinux cannot be opened. The message is one line for the user that says what to do. */
export class OpenError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "OpenError";
  }
}

/** Whether the error means that a file cannot be opened or read, or is not of the expected format. */
export const isUnreadable = (error: unknown): error is Error =>
  error instanceof OpenError || error instanceof Fault || isSystemError(error);

/** The named vmlinux cannot be used for the dump. The dump can be opened without it. */
export class VmlinuxError extends OpenError {
  /** The reason, without the advice. */
  readonly reason: string;
  /** Whether the vmlinux is of another build, so that the user can force its use. */
  readonly canForce: boolean;

  constructor(
    message: string,
    { reason = message, canForce }: { readonly reason?: string; readonly canForce: boolean },
  ) {
    super(message);
    this.reason = reason;
    this.canForce = canForce;
  }
}
