// The ways to a dump and around it, as a newcomer finds them: the walkthrough, the Explorer, a drop on the window, the
// status bar's menu, the Debug Symbols view. Screenshots go to .cache/shots.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import { after, before } from "node:test";
import { Stage } from "./stage.mjs";

const stage = new Stage("opening-");
const { folder } = stage;
const test = (title, run) => stage.step(title, run);
let workbench, page;

before(async () => {
  cpSync("sample", folder, { recursive: true });
  await stage.open({ "workbench.colorTheme": "Light Modern" });
  ({ workbench, page } = stage);
  await workbench.knows("Vmcore Debug: Open Sample Crash Dump");
});

after(() => stage.close());

const explorerRow = (name) =>
  page.locator(".explorer-folders-view .monaco-list-row", { hasText: new RegExp(`^${name}$`) }).first();
const stackRow = (text) => page.locator(".debug-call-stack .monaco-list-row", { hasText: text }).first();
const atLine = (line) =>
  page
    .locator(".statusbar-item", { hasText: new RegExp(`Ln ${line}, Col`) })
    .first()
    .waitFor();

/** By the mouse, in steps: VS Code shows where a drop would go while it moves. */
async function drag(from, to) {
  const [start, end] = [await from.boundingBox(), await to.boundingBox()];
  await page.mouse.move(start.x + 40, start.y + start.height / 2);
  await page.mouse.down();
  await page.mouse.move(start.x + 80, start.y + start.height / 2 + 8, { steps: 5 });
  await page.mouse.move(end.x + end.width / 2, end.y + end.height / 2, { steps: 15 });
  await page.waitForTimeout(500);
  await page.mouse.up();
}

async function closeDump() {
  await workbench.command("Debug: Stop");
  await page.locator(".statusbar-item", { hasText: "6.1.0-56-cloud-amd64" }).waitFor({ state: "detached" });
  await workbench.command("View: Close All Editors");
}

test("a dump in the Explorer opens as what it is, with a button that debugs it", async () => {
  await workbench.command("Explorer: Focus on Folders View");
  await explorerRow("vmcore").dblclick();
  const facts = await workbench.webview("#debug");
  await facts.locator("tr", { hasText: "6.1.0-56-cloud-amd64" }).first().waitFor();
  await facts.locator("pre", { hasText: "Kernel panic - not syncing" }).waitFor();
  await facts
    .locator("tr", { hasText: /^vmlinux/ })
    .filter({ hasText: "No vmlinux was found in" })
    .waitFor();
  await stage.shot("facts");
  await facts.locator("#debug").click();
  await stackRow("lab_apply").waitFor();
  const verdict = await workbench.webview(".verdict .notice");
  for (const label of ["Choose…", "Fetch…", "Copy Install Command"])
    await verdict.locator(".notice button", { hasText: label }).waitFor();
  await verdict.locator(".notice button", { hasText: "Show Places" }).click();
  await page.locator(".pane-body .monaco-list-row", { hasText: "no vmlinux, so no source lines" }).first().waitFor();
  await page.locator(".statusbar-item", { hasText: /·\s+no vmlinux found\s+·/ }).waitFor();
  await stage.shot("no-vmlinux");
  await closeDump();
});

test("the Explorer's menu debugs a dump at once", async () => {
  await workbench.command("Explorer: Focus on Folders View");
  await explorerRow("vmcore").click({ button: "right" });
  await stage.choose("Open Crash Dump");
  await stackRow("lab_apply").waitFor();
  await closeDump();
});

test("a dump that is dropped on the window opens as well", async () => {
  await workbench.command("Explorer: Focus on Folders View");
  await drag(explorerRow("vmcore"), page.locator(".part.editor .editor-group-container").first());
  const facts = await workbench.webview("#debug");
  await facts.locator("tr", { hasText: "6.1.0-56-cloud-amd64" }).first().waitFor();
  await workbench.command("View: Close All Editors");
});

test("from an opened sample to the faulting line in three clicks of the walkthrough", async () => {
  await workbench.command("Welcome: Open Walkthrough...");
  await workbench.box.fill("Debug a Linux Kernel Crash Dump");
  await workbench.row("Debug a Linux Kernel Crash Dump").click();
  const walkthrough = page.locator(".gettingStartedContainer");
  await walkthrough.locator(".step-title", { hasText: "Open a Crash Dump" }).first().waitFor();
  await stage.shot("walkthrough");
  await walkthrough.locator(".monaco-button", { hasText: "Open Sample Crash Dump" }).click();
  await stackRow("lab_apply").waitFor();
  // The stop has shown the line; the walkthrough's way to it is walked with no source open.
  await page.locator(".tab", { hasText: "lab_nullderef.c" }).first().waitFor();
  await page
    .locator(".tab", { hasText: /Welcome|Walkthrough/ })
    .first()
    .click();
  await workbench.command("View: Close Other Editors in Group");
  // One: the step. Two: its button. Three: the line in the log.
  await walkthrough.locator(".step-title", { hasText: "Find the Faulting Line" }).first().click();
  await walkthrough.locator(".monaco-button", { hasText: "Show the Kernel Log" }).click();
  const log = await workbench.webview(".log .link");
  await stage.shot("walkthrough-log");
  await log.locator(".log .link", { hasText: "lab_nullderef.c:27" }).first().click();
  await page.locator(".tab.active", { hasText: "lab_nullderef.c" }).waitFor();
  await atLine(27);
});

const statusItem = () => page.locator(".statusbar-item", { hasText: "6.1.0-56-cloud-amd64" }).first();

test("the status bar names kernel and panic, and its menu leads on", async () => {
  assert.match(
    await statusItem().innerText(),
    /6\.1\.0-56-cloud-amd64.*no vmlinux.*BUG: kernel NULL pointer dereference/,
  );
  await statusItem().click();
  await workbench.row("Select Task…").waitFor();
  await stage.shot("status-menu");
  for (const label of ["Go to Address or Symbol…", "Debug Symbols", "Close Crash Dump"])
    await workbench.row(label).waitFor();
  await workbench.row("Select Task…").click();
  // The list is filtered by the function in which a task waits, once that is known.
  await workbench.box.fill("do_wait");
  await page.locator(".quick-input-list .monaco-list-row", { hasText: /init \[1\].*do_wait.*sleeping/ }).waitFor();
  await stage.shot("select-task");
  await workbench.row("init [1]").click();
  await page
    .locator(".debug-call-stack .monaco-list-row", { hasText: /^init \[1\]/ })
    .first()
    .waitFor();
  await stackRow("do_wait").waitFor();
});

const pane = () => page.locator(".pane", { has: page.locator(".pane-header", { hasText: "Debug Symbols" }) }).first();

test("the Debug Symbols view says what vmcore-debug debuginfo says", async () => {
  // What is missing is said by the exit code too.
  // A session looks into the open folder as well.
  const words = ["dist/cli.js", "debuginfo", "sample/vmcore", "--debuginfo", folder, "--json"];
  const { stdout } = spawnSync(process.execPath, words, { encoding: "utf8" });
  const { buildId, tries, modules, advice } = JSON.parse(stdout);
  await statusItem().click();
  await workbench.row("Debug Symbols").click();
  const row = (text) => pane().locator(".monaco-list-row", { hasText: text }).first();
  await row(buildId).waitFor();
  // Rows that the view has no room for are not in the document.
  await pane().locator(".monaco-list").focus();
  const found = modules.filter(({ path }) => path).length;
  const absent = tries.filter(({ outcome }) => outcome === "absent").length;
  for (const text of [
    `${absent} places without a file`,
    advice.steps[0],
    `${found} of ${modules.length} with debuginfo`,
  ]) {
    await page.keyboard.press("Home");
    for (let i = 0; i < 30 && !(await row(text).isVisible()); i++) {
      await page.keyboard.press("ArrowDown");
      await page.waitForTimeout(50);
    }
    await row(text).waitFor({ timeout: 1000 });
  }
  await stage.shot("debug-symbols");
});
