// The Health page of the Crash Dump panel: its sentences are whole, and each row leads to its evidence.
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { after, before } from "node:test";
import { Stage } from "./stage.mjs";

const stage = new Stage("health-");
const { folder } = stage;
let workbench, page, frame;

before(async () => {
  cpSync("sample", folder, { recursive: true });
  await stage.open({ "workbench.colorTheme": "Light Modern" });
  ({ workbench, page } = stage);
});

after(() => stage.close());

stage.step("the sentences of the health page are wrapped and not cut", async () => {
  await workbench.command("Vmcore Debug: Open Sample Crash Dump");
  await page.locator(".debug-call-stack .monaco-list-row", { hasText: "lab_apply" }).first().waitFor();
  await workbench.command("Crash Dump: Focus on Crash Dump View");
  frame = await workbench.webview("#tab-health");
  await frame.locator("#tab-health").click();
  const table = frame.locator("section:not([hidden]) .grid.wraps");
  await table.waitFor();
  const finding = await table.locator('[role=columnheader][title="finding"]').getAttribute("data-column");
  const cells = table.locator(`.body [data-column="${finding}"]`);
  await cells.filter({ hasText: "The kernel panics after: an oops" }).waitFor();
  const texts = await cells.allInnerTexts();
  assert.equal(new Set(texts).size, texts.length, "one row for each finding");
  const cut = await cells.evaluateAll((all) => all.filter((cell) => cell.scrollWidth > cell.clientWidth + 1).length);
  assert.equal(cut, 0);
  const heights = await table.locator(".body .row").evaluateAll((all) => all.map((row) => row.clientHeight));
  assert.ok(Math.max(...heights) > 22, String(heights));
  await stage.shot("light");
});

stage.step("a row leads to its evidence", async () => {
  await frame.locator("section:not([hidden]) .grid .link", { hasText: "sys -t" }).first().click();
  await page.locator(".tab.active", { hasText: "sys -t" }).waitFor();
});

stage.step("the layout of a struct opens as a table in an editor, with values and holes", async () => {
  await workbench.command("Vmcore Debug: Open Rows of a Command as Table…");
  await workbench.box.fill("struct task_struct init_task --table");
  await workbench.row("struct task_struct init_task --table").click();
  await page.locator(".tab.active", { hasText: "struct task_struct" }).waitFor();
  const table = await workbench.webview('[role=columnheader][title="cache_line"]');
  await table.locator(".body .row", { hasText: "hole" }).first().waitFor();
  await stage.shot("struct-table");
});

for (const [theme, name] of [
  ["Dark Modern", "dark"],
  ["Dark High Contrast", "high-contrast"],
])
  stage.step(`the health page in the theme ${theme}, on a small screen`, async () => {
    await page.setViewportSize({ width: 1280, height: 720 });
    await workbench.command("Preferences: Color Theme");
    await workbench.box.fill(theme);
    await workbench.row(theme).click();
    await workbench.command("Crash Dump: Focus on Crash Dump View");
    frame = await workbench.webview("#tab-health");
    await frame.locator("#tab-health").click();
    const finding = frame.locator("section:not([hidden]) .grid.wraps .body .row").first();
    await finding.waitFor();
    await stage.shot(name);
  });
