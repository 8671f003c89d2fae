/** Some of the made crashes on other kernels: `npm run nightly`. The shared guest's kernel is `npm run made`'s. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { corpus } from "../corpus.ts";
import { newest, type Platform } from "./platform.ts";
import { compare } from "./verdict.ts";

// Where frees go to per-CPU sheaves, a freed object keeps its contents unless it is poisoned; where the kernel is
// preemptible throughout, a loop locks a CPU up only under a spinlock.
const NAMES = ["null-member", "bug", "use-after-free-debug", "list-corruption", "stack-overflow", "spinlock-held", "two-locks", "completion-lost"]; // prettier-ignore
const chosen = process.env["MADE"]?.split(",") ?? NAMES;

/** What prevents a row; undefined when nothing does. */
function missing(): string | undefined {
  if (!existsSync(join(corpus, "make"))) return "the corpus is absent";
  const programs = ["qemu-system-x86_64", "chroot", "unshare", "xz"];
  const absent = programs.filter((program) => spawnSync(program, ["--version"]).error);
  if (absent.length > 0) return `there is no ${absent.join(", ")}`;
  return process.getuid?.() === 0 ? undefined : "only root can unpack another Debian";
}

const reason = missing();
let platform: Platform | undefined;
for (const name of chosen)
  if (reason !== undefined) test(`x86_64, unstable's newest kernel: ${name}: NOT RUN`, { skip: reason }, () => {});
  else
    test(`x86_64, unstable's newest kernel: ${name}: the verdict says what its source says`, async (context) => {
      platform ??= newest();
      await compare(context, name, platform);
    });

for (const name of NAMES)
  test(`arm64, 6.12: ${name}: NOT RUN`, { skip: "no modules are built for arm64 yet" }, () => {});
for (const name of ["KASAN and page_owner", "allocation tags"])
  test(`a kernel of our own configuration: ${name}: NOT RUN`, { skip: "no such kernel is built yet" }, () => {});
