// The Crash Dumps view: hidden from people who never opened a dump, then with open and earlier dumps.
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { after, before } from "node:test";
import { Stage } from "./stage.mjs";

const stage = new Stage("dumps-");
const test = (title, run) => stage.step(title, run);
let workbench, page;

before(async () => {
  cpSync("sample", stage.folder, { recursive: true });
  await stage.open({ "workbench.colorTheme": "Dark Modern" });
  ({ workbench, page } = stage);
  await workbench.knows("Vmcore Debug: Open Sample Crash Dump");
});

after(() => stage.close());

const pane = () => page.locator(".pane", { has: page.locator(".pane-header", { hasText: "Crash Dumps" }) });
const row = (text) => pane().locator(".monaco-list-row", { hasText: text }).first();
async function unfold() {
  const header = pane().locator(".pane-header");
  await header.waitFor();
  if ((await header.getAttribute("aria-expanded")) === "false") await header.click();
}

test("somebody who never opened a dump sees no view of ours", async () => {
  await workbench.command("View: Show Run and Debug");
  await page.locator(".welcome-view", { hasText: "Run and Debug" }).first().waitFor();
  assert.equal(await pane().count(), 0);
  assert.equal(await page.locator(".panel .action-label", { hasText: "Crash Dump" }).count(), 0);
});

test("an open dump is listed with its crash, kernel and host", async () => {
  await workbench.command("Vmcore Debug: Open Sample Crash Dump");
  await page
    .locator(".debug-call-stack .monaco-list-row", { hasText: "lab_apply" })
    .first()
    .waitFor({ timeout: 60_000 });
  await unfold();
  await row("sample/vmcore").waitFor();
  assert.match(await row("sample/vmcore").innerText(), /open · .*NULL pointer.*6\.1\.0-56-cloud-amd64 · lab-guest/s);
  await stage.shot("open");
});

test("a closed dump opens again with a click, and can be removed from the list", async () => {
  await workbench.command("Debug: Stop");
  await page.waitForFunction(() => !document.querySelector(".debug-toolbar")?.checkVisibility());
  await unfold();
  await row("sample/vmcore").filter({ hasNotText: "open ·" }).waitFor();
  await stage.shot("closed");
  await row("sample/vmcore").click();
  await page
    .locator(".debug-call-stack .monaco-list-row", { hasText: "lab_apply" })
    .first()
    .waitFor({ timeout: 60_000 });
  await workbench.command("Debug: Stop");
  const closed = row("sample/vmcore").filter({ hasNotText: "open ·" });
  await closed.waitFor();
  await closed.hover();
  await closed.locator('.action-label[aria-label^="Remove from List"]').click();
  await pane().locator(".welcome-view-content", { hasText: "No crash dump is open" }).waitFor();
  await stage.shot("empty");
});
