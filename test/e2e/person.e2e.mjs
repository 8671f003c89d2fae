// The editor as a person meets it: without the smoke-test driver, so that toasts and modal dialogs are on the screen,
// at 1280x720. Screenshots go to .cache/shots.
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { after, before } from "node:test";
import { Stage } from "./stage.mjs";

const stage = new Stage("person-");
const { folder } = stage;
const test = (title, run) => stage.step(title, run);

before(async () => {
  cpSync("sample", folder, { recursive: true });
  await stage.open({ "workbench.colorTheme": "Light Modern" }, { isDriven: false, width: 1280, height: 720 });
  await stage.workbench.knows("Vmcore: Open the Sample Crash Dump");
});

after(() => stage.close());

const stackRow = (text) => stage.page.locator(".debug-call-stack .monaco-list-row", { hasText: text }).first();

const toasts = () => stage.page.locator(".notifications-toasts .notification-list-item");

test("a command that fails says so in one toast", async () => {
  const { workbench, page } = stage;
  await workbench.command("Vmcore: Open the Sample Crash Dump");
  await stackRow("lab_apply").waitFor();
  await workbench.command("Vmcore: View Memory at Address...");
  await workbench.box.fill("no_such_symbol");
  await page.keyboard.press("Enter");
  await toasts().first().waitFor();
  await stage.shot("toast");
  const said = await toasts().allInnerTexts();
  assert.equal(said.length, 1, said.join("\n"));
  assert.match(said[0], /no_such_symbol/);
  await workbench.command("Notifications: Clear All Notifications");
});
