/** Translates errors of the system about files into plain words. */
const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  EISDIR: "is a directory",
  ENOTDIR: "a part of the path is not a directory",
  ENOSPC: "no space left",
  EROFS: "is on a read-only file system",
};

/** Returns why the system refused, without the name of the file. */
export const systemReason = (error: NodeJS.ErrnoException): string =>
  SYSTEM_ERRORS[error.code ?? ""] ?? error.message.replace(/^E[A-Z]+: /, "");
