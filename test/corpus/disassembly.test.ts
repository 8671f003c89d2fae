/**
 * 3,000 functions of each kernel as the disassembler decodes them against objdump. Lengths agree but for what objdump
 * itself does not know, which is printed; names agree; how much of the text does is printed.
 */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Arch } from "../../src/arch/arch.ts";
import { arm64 } from "../../src/arch/arm64/arm64.ts";
import { disassembler, type Syntax } from "../../src/arch/disassembler/disassembler.ts";
import { x86_64 } from "../../src/arch/x86_64/x86_64.ts";
import { openFile } from "../../src/base/file.ts";
import { drive } from "../../src/base/job.ts";
import { elfSymbols } from "../../src/debuginfo/symbols/elfSymbols.ts";
import { openElf, SHF_EXECINSTR } from "../../src/elf/elf.ts";
import { cache } from "./alone.ts";
import { corpus, hasDrgn as hasPeers, vmlinuxOf } from "./corpus.ts";

const FUNCTIONS = 3000;
const MAX_FUNCTION = 1 << 16;

/** Longer than any instruction: both come back into step behind a function whose end is data. */
const PADDING = 16;

/** Functions from all over a kernel's text, with no-operations between. */
function sampleOf(vmlinux: string, nop: readonly number[]): Buffer {
  const file = openFile(vmlinux);
  try {
    const elf = openElf(file);
    const code = elf.sections.filter(({ flags }) => (flags & SHF_EXECINSTR) !== 0);
    const functions = [...elfSymbols(elf).all()].filter(({ type, size }) => /^t$/i.test(type) && size > 0);
    const step = functions.length / FUNCTIONS;
    const padding = Buffer.from(Array.from({ length: PADDING }, (_, i) => nop[i % nop.length]!));
    const parts: Uint8Array[] = [];
    for (let i = 0; i < FUNCTIONS; i++) {
      const { address, size } = functions[Math.floor(i * step)]!;
      const section = code.find((one) => address >= one.address && address < one.address + BigInt(one.size));
      if (!section) continue;
      const bytes = elf.contents(section).read(Number(address - section.address), Math.min(size, MAX_FUNCTION));
      parts.push(bytes, Buffer.alloc((nop.length - (bytes.length % nop.length)) % nop.length), padding);
    }
    return Buffer.concat(parts);
  } finally {
    file.close();
  }
}

interface Decoded {
  readonly length: number;
  readonly text: string;
}

/** `  1b:	48 8b 43 20 	mov    0x20(%rbx),%rax`; words of arm64 are one number. */
const LINE = /^ *([0-9a-f]+):\t((?:[0-9a-f]{2,8} )+) *\t?(.*)$/;

function objdumpOf(command: readonly string[], bytes: Uint8Array): Map<number, Decoded> {
  const folder = mkdtempSync(join(tmpdir(), "vmcore-code-"));
  try {
    const path = join(folder, "code");
    writeFileSync(path, bytes);
    const [program = "", ...args] = command;
    const all = [...args, "-D", "-z", "-w", "-b", "binary", path];
    const out = execFileSync(program, all, { encoding: "utf8", maxBuffer: 1 << 28 });
    const decoded = new Map<number, Decoded>();
    for (const line of out.split("\n")) {
      const [, at, hex, text] = LINE.exec(line) ?? [];
      if (at === undefined || hex === undefined || text === undefined) continue;
      // Behind # and // stand addresses and other names.
      const plain = text.replace(/\s+(?:#|\/\/).*$/, "").replace(/\s+/g, " ").trim(); // prettier-ignore
      decoded.set(Number.parseInt(at, 16), { length: hex.replaceAll(" ", "").length / 2, text: plain });
    }
    return decoded;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const isUnknown = ({ text }: Decoded): boolean => /\(bad\)|^\.inst|^\.byte|^\.word|undefined/.test(text);
const firstWord = ({ text }: Decoded): string => text.split(" ")[0] ?? "";

const count = (counts: Map<string, number>, key: string): unknown => counts.set(key, (counts.get(key) ?? 0) + 1);

async function compare(title: string, bytes: Uint8Array, arch: Arch, syntax: Syntax, objdump: readonly string[]) {
  const decoder = await drive(disassembler(arch, syntax), new AbortController().signal);
  const ours = new Map<number, Decoded>();
  for (const { address, bytes: own, mnemonic, operands } of decoder.instructions(bytes, 0n))
    ours.set(Number(address), { length: own.length, text: `${mnemonic} ${operands}`.trim() });
  const theirs = objdumpOf(objdump, bytes);
  const unknown = new Map<string, number>();
  const lengths: string[] = [];
  const names = new Map<string, number>();
  let sameText = 0;
  for (const [at, one] of theirs) {
    const own = ours.get(at);
    if (own?.length === one.length && one.text === own.text) sameText++;
    else if (isUnknown(one)) count(unknown, `${one.text} | ${own?.text}`);
    else if (own?.length !== one.length) {
      const hex = Buffer.from(bytes.subarray(at, at + one.length)).toString("hex");
      lengths.push(`${at.toString(16)}: ${hex} ${one.text} | ${own?.text}`);
    } else if (firstWord(one) !== firstWord(own)) count(names, `${firstWord(one)} | ${firstWord(own)}`);
  }
  const wrongNames = [...names.values()].reduce((sum, times) => sum + times, 0);
  const share = (times: number): string => `${((100 * times) / theirs.size).toFixed(2)} %`;
  console.log(
    `# ${title}: ${theirs.size} instructions, ${share(theirs.size - wrongNames)} of the names and ${share(sameText)} of the text are objdump's`,
  );
  for (const [pair, times] of unknown) console.log(`#   ${times} times unknown to objdump: ${pair}`);
  for (const [pair, times] of names) console.log(`#   ${times} times ${pair}`);
  assert.ok(theirs.size > 10 * FUNCTIONS, "objdump printed no instructions");
  assert.deepEqual(lengths, []);
  assert.ok(wrongNames <= theirs.size / 10_000, `${wrongNames} names differ`);
}

/** The peers' binutils are newer than Debian 12's; they start with the loader and libraries of their own tree. */
function x86Objdump(): readonly string[] | undefined {
  const tree = process.env["PEERS"] ?? join(cache, "peers");
  const own = [join(tree, "lib64/ld-linux-x86-64.so.2"), "--library-path", join(tree, "usr/lib/x86_64-linux-gnu"), join(tree, "usr/bin/objdump")]; // prettier-ignore
  const candidates = [...(hasPeers ? [own] : []), ["x86_64-linux-gnu-objdump"], ["objdump"]];
  return candidates.find((command) => works(command, "elf64-x86-64"));
}

function works([program = "", ...args]: readonly string[], target: string): boolean {
  const { status, stdout } = spawnSync(program, [...args, "--info"], { encoding: "utf8" });
  return status === 0 && stdout.includes(target);
}

const x86 = x86Objdump();
const arm = works(["aarch64-linux-gnu-objdump"], "elf64-littleaarch64") ? ["aarch64-linux-gnu-objdump"] : undefined;

for (const family of ["x86_64-6.1", "x86_64-6.12", "arm64-6.12"]) {
  const isX86 = family.startsWith("x86");
  const objdump = isX86 ? x86 : arm;
  const skip = objdump === undefined ? `NOT RUN: no objdump of ${isX86 ? "x86-64" : "aarch64"} (binutils)` : false;
  test(`${family}: instructions have the length and the name that objdump gives them`, { skip }, async (t) => {
    const vmlinux = vmlinuxOf(family);
    if (vmlinux === undefined) return t.skip(`no corpus at ${corpus}, or no vmlinux of ${family} to be had`);
    const bytes = sampleOf(vmlinux, isX86 ? [0x90] : [0x1f, 0x20, 0x03, 0xd5]);
    if (isX86) {
      await compare(family, bytes, x86_64, "att", [...objdump!, "-m", "i386:x86-64"]);
      await compare(`${family}, Intel syntax`, bytes, x86_64, "intel", [
        ...objdump!,
        "-m",
        "i386:x86-64",
        "-M",
        "intel",
      ]);
    } else {
      await compare(family, bytes, arm64, "att", [...objdump!, "-m", "aarch64"]);
    }
  });
}
