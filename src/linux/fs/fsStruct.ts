import type { Obj } from "../../model/object.ts";
import { dentryPath, pathPlace } from "./dcache.ts";

/**
 * Path of a task's root or working directory (include/linux/fs_struct.h), as the root of its mounts sees it; undefined
 * for a task that has let go of them to exit.
 * @throws Fault
 */
export function fsPath(task: Obj<"struct task_struct">, which: "root" | "pwd"): string | undefined {
  const fs = task.at("fs");
  return fs.value() === 0n ? undefined : dentryPath(pathPlace(fs.at(which)));
}
