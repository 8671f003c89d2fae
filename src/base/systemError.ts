/** Errors of system calls. */

/**
 * Whether an error is a failed system call, such as a missing file or a full disk. Errors of zlib have a `code` too, but
 * no `syscall`. Node itself refuses a path with a NUL, which a hostile file may name.
 */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && ("syscall" in error || isNulInPath(error));

const isNulInPath = (error: Error): boolean =>
  "code" in error && error.code === "ERR_INVALID_ARG_VALUE" && error.message.includes("null bytes");

/** Runs system calls. @returns undefined when one of them fails @throws any other error */
export function attemptSystem<T>(calls: () => T): T | undefined {
  try {
    return calls();
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}
