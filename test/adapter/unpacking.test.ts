import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { deb } from "../builders/packages.ts";
import { DapClient } from "./client.ts";

const MODULE_ID = "ceabf09db29b042eb1e570ed4fc2fb69f5a32153";
let folder: string;
let modules: string;
const cacheHome = process.env["XDG_CACHE_HOME"];

before(() => {
  folder = mkdtempSync(join(tmpdir(), "unpacking-"));
  modules = join(folder, "modules.deb");
  writeFileSync(modules, deb({ "./lib/lab_nullderef.ko": readFileSync("sample/lab_nullderef.ko") }));
  // Alone: the sample's module lies beside it.
  copyFileSync("sample/vmcore", join(folder, "vmcore"));
  process.env["XDG_CACHE_HOME"] = folder;
});
after(() => {
  if (cacheHome === undefined) delete process.env["XDG_CACHE_HOME"];
  else process.env["XDG_CACHE_HOME"] = cacheHome;
  rmSync(folder, { recursive: true, force: true });
});

const args = (more: object): object => ({ vmcore: join(folder, "vmcore"), modules, unpackLimit: "1k", ...more });
const kept = (): boolean => existsSync(join(folder, "vmcore-debug", "symbols", MODULE_ID, "debuginfo"));

for (const yes of [false, true])
  test(`a user who is asked whether more is unpacked and says ${yes ? "yes" : "no"} is obeyed`, async () => {
    const client = new DapClient();
    await client.initialize();
    const launched = client.request("launch", args({ asks: true })).then(
      () => "opened",
      (error: unknown) => String(error),
    );
    const { id, question } = await client.event<{ id: number; question: string }>("vmcore/ask");
    assert.match(question, /modules\.deb unpacks to more than/);
    await client.request("vmcore/answer", { id, yes });
    assert.match(
      await launched,
      yes ? /^opened$/ : /modules\.deb unpacks to more than .*"unpackLimit": "8G" allows more/,
    );
    assert.equal(kept(), yes);
    await client.close();
  });

test("a client that says nothing of questions is told which attribute allows more", async () => {
  rmSync(join(folder, "vmcore-debug", "symbols"), { recursive: true, force: true });
  const client = new DapClient();
  await client.initialize();
  await assert.rejects(client.request("launch", args({})), /"unpackLimit": "8G" allows more/);
  assert.equal(kept(), false);
  await client.close();
});
