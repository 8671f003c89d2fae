/** Whether the operating system refused a call: a file that is not there, a full disk. zlib's errors have a `code` as well, but no `syscall`. */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && "syscall" in error;
