/** What the guests of the matrix need. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { corpus } from "../corpus.ts";

/** What prevents the guests; undefined when nothing does. */
export function missing(): string | undefined {
  if (!existsSync(join(corpus, "make"))) return "the corpus is absent";
  const programs = ["qemu-system-x86_64", "mke2fs", "cpio", "zstd", "depmod"];
  const absent = programs.filter((program) => spawnSync(program, ["--version"]).error);
  if (absent.length > 0) return `there is no ${absent.join(", ")}`;
  return process.getuid?.() === 0 ? undefined : "only root can fetch packages of other machines";
}
