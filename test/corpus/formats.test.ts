import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { openFile } from "../../src/base/file.ts";
import type { DumpImage } from "../../src/dump/format.ts";
import { openDump } from "../../src/dump/formats.ts";
import { avmlFile, limeFile } from "../builders/memoryForms.ts";
import { alone } from "./alone.ts";
import { cli, corpus, made, snappyDump, storedDumps } from "./corpus.ts";

const open = (...paths: string[]): DumpImage => openDump(paths.map(openFile));

/** Runs one of the corpus's scripts; what it says is shown only when it fails. */
function script(name: string, ...args: string[]): void {
  execFileSync(join(corpus, "make", name), args, { stdio: ["ignore", "ignore", "pipe"], timeout: 600_000 });
}

/** Pages that both dumps hold; every one must be the same, byte by byte. */
function pagesInCommon(one: DumpImage, other: DumpImage): number {
  let common = 0;
  for (let pfn = one.next(0); pfn >= 0; pfn = one.next(pfn + 1)) {
    const [a, b] = [one.page(pfn), other.page(pfn)];
    if (a instanceof Fault || b instanceof Fault) continue;
    assert.equal(Buffer.compare(a, b), 0, `page ${pfn} differs`);
    common++;
  }
  return common;
}

/** Every held page is there to be read: how many. */
function readable(image: DumpImage): number {
  let count = 0;
  for (let pfn = image.next(0); pfn >= 0; pfn = image.next(pfn + 1)) {
    const page = image.page(pfn);
    if (page instanceof Fault) assert.fail(`page ${pfn}: ${page.message}`);
    count++;
  }
  return count;
}

interface Shape {
  readonly format: string;
  readonly byteOrder?: "big";
  readonly wordSize?: 4;
  readonly pageSize?: number;
  readonly pages: number;
}

/** Pages: the bits of the second bitmap, counted by other means than ours. */
const shapes: Record<string, Shape> = {
  sample: { format: "kdump-compressed", pages: 16113 },
  "x86_64-6.1/sysrq": { format: "kdump-compressed", pages: 23607 },
  "x86_64-6.1/abba": { format: "kdump-compressed", pages: 23023 },
  "x86_64-6.1/timer": { format: "kdump-compressed", pages: 20633 },
  "x86_64-6.12/sysrq": { format: "kdump-compressed", pages: 19309 },
  "arm64-6.12/sysrq": { format: "flattened kdump-compressed", pageSize: 65536, pages: 4096 },
  "s390x-6.12/sysrq": { format: "kdump-compressed", byteOrder: "big", pages: 13912 },
  "armhf-6.1/sysrq": { format: "kdump-compressed", wordSize: 4, pages: 10644 },
};

if (storedDumps.length === 0)
  test("formats of real dumps", { skip: `no corpus at ${corpus}: set VMCORE_CORPUS` }, () => {});
else {
  for (const { name, vmcore } of storedDumps) {
    test(`${name} opens as what it is, and every page it holds can be read`, () => {
      const image = open(vmcore);
      const { format, byteOrder = "little", wordSize = 8, pageSize = 4096, pages } = shapes[name]!;
      assert.deepEqual(
        [image.format, image.byteOrder, image.wordSize, image.pageSize],
        [format, byteOrder, wordSize, pageSize],
      );
      assert.match(image.vmcoreinfo ?? "", /^OSRELEASE=/);
      assert.equal(readable(image), pages);
    });
  }

  test("the Snappy dump holds the pages of the sample, which has the same crash", () => {
    const [sample, snappy] = [open(join(corpus, "sample/vmcore")), open(snappyDump.vmcore)];
    assert.equal(pagesInCommon(sample, snappy), readable(snappy));
  });

  oneCrashInEveryFormat("of QEMU's ELF", "formats", qemuFormats());
  oneCrashInEveryFormat("of /proc/vmcore", "formats-kdump", kernelFormats());
}

/** Memory forms of a guest, and its ELF: made of the ELF by the builders, or by QEMU of the same stopped guest. */
test("the forms of one guest's memory answer as its ELF", { timeout: 600_000 }, async (t) => {
  const reference = join(made, "formats", "vmcore.elf");
  if (!existsSync(reference)) return t.skip("run the test of QEMU's formats first: it makes the dump");
  const folder = mkdtempSync(join(tmpdir(), "forms-"));
  try {
    const core = open(reference);
    const pieces = core.segments.map(({ physical, fileSize }) => ({
      physical: Number(physical),
      bytes: Buffer.concat(
        Array.from({ length: Number(fileSize) / core.pageSize }, (_, i) => {
          const page = core.page(Number(physical) / core.pageSize + i);
          return page instanceof Fault ? assert.fail(page.message) : page;
        }),
      ),
    }));
    const [low] = pieces;
    const forms: readonly (readonly [string, Uint8Array | undefined, ...string[]])[] = [
      ["lime", limeFile(pieces)],
      ["avml", avmlFile(pieces)],
      ["raw", low?.bytes, "--base", "0"],
    ];
    const answers = (command: string, ...words: string[]): string => {
      const { status, stdout, stderr } = cli(...words, "-c", command);
      assert.equal(status, 0, stderr);
      // CR2 is a register, which memory alone does not have.
      return stdout.replace(/^ *DUMPFILE:.*$/m, "").replace(/^ *page fault at 0{16}: .*\n/gm, "");
    };
    for (const [name, bytes, ...options] of forms) {
      await t.test(name, () => {
        const file = join(folder, name);
        writeFileSync(file, bytes ?? new Uint8Array(0));
        for (const command of ["sys", "ps", "log", "mod", "bt"])
          assert.equal(answers(command, ...options, file), answers(command, reference), command);
        rmSync(file);
      });
    }
    const saved = join(made, "formats-qemu", "migrate.qemu");
    const its = join(made, "formats-qemu", "vmcore.elf");
    await t.test("a migration stream, with the registers of all CPUs", (s) => {
      if (!existsSync(saved) || !existsSync(its))
        return s.skip(
          `no ${saved}: stop a guest, dump-guest-memory to vmcore.elf, then migrate exec:"cat >migrate.qemu"`,
        );
      for (const command of ["sys", "ps", "log", "mod", "bt -a"])
        assert.equal(answers(command, saved), answers(command, its), command);
      assert.ok(pagesInCommon(open(saved), open(its)) > 10_000);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

interface Made {
  readonly make: () => void;
  /** The unfiltered ELF core, and what was made of it: name, files, format. */
  readonly reference: string;
  readonly others: readonly (readonly [files: readonly string[], format: string])[];
}

function oneCrashInEveryFormat(what: string, folder: string, { make, reference, others }: Made): void {
  test(`one crash in every format ${what} reads the same, byte for byte`, { timeout: 1_800_000 }, async (t) => {
    alone(make);
    const path = (file: string): string => join(made, folder, file);
    const whole = open(path(reference));
    assert.equal(whole.format, "ELF core");
    for (const [files, format] of others) {
      await t.test(files.join(" "), () => {
        const image = open(...files.map(path));
        assert.equal(image.format, format);
        assert.equal(image.vmcoreinfo, whole.vmcoreinfo);
        assert.ok(!image.facts.incomplete);
        const pages = readable(image);
        assert.ok(pages > 10_000);
        assert.equal(pagesInCommon(image, whole), pages);
      });
    }
    await t.test("and every command prints the same", () => {
      const answers = (files: readonly string[]): string => {
        const { status, stdout, stderr } = cli(
          ...files.map(path),
          ...["sys", "log", "ps", "mod", "foreach bt"].flatMap((command) => ["-c", command]),
        );
        assert.equal(status, 0, stderr);
        return stdout.replace(/^ *DUMPFILE:.*(\n {14}\S.*)*$/m, "");
      };
      const expected = answers([reference]);
      for (const [files] of others) assert.equal(answers(files), expected, files.join(" "));
    });
    await t.test("a file cut in its middle opens with what it holds", () => {
      const cut = path("cut");
      copyFileSync(path(others[0]![0][0]!), cut);
      truncateSync(cut, 10_000_000);
      const image = open(cut);
      const pages = pagesInCommon(image, whole);
      assert.ok(pages > 1000 && pages < pagesInCommon(open(path(others[0]![0][0]!)), whole));
      rmSync(cut);
    });
  });
}

/** QEMU's ELF, with makedumpfile's formats made of it, and QEMU's own kdump of the same memory. */
function qemuFormats(): Made {
  const folder = join(made, "formats");
  const conversions: readonly (readonly [out: string, format: string, ...options: string[]])[] = [
    ["zlib", "kdump-compressed", "-c"],
    ["lzo", "kdump-compressed", "-l"],
    ["zstd", "kdump-compressed", "-z"],
    ["none", "kdump-compressed"],
    ["elf", "ELF core", "-E"],
    ["flat", "flattened kdump-compressed", "-F", "-c"],
    ["flat-elf", "flattened ELF core", "-F", "-E"],
    ["split1,split2,split3", "kdump-compressed", "-c", "--split", "--splitblock-size", "1024"],
  ];
  return {
    make() {
      const reference = join(folder, "vmcore.elf");
      if (!existsSync(reference)) {
        script("make-dump.sh", "nullderef", "--name", "formats", "--mem", "192", "--smp", "2", "--formats", "elf,zlib");
      }
      for (const [out, , ...options] of conversions) {
        const outs = out.split(",").map((file) => join(folder, file));
        if (!outs.every((file) => existsSync(file)))
          script("convert.sh", reference, outs.join(","), "-d", "31", ...options);
      }
    },
    reference: "vmcore.elf",
    others: [
      ...conversions.map(([out, format]) => [out.split(",").reverse(), format] as const),
      [["vmcore.zlib"], "flattened kdump-compressed"],
    ],
  };
}

/** A copy of /proc/vmcore, and what makedumpfile wrote of it in the capture kernel. */
function kernelFormats(): Made {
  const formats = ["zlib", "elf", "lzo", "none", "flat"];
  return {
    make() {
      if (existsSync(join(made, "formats-kdump", "vmcore.raw"))) return;
      const options = ["--method", "kdump", "--mem", "512", "--smp", "2", "--formats", ["raw", ...formats].join(",")];
      script("make-dump.sh", "sysrq", "--name", "formats-kdump", ...options);
    },
    reference: "vmcore.raw",
    others: formats.map((name) => [
      [`vmcore.${name}`],
      name === "elf" ? "ELF core" : name === "flat" ? "flattened kdump-compressed" : "kdump-compressed",
    ]),
  };
}
