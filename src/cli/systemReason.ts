/** Translates errors of the system about files into plain words. */
const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  EISDIR: "is a directory",
  ENOTDIR: "a part of the path is not a directory",
  ENOSPC: "no space left",
  EROFS: "is on a read-only file system",
  EPERM: "operation not permitted",
  EEXIST: "exists already",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the name is too long",
  EMFILE: "too many open files",
  EIO: "input or output error",
  EPIPE: "the reader has ended",
};

/** Returns why the system refused, without the name of the file. */
export const systemReason = (error: NodeJS.ErrnoException): string =>
  SYSTEM_ERRORS[error.code ?? ""] ?? error.message.replace(/^E[A-Z]+: /, "").replace(/, \w+(?: '.*')?$/, "");
