import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Called, called, connected } from "./connect.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "mcp-")));
const root = join(folder, "root");
mkdirSync(root);
copyFileSync("sample/vmcore", join(root, "vmcore"));
copyFileSync("sample/vmcore", join(root, "second"));
copyFileSync("sample/vmcore", join(folder, "outside"));
symlinkSync(join(folder, "outside"), join(root, "link"));

const client = await connected("--no-search", "--root", root);
after(async () => {
  await client.close();
  rmSync(folder, { recursive: true });
});

const call = (name: string, given: Record<string, unknown> = {}, on = client): Promise<Called> =>
  called(on, name, given);

test("there are at most twelve tools, each described and declared to read only", async () => {
  const { tools } = await client.listTools();
  assert.ok(tools.length <= 12);
  for (const { name, description = "", annotations, outputSchema } of tools) {
    assert.ok(description.length > 60, name);
    assert.equal(annotations?.readOnlyHint, true, name);
    assert.equal(outputSchema?.type, "object", name);
  }
});

test("a tool says to open a dump first", async () => {
  const { isError, text } = await call("verdict");
  assert.deepEqual([isError, text], [true, "no dump is open: call open_dump first"]);
});

test("open_dump lists the dumps below the roots, without following links", async () => {
  const { answer } = await call("open_dump");
  assert.deepEqual((answer?.data as { path: string }[]).map(({ path }) => path).sort(), [
    join(root, "second"),
    join(root, "vmcore"),
  ]);
});

test("a path outside the roots is refused, directly, by a link and with dots", async () => {
  for (const path of [
    join(folder, "outside"),
    join(root, "link"),
    join(root, "../outside"),
    "/etc/passwd",
    "/no/such",
  ]) {
    const { isError, text } = await call("open_dump", { path });
    assert.equal(isError, true, path);
    assert.equal(text, `${path}: not a file below ${root}`);
  }
  const { text } = await call("open_dump", { path: join(root, "vmcore"), vmlinux: "/etc/passwd" });
  assert.match(text, /^\/etc\/passwd: not a file below/);
});

test("a directory is refused, because a link in it can lead out of the root", async () => {
  const { isError, text } = await call("open_dump", { path: root });
  assert.equal(isError, true);
  assert.equal(text, `${root} is a directory: call open_dump without a path to list the dumps`);
});

test("a relative path is below a root", async () => {
  const { answer } = await call("open_dump", { path: "vmcore" });
  assert.deepEqual((answer?.data[0] as { files: string[] }).files, [join(root, "vmcore")]);
});

test("two dumps are open at the same time, and a tool asks which one is meant", async () => {
  const first = (await call("open_dump", { path: join(root, "vmcore") })).answer?.data[0] as { dump: string };
  assert.match(
    (await call("verdict", { evidence: false })).answer?.says ?? "",
    /NULL pointer dereference in lab_apply/,
  );
  const second = (await call("open_dump", { path: join(root, "second") })).answer?.data[0] as { dump: string };
  assert.match((await call("tasks")).text, /^several dumps are open: give dump; open are 1:vmcore, 2:second/);
  for (const { dump } of [first, second])
    assert.equal((await call("tasks", { dump, name: "insmod" })).answer?.data.length, 1);
  assert.equal((await call("tasks", { dump: "3:none" })).isError, true);
});

test("a dump that disappears is still answered from, and cannot be opened again", async () => {
  const path = join(root, "second");
  rmSync(path);
  assert.equal((await call("tasks", { dump: "2:second", name: "insmod" })).answer?.data.length, 1);
  assert.match((await call("open_dump", { path })).text, /not a file below/);
});

test("arguments that a tool does not have are refused", async () => {
  const { isError, text } = await call("tasks", { dump: "1:vmcore", nam: "init" }).catch((error: unknown) => ({
    isError: true,
    text: String(error),
  }));
  assert.equal(isError, true);
  assert.match(text, /nam/);
});

test("a call is cancelled by its client, and the server answers the next", async () => {
  const abort = new AbortController();
  const search = client.callTool(
    { name: "find", arguments: { dump: "1:vmcore", pointer: "0x123456789abcdef0" } },
    { signal: abort.signal },
  );
  setTimeout(() => abort.abort(), 20);
  await assert.rejects(search);
  assert.equal((await call("tasks", { dump: "1:vmcore", name: "insmod" })).answer?.data.length, 1);
});

test("a dump that is named on the command line is open, and its directory is the root", async () => {
  const other = await connected("--no-search", join(folder, "outside"));
  try {
    assert.match((await call("verdict", {}, other)).answer?.says ?? "", /lab_apply/);
    const { answer } = await call("open_dump", {}, other);
    assert.deepEqual((answer?.data[0] as { open: boolean }).open, true);
  } finally {
    await other.close();
  }
});
