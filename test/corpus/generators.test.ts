/**
 * The files that the generators of libkdumpfile's tests write (mkdiskdump, mkelf, mklkcd, mksadump) read right page by
 * page: its own test scripts run with our reader in place of theirs. Needs its source in the cache:
 * `git clone https://github.com/ptesarik/libkdumpfile ~/.cache/vmcore-debug/libkdumpfile`.
 */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { cache } from "./alone.ts";

const source = process.env["LIBKDUMPFILE"] ?? join(cache, "libkdumpfile");
const scripts = join(source, "tests");
const folder = mkdtempSync(join(tmpdir(), "vmcore-generators-"));
after(() => rmSync(folder, { recursive: true }));
/** Status of a script of automake that cannot run here. */
const SKIPPED = 77;

const LIBRARIES = [
  ["USE_ZLIB", "zlib.h", "-lz"],
  ["USE_LZO", "lzo/lzo1x.h", "-llzo2"],
  ["USE_SNAPPY", "snappy-c.h", "-lsnappy"],
  ["USE_ZSTD", "zstd.h", "-lzstd"],
] as const;

/** Compiles the generators, and puts our reader and programs that check nothing beside them. */
function build(): void {
  const found = LIBRARIES.filter(([, header]) => existsSync(join("/usr/include", header)));
  writeFileSync(join(folder, "config.h"), found.map(([name]) => `#define ${name} 1\n`).join(""));
  // The generators use only a type of this header.
  mkdirSync(join(folder, "libkdumpfile"));
  const header = readFileSync(join(source, "include", "libkdumpfile", "addrxlat.h.in"), "utf8");
  writeFileSync(join(folder, "libkdumpfile", "addrxlat.h"), header.replace(/@\w+@/g, "0"));
  const shared = ["data.c", "param.c", "rle.c", "slurp.c"].map((name) => join(scripts, name));
  for (const name of ["mkdiskdump", "mkelf", "mklkcd", "mksadump", "mkbinary"])
    execFileSync("cc", [
      ...["-D_GNU_SOURCE", "-w", "-o", join(folder, name), "-I", folder, "-I", scripts],
      ...[join(scripts, `${name}.c`), ...shared, ...found.map(([, , flag]) => flag)],
    ]);
  const program = (name: string, text: string): void =>
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const reader = resolve(import.meta.dirname, "dumpdata.ts");
  program("dumpdata", `exec "${process.execPath}" --disable-warning=ExperimentalWarning "${reader}" "$@"`);
  // Its scripts name it without a directory.
  copyFileSync(join(scripts, "vmcoreinfo.data"), join(folder, "vmcoreinfo.data"));
  // It checks attributes of the library; the dump must open at least.
  program("checkattr", `exec ./dumpdata -n $# "$@"`);
}

/** Scripts that check what only libkdumpfile has: the translation of addresses, attributes of registers. */
const FOREIGN = /^(?:multixlat|early-version-code|elf-prstatus)/;
/** LKCD files with two copies of a page: libkdumpfile refuses to read the page, and we return the last copy. */
const DIFFERENT = /^lkcd-duplicate/;

const writes = (name: string): boolean => {
  const text = readFileSync(join(scripts, name), "utf8");
  return /\.\/mk(?:diskdump|elf|lkcd|sadump)\b|-basic"?$/m.test(text) && text.startsWith("#!");
};
const names = (existsSync(scripts) ? readdirSync(scripts) : []).filter(
  (name) => !/[.]|multiread/.test(name) && !FOREIGN.test(name) && writes(name),
);

test(
  "the files of libkdumpfile's generators read as its tests expect",
  { skip: names.length === 0 && `no ${scripts}` },
  async (t) => {
    build();
    for (const name of names)
      await t.test(name, (one) => {
        const { status, stdout, stderr } = spawnSync("sh", [join(scripts, name)], {
          cwd: folder,
          encoding: "utf8",
          env: { ...process.env, srcdir: scripts, SIZEOF_OFF_T: "8" },
          timeout: 60_000,
        });
        if (status === SKIPPED || /not supported|[Uu]nsupported|KVADDR/.test(stderr))
          return one.skip(stderr.trim().slice(0, 100));
        if (DIFFERENT.test(name)) assert.match(stderr, /should fail/);
        else assert.equal(status, 0, stdout + stderr);
      });
  },
);
