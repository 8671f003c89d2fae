/** Lists the modules that were built in a kernel tree. */
import { attemptSystem } from "../../base/systemError.ts";
import { join } from "node:path";
import { wholeFile } from "../../base/file.ts";
import { within } from "../sources/sourceRoot.ts";

/** Maximum size of the list in bytes. That of all modules of the kernel has some 300 KiB. */
const MAX_ORDER = 16 << 20;

/**
 * Returns the modules of a tree by its modules.order. The file lists objects, before v6.2 modules, and in old kernels
 * paths with "kernel/" in front (scripts/Makefile.build).
 */
export function builtModules(tree: string): string[] {
  return orderOf(join(tree, "modules.order")).flatMap((line) => {
    const name = line.trim().replace(/\.o$/, ".ko");
    if (!name.endsWith(".ko")) return [];
    const path = within(tree, name) ?? within(tree, name.replace(/^kernel\//, ""));
    return path === undefined ? [] : [path];
  });
}

/** Reads the lines of a modules.order; empty if no modules were built. */
const orderOf = (path: string): string[] =>
  attemptSystem(() => wholeFile(path, MAX_ORDER))
    ?.toString("utf8")
    .split("\n") ?? [];
