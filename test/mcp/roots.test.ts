/** Which files the server reads: none that is outside the roots, whoever names it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { vmwareFile } from "../builders/hypervisorForms.ts";
import { markedPage } from "../builders/image.ts";
import { called, connected } from "./connect.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "mcp-roots-")));
const root = join(folder, "root");
mkdirSync(root);
after(() => rmSync(folder, { recursive: true }));

test("the memory beside a snapshot is refused where it is a link out of the roots", async () => {
  writeFileSync(join(root, "guest.vmss"), vmwareFile({ groups: { memory: [] } }));
  writeFileSync(join(folder, "secret"), markedPage(0));
  symlinkSync(join(folder, "secret"), join(root, "guest.vmem"));
  const client = await connected("--no-search", "--root", root);
  try {
    const { isError, text } = await called(client, "open_dump", { path: "guest.vmss" });
    assert.equal(isError, true);
    assert.equal(text, `${join(root, "guest.vmem")}: not a file below ${root}`);
    rmSync(join(root, "guest.vmem"));
    writeFileSync(join(root, "guest.vmem"), markedPage(0));
    // It is read now, and is not of a kernel.
    assert.doesNotMatch((await called(client, "open_dump", { path: "guest.vmss" })).text, /not a file below/);
  } finally {
    await client.close();
  }
});

test("a root that is not a directory ends the server with a message that names it", () => {
  for (const path of [join(folder, "absent"), import.meta.filename]) {
    const argv = ["--disable-warning=ExperimentalWarning", "src/mcp/main.ts", "--root", path];
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8", input: "" });
    assert.equal(stderr, `vmcore-debug: --root ${path} is not a directory that can be read; see "vmcore-debug mcp --help"\n`); // prettier-ignore
    assert.equal(stdout, "");
    assert.equal(status, 2);
  }
});

test("a source beside the dump is shown, and not where it is a link out of the roots", async () => {
  copyFileSync("sample/vmcore", join(root, "vmcore"));
  copyFileSync("sample/lab_nullderef.ko", join(root, "lab_nullderef.ko"));
  copyFileSync("sample/lab_nullderef.c", join(root, "lab_nullderef.c"));
  const shown = async (): Promise<string> => {
    const client = await connected("--no-search", "--modules", root, join(root, "vmcore"));
    try {
      const { text } = await called(client, "disassemble", { at: "lab_apply+47", source: true });
      return text + (await called(client, "run", { command: "dis -s lab_apply+47" })).text;
    } finally {
      await client.close();
    }
  };
  assert.match(await shown(), /LINE: \d+\n\n.*\d+ .*\S/);
  copyFileSync("sample/lab_nullderef.c", join(folder, "outside.c"));
  rmSync(join(root, "lab_nullderef.c"));
  symlinkSync(join(folder, "outside.c"), join(root, "lab_nullderef.c"));
  const text = await shown();
  assert.match(text, /source file not found on this machine/);
  assert.doesNotMatch(text, /^\*? *\d+ {2}/m);
});

test("with --redact no tool shows the name of the host or the command line of the kernel", async () => {
  const client = await connected("--no-search", "--redact", "sample/vmcore");
  try {
    for (const [name, given] of [
      ["run", { command: "sys" }],
      ["evaluate", { expression: "init_uts_ns.name.nodename" }],
      ["log", { contains: "ommand line" }],
    ] as const) {
      const { text } = await called(client, name, given);
      assert.doesNotMatch(text, /lab-guest|console=/, name);
    }
    assert.match((await called(client, "verdict")).text, /lab_apply/);
  } finally {
    await client.close();
  }
});
