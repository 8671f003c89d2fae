// A folder that the user does not trust: logs are read and explained, nothing in the folder is, until it is trusted.
// Without the smoke-test driver. Screenshots go to .cache/shots.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
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

/** The server that the folder's launch.json names, and the requests that it got. */
const requests = [];
const server = createServer(({ url }, response) => {
  requests.push(url);
  response.writeHead(404).end();
});

before(async () => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  const vmcore = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}/vmcore`;
  const configurations = [{ type: "vmcore", request: "launch", name: "a dump elsewhere", vmcore }];
  mkdirSync(join(stage.folder, ".vscode"));
  writeFileSync(join(stage.folder, ".vscode/launch.json"), JSON.stringify({ version: "0.2.0", configurations }));
  writeFileSync(join(stage.folder, "dmesg.txt"), `${LOG.join("\n")}\n`);
  writeFileSync(join(stage.folder, "driver.c"), "/* one\n two\n three */\n");
  const settings = { "workbench.colorTheme": "Light Modern", "security.workspace.trust.startupPrompt": "never" };
  await stage.open(settings, { isDriven: false, hasTrust: true, width: 1280, height: 720 });
  ({ workbench, page } = stage);
});

after(async () => {
  await stage.close();
  server.close();
  server.closeAllConnections();
});

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

test("an address in launch.json is not requested before the user has answered that the folder is trusted", async () => {
  await page.keyboard.press("F5");
  const question = page.locator(".monaco-dialog-box", { hasText: "trust" });
  await question.waitFor({ timeout: 20_000 });
  await stage.shot("address");
  await question.locator(".monaco-button", { hasText: "Cancel" }).click();
  await question.waitFor({ state: "detached" });
  await page.waitForTimeout(2000);
  assert.deepEqual(requests, []);
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

test("the address is requested once the folder is trusted", async () => {
  await page.keyboard.press("F5");
  await page.locator(".monaco-dialog-box, .notification-toast", { hasText: "there is no such file on the server" }).first().waitFor({ timeout: 40_000 }); // prettier-ignore
  await stage.shot("absent");
  assert.ok(requests.includes("/vmcore"));
});
