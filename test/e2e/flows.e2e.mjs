// What an ordinary user runs into, without the smoke-test driver: dumps that are cut off or none, names that the kernel's
// dump tools give, keys and searches of the Crash Dump panel. Screenshots go to .cache/shots.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before } from "node:test";
import { Stage } from "./stage.mjs";

const stage = new Stage("flows-");
const { folder } = stage;
const test = (title, run) => stage.step(title, run);
let workbench, page;

/** kdump-tools (Debian, Ubuntu) names a dump by its time, and the log beside it. */
const DEBIAN = "dump.202611211012";
const LOG = "dmesg.202611211012";

before(async () => {
  mkdirSync(join(folder, "host-a"));
  copyFileSync("sample/vmcore", join(folder, "host-a", DEBIAN));
  writeFileSync(join(folder, "host-a", LOG), "[    0.000000] Linux version 6.1.0\n");
  writeFileSync(join(folder, "dump.20261121"), "-- a dump of a database\nSELECT 1;\n");
  writeFileSync(join(folder, "vmcore-20261121"), readFileSync("sample/vmcore").subarray(0, 14_000_000));
  writeFileSync(join(folder, "vmcore.bad"), "not a dump\n");
  await stage.open({ "workbench.colorTheme": "Light Modern" }, { isDriven: false, width: 1280, height: 720 });
  ({ workbench, page } = stage);
  await workbench.knows("Vmcore Debug: Open Sample Crash Dump");
});

after(() => stage.close());

const stackRow = (text) => page.locator(".debug-call-stack .monaco-list-row", { hasText: text }).first();
const toasts = () => page.locator(".notifications-toasts .notification-list-item");
const statusItem = () => page.locator(".statusbar-item", { hasText: "6.1.0-56-cloud-amd64" }).first();

/** Opens a file as a click in the quick open list does. */
const open = (name) => workbench.pick("Control+P", name, name);

async function closeDump() {
  await workbench.command("Debug: Stop");
  await statusItem().waitFor({ state: "detached" });
  await workbench.command("View: Close All Editors");
  if ((await toasts().count()) > 0) await workbench.command("Notifications: Clear All Notifications");
}

test("a dump by the name that Debian's kdump-tools gives it opens as what it is, its log as a kernel log", async () => {
  await open(DEBIAN);
  const facts = await workbench.webview("#debug");
  await facts.locator("tr", { hasText: "6.1.0-56-cloud-amd64" }).first().waitFor();
  await open(LOG);
  await page.locator(".statusbar-item", { hasText: "Kernel Log" }).waitFor();
  await workbench.command("View: Close All Editors");
});

test("a text by such a name opens as text", async () => {
  await open("dump.20261121");
  await page.locator(".view-line", { hasText: "a dump of a database" }).waitFor();
  await page.waitForFunction(() => document.querySelectorAll(".tab").length === 1);
  await workbench.command("View: Close All Editors");
});

test("a dump that was cut off says so on top, with the size found and the size expected, and in one toast", async () => {
  await open("vmcore-20261121");
  const facts = await workbench.webview("main header");
  await facts.locator("table, .refused").first().waitFor();
  await stage.shot("cut-facts");
  await facts.locator("#debug").click();
  await statusItem().waitFor();
  await page.waitForTimeout(3000);
  await stage.shot("cut-session");
  const said = await toasts().allInnerTexts();
  assert.equal(said.length, 1, said.join("\n"));
  await closeDump();
});

test("what is no dump is told in a message of ours", async () => {
  await workbench.command("Vmcore Debug: Open Crash Dump…");
  await workbench.row("vmcore.bad").click();
  const dialog = page.locator(".monaco-dialog-box");
  await dialog.waitFor();
  await stage.shot("no-dump");
  const said = await dialog.innerText();
  assert.match(said, /vmcore\.bad is not a dump: it is text/);
  assert.match(said, /Open Another Dump/);
  assert.doesNotMatch(said, /launch\.json/);
  await page.keyboard.press("Escape");
});

const panel = () => workbench.webview(".log-page:not([hidden]) .toolbar");
const searchBox = async () => (await panel()).locator(".log-page:not([hidden]) input[type=search]");
const count = async () => (await panel()).locator(".log-page:not([hidden]) .toolbar .count").first();

test("Ctrl+F in the Crash Dump panel searches the panel; nothing found says so, and is cleared by a click", async () => {
  await open(DEBIAN);
  const facts = await workbench.webview("#debug");
  await facts.locator("#debug").click();
  await stackRow("lab_apply").waitFor();
  await workbench.command("Vmcore Debug: Show Crash Dump Panel…");
  await workbench.row("Log").click();
  const log = await workbench.webview(".log .line");
  await log.locator(".log .line").first().click();
  await page.keyboard.press("Control+f");
  await page.waitForTimeout(300);
  await page.keyboard.type("no such words");
  await log.locator(".state", { hasText: "No line with “no such words”." }).waitFor();
  await stage.shot("nothing-found");
  assert.equal(await page.locator(".find-widget.visible").count(), 0);
  await log.locator(".state button", { hasText: "Clear" }).click();
  await log.locator(".log .line").first().waitFor();
  assert.equal(await (await searchBox()).inputValue(), "");
  await (await searchBox()).fill("virtio");
  await (await count()).filter({ hasText: "hit" }).waitFor();
});

test("the log of the next dump is not filtered by what was searched in the last", async () => {
  await closeDump();
  await workbench.command("Vmcore Debug: Open Sample Crash Dump");
  await stackRow("lab_apply").waitFor();
  await workbench.command("Vmcore Debug: Show Crash Dump Panel…");
  await workbench.row("Log").click();
  await workbench.webview(".log .line");
  assert.equal(await (await searchBox()).inputValue(), "");
  await (await count()).filter({ hasText: "line" }).waitFor();
  await stage.shot("next-dump");
});

test("a refused step leaves the frame that the user looks at in front", async () => {
  await stackRow("hello_init").click();
  await page.keyboard.press("F10");
  await toasts().filter({ hasText: "does not run" }).first().waitFor();
  await page.waitForTimeout(1000);
  await stage.shot("step");
  await page.locator(".debug-call-stack .monaco-list-row.selected", { hasText: "hello_init" }).waitFor();
  await closeDump();
});
