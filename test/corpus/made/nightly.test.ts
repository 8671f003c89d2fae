/** Some of the made crashes on other kernels: `npm run nightly`. The shared guest's kernel is `npm run made`'s. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { corpus } from "../corpus.ts";
import { arm64Debian, instrumented, newest, type Platform } from "./platform.ts";
import { compare } from "./verdict.ts";

// Where frees go to per-CPU sheaves, a freed object keeps its contents unless it is poisoned; where the kernel is
// preemptible throughout, a loop locks a CPU up only under a spinlock.
const EIGHT = ["null-member", "bug", "use-after-free-debug", "list-corruption", "stack-overflow", "spinlock-held", "two-locks", "completion-lost"]; // prettier-ignore
/** With KASAN, tracks and page_owner; and four whose waiters name the lock that blocks them. */
const INSTRUMENTED = [
  ...["kasan-use-after-free", "kasan-out-of-bounds", "kasan-double-free", "page-leak"],
  ...["null-member", "two-locks", "mutex-owner-exited", "rwsem-reader", "completion-lost"],
];
const ROWS: readonly { title: string; open: () => Platform; qemu: string; names: readonly string[] }[] = [
  {
    title: "x86_64, unstable's newest kernel",
    open: newest,
    qemu: "qemu-system-x86_64",
    names: [...EIGHT, "double-free-tracked"],
  },
  // A loop without a lock locks a CPU up too, and a freed object loses only where the free pointer is. The guest is so
  // slow that its other CPU is never idle.
  {
    title: "arm64, 6.12",
    open: arm64Debian,
    qemu: "qemu-system-aarch64",
    names: [...EIGHT.filter((name) => name !== "spinlock-held"), "use-after-free", "soft-lockup"],
  },
  { title: "x86_64, our own configuration", open: instrumented, qemu: "qemu-system-x86_64", names: INSTRUMENTED },
];
const chosen = process.env["MADE"]?.split(",");

/** What prevents a row; undefined when nothing does. */
function missing(qemu: string): string | undefined {
  if (!existsSync(join(corpus, "make"))) return "the corpus is absent";
  const programs = [qemu, "chroot", "unshare", "xz"];
  const absent = programs.filter((program) => spawnSync(program, ["--version"]).error);
  if (absent.length > 0) return `there is no ${absent.join(", ")}`;
  return process.getuid?.() === 0 ? undefined : "only root can unpack another Debian";
}

for (const { title, open, qemu, names } of ROWS) {
  const reason = missing(qemu);
  let platform: Platform | undefined;
  for (const name of names.filter((one) => chosen?.includes(one) ?? true))
    if (reason !== undefined) test(`${title}: ${name}: NOT RUN`, { skip: reason }, () => {});
    else
      test(`${title}: ${name}: the verdict says what its source says`, async (context) => {
        platform ??= open();
        await compare(context, name, platform);
      });
}
