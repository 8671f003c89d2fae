// Who waits for whom, as a person sees it: the packaged extension in a real workbench, on a kdump of two kernel threads
// that took two mutexes in opposite order. Screenshots go to .cache/shots.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { after, before } from "node:test";
import { Stage } from "./stage.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const corpus = resolve(process.env.VMCORE_CORPUS ?? "../shared/corpus");

const stage = new Stage("waits-");
const { folder } = stage;
const shot = (name) => stage.shot(name);
const test = (title, run) => stage.step(title, run);
let workbench, page, frame;

before(async () => {
  mkdirSync(join(folder, ".vscode"));
  const abba = { type: "vmcore", request: "launch", name: "abba", vmcore: join(corpus, "x86_64-6.1/abba/vmcore") };
  writeFileSync(join(folder, ".vscode/launch.json"), JSON.stringify({ version: "0.2.0", configurations: [abba] }));
  await stage.open({ "workbench.colorTheme": "Light Modern" }, { width: 1280, height: 720 });
  ({ workbench, page } = stage);
  await workbench.knows("Vmcore Debug: Open Crash Dump…");
});

after(() => stage.close());

const front = (selector, options) => frame.locator(`section:not([hidden]) ${selector}`, options);
const node = (name) => front(".node", { hasText: name });
const selected = async () => (await front(".node.selected .name").innerText()).trim();

test("the page draws the deadlock first, with both owners and both stacks", async () => {
  for (let i = 0; i < 4 && (await page.locator(".debug-toolbar").count()) === 0; i++) {
    await page.keyboard.press("F5");
    await page
      .locator(".debug-toolbar")
      .waitFor({ timeout: 20_000 })
      .catch(() => undefined);
  }
  await page.locator(".debug-call-stack .monaco-list-row").first().waitFor({ timeout: 60_000 });
  // It stops in the first hung task, not in khungtaskd; the functions of the scheduler and of the lock are folded.
  await page.locator(".debug-call-stack .monaco-list-row", { hasText: /^lab_transfer/ }).waitFor();
  const stack = await page.locator(".debug-call-stack .monaco-list-row").allInnerTexts();
  const rows = stack.map((text) => text.replace(/\s+/g, " ").trim());
  assert.match(rows[0], /^lab_left \[278\] blocked 12\.1 s/);
  assert.match(rows[1], /Show \d+ More: waits in __mutex_lock, 12\.1 s/);
  assert.match(rows[2], /^lab_transfer/);
  // Both owners are named where the session stops, before anything is clicked.
  const widget = page.locator(".exception-widget");
  await widget.waitFor();
  assert.match(await widget.innerText(), /deadlock: lab_left \[278\], lab_right \[279\] wait for each other/);
  await workbench.command("Crash Dump: Focus on Crash Dump View");
  frame = await workbench.webview(".tabs");
  await frame.locator("#tab-waits").click();
  await front(".graph").waitFor();
  const sentence = (await front(".deadlock").innerText()).replace(/\s+/g, " ");
  assert.match(
    sentence,
    /Deadlock: lab_left \[278\] waits for mutex lab_mutex_b \[lab_abba\], held by lab_right \[279\]; lab_right \[279\] waits for mutex lab_mutex_a \[lab_abba\], held by lab_left \[278\]/,
  );
  assert.equal(await front(".count[role=status]").innerText(), "1 deadlock, 7 blocked tasks");
  assert.equal(await front(".node.cycle").count(), 4);
  await front(".pair .stack li", { hasText: "lab_transfer" }).nth(1).waitFor();
  assert.equal(await front(".pair .stack").count(), 2);
  await shot("light");
});

test("tasks are grouped by the function that waits and what it waits for", async () => {
  await frame.locator("#tab-tasks").click();
  await front("button", { hasText: "By Wait" }).click();
  // Tasks that wait for something that is known are first.
  await front(".group", {
    hasText: /^2 tasks\s*lab_locked_count, waits for mutex lab_mutex_a .*lab_left \[278\]/,
  }).waitFor();
  await shot("by-wait");
  await front("button", { hasText: /^\s*List/ }).click();
  // The owner is at the end of a cell, which is therefore not cut.
  const cell = front("[role=gridcell]", { hasText: "held by lab_right [279]" }).first();
  await front("input[type=search]").fill("comm:lab_left");
  await cell.waitFor();
  assert.ok(await cell.evaluate(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth));
  await shot("tasks");
  await front("input[type=search]").fill("");
  await frame.locator("#tab-waits").click();
});

test("arrow keys lead along the graph, Enter to the task", async () => {
  await node("cat [282]").click();
  assert.equal(await selected(), "cat [282]");
  await page.keyboard.press("ArrowRight");
  assert.match(await selected(), /^mutex lab_mutex_a/);
  await page.keyboard.press("ArrowRight");
  assert.equal(await selected(), "lab_left [278]");
  // The session stopped in lab_left; the task that it waits for is another.
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  assert.equal(await selected(), "lab_right [279]");
  await page.keyboard.press("Enter");
  await page
    .locator(".debug-call-stack .monaco-list-row", { hasText: "lab_right [279]" })
    .filter({ hasText: /selected/i })
    .first()
    .waitFor();
});

test("it zooms by keys and buttons", async () => {
  await node("lab_left [278]").click();
  const width = async () => (await node("lab_left [278]").boundingBox()).width;
  const before = await width();
  await page.keyboard.press("+");
  assert.ok((await width()) > before * 1.1);
  await page.keyboard.press("0");
  assert.ok(Math.abs((await width()) - before) < 2);
  await front("button[aria-label='Zoom Out']").click();
  assert.ok((await width()) < before);
  await front("button[aria-label$='Actual Size']").click();
});

/** @param isLight the page is transparent: axe takes what is behind it for white, and measures no contrast on dark */
async function hasNoViolation(isLight) {
  await frame.evaluate(axe);
  const rules = { "color-contrast": { enabled: isLight } };
  const { violations } = await frame.evaluate(
    (of) => globalThis.axe.run(document, { iframes: false, rules: of }),
    rules,
  );
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  assert.deepEqual(
    serious.map(({ id, nodes }) => [id, nodes[0]?.html]),
    [],
  );
}

test("a window of 1280x720 at 125 % has room for the deadlock and the graph, and for 12 tasks or lines", async () => {
  const size = page.viewportSize();
  await page.setViewportSize({ width: 1024, height: 576 });
  await workbench.command("View: Toggle Maximized Panel");
  await shot("125");
  const { width } = page.viewportSize();
  for (const selector of [".deadlock", ".graph", ".count[role=status]"]) {
    const box = await front(selector).boundingBox();
    assert.ok(box && box.x >= 0 && box.x + box.width <= width, selector);
  }
  // There is room for twelve tasks and for twelve lines of the log.
  for (const { tab, list, height } of [
    { tab: "tasks", list: ".grid", height: 22 },
    { tab: "log", list: ".log", height: 18 },
  ]) {
    await frame.locator(`#tab-${tab}`).click();
    await front(list).waitFor();
    const rows = Math.floor((await front(list).boundingBox()).height / height);
    assert.ok(rows > 12, `${rows} rows of ${tab}`);
  }
  await frame.locator("#tab-waits").click();
  await workbench.command("View: Toggle Maximized Panel");
  await page.setViewportSize(size);
});

test("in a narrow panel the stacks stand below each other, and no frame reaches beyond the page", async () => {
  const size = page.viewportSize();
  await page.setViewportSize({ width: 720, height: 720 });
  await page.waitForTimeout(500);
  await shot("narrow");
  const [first, second] = await front(".pair .stack").evaluateAll((lists) =>
    lists.map((list) => ({ ...list.getBoundingClientRect().toJSON(), overflow: list.scrollWidth > list.clientWidth })),
  );
  assert.ok(second.top >= first.bottom, `${second.top} ${first.bottom}`);
  assert.ok(!first.overflow && !second.overflow);
  await page.setViewportSize(size);
});

test("no serious accessibility violation", () => hasNoViolation(true));

for (const [theme, name, kind] of [
  ["Dark Modern", "dark", "vscode-dark"],
  ["Dark High Contrast", "contrast", "vscode-high-contrast"],
]) {
  test(`it is as readable in ${theme}`, async () => {
    await workbench.command("Preferences: Color Theme");
    await workbench.box.fill(theme);
    await page.locator(".quick-input-list .monaco-list-row", { hasText: theme }).first().waitFor();
    await page.keyboard.press("Enter");
    await frame.locator(`body.${kind}`).waitFor();
    await hasNoViolation(false);
    await workbench.command("View: Toggle Maximized Panel");
    await shot(name);
    await workbench.command("View: Toggle Maximized Panel");
  });
}
