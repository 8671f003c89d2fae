/** What is said of a dump whose memory does not lead to a kernel, or only to a part of it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openSession, type OpenOptions } from "../../../src/session/open/open.ts";
import { limeFile } from "../../builders/memoryForms.ts";
import { sadumpFiles } from "../../builders/oldDumps.ts";

const folder = mkdtempSync(join(tmpdir(), "vmcore-nokernel-"));
after(() => rmSync(folder, { recursive: true }));

/** Writes a file that was not changed just now. */
function written(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  utimesSync(path, 1, 1);
  return path;
}

const refused = (path: string, said: RegExp, options: Partial<OpenOptions> = {}): void =>
  assert.throws(() => openSession({ vmcore: [path], ...options }), { name: "OpenError", message: said });

const NO_KERNEL = "^no kernel found: neither the dump's header nor VMCOREINFO, .* tells which machine it is of";

test("a dump whose kernel was cut off says that it was, and what to do", () => {
  const memory = limeFile([{ physical: 0, bytes: new Uint8Array(16 * 4096) }]);
  refused(written("whole.lime", memory), new RegExp(`${NO_KERNEL}$`));
  const cut =
    /\. The dump was cut off: its file has 8,192 bytes, .* Compare its size with the original and copy it again\.$/;
  refused(written("cut.lime", memory.subarray(0, 8192)), cut);
});

test("a dump without one of its files says that a file is missing", () => {
  const [first = new Uint8Array()] = sadumpFiles({
    kind: "set",
    pages: new Map([[3, new Uint8Array(4096)]]),
    onFirst: 0,
  });
  refused(
    written("disk1", first),
    /\. The dump is incomplete: it has several files, and not all were given\. Name all of them, in any order\.$/,
  );
});

test("raw memory that does not lead to a kernel says to check --base", () => {
  const check =
    /Check --base \(in a launch configuration "base"\): it must give the physical address of each byte of .*raw/;
  const path = written("raw", new Uint8Array(4 * 4096));
  refused(path, check, { raw: [{ first: 0, last: undefined }] });
  const text =
    "OSRELEASE=6.1.0\nPAGESIZE=4096\nSYMBOL(init_uts_ns)=ffffffff81000000\nSYMBOL(init_top_pgt)=ffffffff81001000\n";
  const misplaced = Buffer.concat([
    Buffer.alloc(4096),
    Buffer.from(`${text}NUMBER(phys_base)=0\n`),
    Buffer.alloc(8192),
  ]);
  const session = openSession({
    vmcore: [written("misplaced.raw", misplaced)],
    raw: [{ first: 0x5000, last: undefined }],
  });
  try {
    assert.match(session.warnings.join("\n"), check);
  } finally {
    session.close();
  }
});
