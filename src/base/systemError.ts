/** Whether an error is a failed system call, such as a missing file or a full disk. Errors of zlib have a `code` too, but no `syscall`. */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && "syscall" in error;
