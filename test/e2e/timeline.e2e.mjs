// The Timeline page of the Crash Dump panel: it begins at the crash, and its lists limit it by kind, CPU and task.
// TIMELINE_DUMP names another dump than the sample, such as one with trace events.
import assert from "node:assert/strict";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before } from "node:test";
import { Stage } from "./stage.mjs";

const stage = new Stage("timeline-");
const { folder } = stage;
const dump = process.env.TIMELINE_DUMP;
let workbench, page, frame;

before(async () => {
  cpSync("sample", folder, { recursive: true });
  mkdirSync(join(folder, ".vscode"));
  const traced = { type: "vmcore", request: "launch", name: "traced", vmcore: dump };
  writeFileSync(join(folder, ".vscode/launch.json"), JSON.stringify({ version: "0.2.0", configurations: [traced] }));
  await stage.open({ "workbench.colorTheme": "Light Modern" });
  ({ workbench, page } = stage);
});

after(() => stage.close());

const front = (selector, options) => frame.locator(`section:not([hidden]) ${selector}`, options);
/** The list of this title; names of tasks in another list may contain it. */
const list = (title) => front(".choice-list", { hasText: new RegExp(`^\\s*${title}\\b`) }).locator("select");
const texts = async (name) => {
  const index = await front(`[role=columnheader][title="${name}"]`).getAttribute("data-column");
  return (await front(`.body [data-column="${index}"]`).allInnerTexts()).map((text) => text.trim());
};

stage.step("the timeline is first shown at its end, which is the crash", async () => {
  if (dump === undefined) await workbench.command("Vmcore Debug: Open Sample Crash Dump");
  else {
    await workbench.command("Debug: Select and Start Debugging");
    await workbench.row("traced").click();
  }
  await page.locator(".debug-call-stack .monaco-list-row").nth(3).waitFor();
  await workbench.command("Crash Dump: Focus on Crash Dump View");
  frame = await workbench.webview("#tab-timeline");
  await frame.locator("#tab-timeline").click();
  await front('.body [role="row"]', { hasText: "end Kernel panic - not syncing" }).waitFor();
  const grid = front(".grid");
  const rest = await grid.evaluate((one) => one.scrollHeight - one.scrollTop - one.clientHeight);
  assert.ok(rest <= 1, `${rest} pixels below`);
  const times = await texts("time_ns");
  for (const time of times) assert.match(time, /^\d+\.\d{6} s$/);
  assert.deepEqual(
    times,
    [...times].sort((a, b) => parseFloat(a) - parseFloat(b)),
  );
  await stage.shot("light");
});

stage.step("a list limits the rows by the keyboard alone, and the count says so", async () => {
  await front(".toolbar input").focus();
  await page.keyboard.press("Tab");
  assert.equal(await list("Kind").evaluate((one) => one === document.activeElement), true);
  await page.keyboard.press("r");
  await page.keyboard.press("Enter");
  await front('.toolbar [role="status"]', { hasText: /^[\d,]+ of [\d,]+ rows$/ }).waitFor();
  assert.deepEqual([...new Set(await texts("kind"))], ["run"]);
  await list("CPU").selectOption({ index: 1 });
  const [cpu] = await texts("cpu");
  assert.deepEqual([...new Set(await texts("cpu"))], [cpu]);
  await stage.shot("chosen");
});

stage.step("choices that no row has are named, and cleared together", async () => {
  await front(".toolbar input").fill("no such row");
  await front(".state", { hasText: /No row matches “no such row”, Kind run, CPU \d+\./ }).waitFor();
  await front(".state button", { hasText: "Clear" }).click();
  await front(".body .row").first().waitFor();
  for (const title of ["Kind", "CPU"]) assert.equal(await list(title).evaluate((one) => one.selectedIndex), 0);
});

for (const [theme, name] of [
  ["Dark Modern", "dark"],
  ["Dark High Contrast", "high-contrast"],
])
  stage.step(`the timeline in the theme ${theme}, on a small screen`, async () => {
    await page.setViewportSize({ width: 1280, height: 720 });
    await workbench.command("Preferences: Color Theme");
    await workbench.box.fill(theme);
    await workbench.row(theme).click();
    await workbench.command("Crash Dump: Focus on Crash Dump View");
    frame = await workbench.webview("#tab-timeline");
    await frame.locator("#tab-timeline").click();
    await front(".body .row").first().waitFor();
    await stage.shot(name);
  });
