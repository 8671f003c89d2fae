/** Open files of tasks. */
import { Fault } from "../../base/fault.ts";
import type { Obj } from "../../model/object.ts";

/** An open file of a task. */
export interface OpenFile {
  readonly fd: number;
  /** `struct file`. */
  readonly file: Obj<"struct file">;
}

/** Maximum number of descriptors in a table; more would fill half a gigabyte. */
const MAX_FDS = 1 << 26;

/**
 * Yields the open files of a task by descriptor (include/linux/fdtable.h); none for a task that has already released
 * its files. Descriptors reserved for a file that is being opened are left out. @throws Fault if the table cannot be
 * read, after yielding the files before
 */
export function* openFiles(task: Obj<"struct task_struct">): Generator<OpenFile> {
  const files = task.at("files");
  if (files.value() === 0n) return;
  const { kernel } = task;
  const wordSize = BigInt(kernel.arch.wordSize);
  const wordBits = kernel.arch.wordSize * 8;
  const table = files.at("fdt");
  const limit = table.at("max_fds").number();
  if (limit > MAX_FDS)
    throw Fault.at(
      "corrupt",
      table.value(),
      `max_fds of ${limit} exceeds the limit of ${MAX_FDS}; struct fdtable is probably damaged`,
    );
  const [bitmap, slots] = [table.at("open_fds").value(), table.at("fd").value()];
  const type = kernel.types.named("struct file");
  for (let first = 0; first < limit; first += wordBits) {
    let open = kernel.memory.word(bitmap + BigInt(first >> 3));
    for (let fd = first; open !== 0n && fd < limit; fd++, open >>= 1n) {
      if (!(open & 1n)) continue;
      const file = kernel.memory.word(slots + BigInt(fd) * wordSize);
      if (file !== 0n) yield { fd, file: kernel.object(type, file) };
    }
  }
}
