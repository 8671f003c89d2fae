// A folder that the user does not trust: logs are read and explained, nothing in the folder is, until it is trusted.
// Without the smoke-test driver. Screenshots go to .cache/shots.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before } from "node:test";
import { Stage } from "./stage.mjs";

const stage = new Stage("restricted-");
const test = (title, run) => stage.step(title, run);
let workbench, page;

const LOG = [
  "[    1.0] BUG: kernel NULL pointer dereference, address: 0000000000000008",
  "[    1.0] RIP: 0010:lab_apply+0x2f/0x43 [lab]",
  "[    1.0] RAX: 0000000000000000 RBX: ffff8ef6849a9800 RCX: 0000000000000000",
  "[    1.0] ---[ end trace 0000000000000000 ]---",
  "[    1.0] kernel BUG at driver.c:3!",
];

before(async () => {
  writeFileSync(join(stage.folder, "dmesg.txt"), `${LOG.join("\n")}\n`);
  writeFileSync(join(stage.folder, "driver.c"), "/* one\n two\n three */\n");
  const settings = { "workbench.colorTheme": "Light Modern", "security.workspace.trust.startupPrompt": "never" };
  await stage.open(settings, { isDriven: false, hasTrust: true, width: 1280, height: 720 });
  ({ workbench, page } = stage);
});

after(() => stage.close());

const lens = (text) => page.locator(".codelens-decoration a", { hasText: text }).first();
/** Links of the document; an address that leads into a dump is one as well. */
const links = () =>
  page.locator(".editor-instance .detected-link, .editor-instance .detected-link-active").allInnerTexts();

test("a log is read and explained in Restricted Mode, and leads to no file of the folder", async () => {
  await workbench.pick("Control+P", "dmesg.txt", "dmesg.txt");
  await page.locator(".statusbar-item", { hasText: "Restricted Mode" }).waitFor();
  await page.locator(".statusbar-item", { hasText: "Kernel Log" }).waitFor();
  await lens("Analyze").waitFor({ timeout: 40_000 });
  await page.waitForTimeout(2000);
  await stage.shot("log");
  assert.ok(!(await links()).join(" ").includes("driver.c"));
});

test("the folder is read once it is trusted", async () => {
  await workbench.command("Workspaces: Manage Workspace Trust");
  await page.locator(".workspace-trust-editor .monaco-button", { hasText: "Trust" }).first().click();
  await page.locator(".statusbar-item", { hasText: "Restricted Mode" }).waitFor({ state: "detached" });
  // VS Code asks for the links of an open document again when its text changes.
  await workbench.command("View: Close All Editors");
  await workbench.pick("Control+P", "dmesg.txt", "dmesg.txt");
  await lens("Analyze").waitFor();
  for (let i = 0; i < 20 && !(await links()).join(" ").includes("driver.c"); i++) await page.waitForTimeout(500);
  await stage.shot("trusted");
  assert.ok((await links()).join(" ").includes("driver.c"));
});
