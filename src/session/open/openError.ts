import { Fault } from "../../base/fault.ts";
import { isSystemError } from "../../base/systemError.ts";

/** The dump or its vmlinux could not be opened: one line for the user that says what to do. */
export class OpenError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "OpenError";
  }
}

/** Whether a file could not be opened or read, or is not what it was taken for. */
export const isUnreadable = (error: unknown): error is Error =>
  error instanceof OpenError || error instanceof Fault || isSystemError(error);

/** The vmlinux that the user named cannot be used for the dump, which opens without it. */
export class VmlinuxError extends OpenError {
  /** What is wrong with it, without what to do. */
  readonly said: string;
  /** It is of another build, and is used all the same when the user insists. */
  readonly canForce: boolean;

  constructor(message: string, { said = message, canForce }: { readonly said?: string; readonly canForce: boolean }) {
    super(message);
    this.said = said;
    this.canForce = canForce;
  }
}
