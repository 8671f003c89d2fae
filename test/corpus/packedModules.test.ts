/** Modules packed as kernels install them say of stacks what they say unpacked: lines, inlined functions, locals. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { stackTrace } from "../../src/linux/sched/stackTrace.ts";
import { tasks } from "../../src/linux/sched/task.ts";
import { summary } from "../../src/model/summary.ts";
import { openSession } from "../../src/session/open/open.ts";
import { frameVariables } from "../../src/unwind/locals.ts";
import { corpus, type CorpusDump, storedDumps } from "./corpus.ts";

/** As scripts/Makefile.modinst of Linux calls them. */
const packings = {
  xz: ["xz", "--check=crc32", "--lzma2=dict=1MiB", "-c"],
  zst: ["zstd", "-q", "-c"],
  gz: ["gzip", "-n", "-c"],
} as const;

const folder = mkdtempSync(join(tmpdir(), "vmcore-packed-"));
after(() => rmSync(folder, { recursive: true }));

/** Every function of a module on a stack, with what is known of it. */
function inModules({ vmcore }: CorpusDump, directory: string, store?: string): string[] {
  const search =
    store === undefined
      ? undefined
      : { beside: [], directories: [], root: join(folder, "none"), store, cache: undefined };
  const session = openSession({ vmcore: [vmcore], modules: [directory], search });
  try {
    return [...tasks(session.kernel)].flatMap((task) => {
      const places = stackTrace(session.kernel, task).frames.flatMap((frame) =>
        frame.places().map((place) => ({ frame, place })),
      );
      return places
        .filter(({ place }) => place.module?.startsWith("lab_"))
        .map(({ frame, place }) => {
          const locals = frameVariables(session.kernel, frame, place).map(
            ({ name, value }) => `${name}=${value instanceof Fault ? value.message : summary(value)}`,
          );
          const { file = "", line = 0 } = place.source ?? {};
          return `${place.function} ${file}:${line} ${place.inlined} ${locals.join(" ")}`;
        });
    });
  } finally {
    session.close();
  }
}

const modules = join(corpus, "x86_64-6.1/modules");
const wanted: Readonly<Record<string, number>> = { sample: 3, "x86_64-6.1/abba": 10, "x86_64-6.1/timer": 2 };

if (storedDumps.length === 0) test("packed modules: no corpus", { skip: "NOT RUN: the corpus is absent" }, () => {});
for (const [suffix, [tool, ...flags]] of Object.entries(packings)) {
  if (storedDumps.length === 0) break;
  const skip = spawnSync(tool, ["--version"]).status === 0 ? false : `NOT RUN: no ${tool} on this machine`;
  test(
    `modules packed with ${tool} give the same stacks as unpacked modules, the second time from the store`,
    { skip },
    (t) => {
      // prettier-ignore
      const packed = join(folder, suffix);
      const store = join(folder, `store-${suffix}`);
      mkdirSync(packed);
      for (const name of readdirSync(modules).filter((one) => one.endsWith(".ko")))
        writeFileSync(join(packed, `${name}.${suffix}`), execFileSync(tool, [...flags, join(modules, name)]));
      for (const dump of storedDumps.filter(({ name }) => name in wanted)) {
        const expected = inModules(dump, modules);
        t.diagnostic(`${dump.name}: ${expected.length} functions, ${expected.join().match(/=/g)?.length ?? 0} locals`);
        assert.ok(expected.length >= wanted[dump.name]! && expected.every((one) => /\.[ch]:[1-9]/.test(one)));
        assert.deepEqual(inModules(dump, packed), expected);
        assert.deepEqual(inModules(dump, packed, store), expected);
        assert.deepEqual(inModules(dump, join(folder, "none"), store), expected);
      }
    },
  );
}
