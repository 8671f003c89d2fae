// The Crash Dump panel as a person sees it: the packaged extension in a real workbench, on the sample crash.
// Screenshots go to .cache/shots, in light, dark and high contrast.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before } from "node:test";
import { floodedLog } from "../builders/floodedLog.ts";
import { pages } from "../../src/extension/panel/pages.ts";
import { bytesText } from "../../src/panels/units.ts";
import { Stage } from "./stage.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** As many as a log buffer of 32 MB holds of a flood. */
const RECORDS = 100_000;
/** Until the first lines of it are there: a few tens of milliseconds, and some for others on the machine. */
const OPENING_MS = 1000;
/** What a step of scrolling or searching may take. */
const STEP_MS = 100;

const stage = new Stage("panel-");
const { folder } = stage;
const shot = (name) => stage.shot(name);
const test = (title, run) => stage.step(title, run);
let workbench, page, frame;

before(async () => {
  cpSync("sample", folder, { recursive: true });
  writeFileSync(join(folder, "flooded.dump"), floodedLog(RECORDS));
  const flooded = { type: "vmcore", request: "launch", name: "flooded", vmcore: join(folder, "flooded.dump") };
  mkdirSync(join(folder, ".vscode"));
  writeFileSync(join(folder, ".vscode/launch.json"), JSON.stringify({ version: "0.2.0", configurations: [flooded] }));
  await stage.open({ "workbench.colorTheme": "Light Modern" });
  ({ workbench, page } = stage);
  // The list of commands is not drawn anew when the extension becomes known.
  await workbench.knows("Vmcore Debug: Open Crash Dump…");
});

after(() => stage.close());

const front = (selector, options) => frame.locator(`section:not([hidden]) ${selector}`, options);
const openTab = async (id) => {
  await frame.locator(`#tab-${id}`).click();
  await front(":is(.grid, .log, .memory, .graph, .verdict, .state)").first().waitFor();
};
const menuItem = (label) => frame.locator("#menu [role=menuitem]", { hasText: label });
/** Where the column of this name stands. */
const columnOf = async (name) =>
  Number(await front(`[role=columnheader][title="${name}"]`).getAttribute("data-column"));
/** The column's values as far as its rows are drawn. */
const column = async (index) =>
  (await front(`.body [data-column="${index}"]`).allInnerTexts()).map((text) => text.trim());
const json = (line) =>
  JSON.parse(
    execFileSync(process.execPath, ["dist/cli.js", "--no-rc", "sample/vmcore", "--json", "-c", line], {
      encoding: "utf8",
    }),
  ).records;

test("the panel is not there until a dump was opened", async () => {
  const panel = "Crash Dump: Focus on Crash Dump View";
  await page.keyboard.press("F1");
  await workbench.box.fill(`>${panel}`);
  await workbench.row("Vmcore Debug: Open Sample Crash Dump").waitFor();
  assert.equal(await workbench.row(panel).count(), 0);
  await page.keyboard.press("Escape");
  await workbench.command("Vmcore Debug: Open Sample Crash Dump");
  await page.locator(".debug-call-stack .monaco-list-row", { hasText: "lab_apply" }).first().waitFor();
  await workbench.command(panel);
  frame = await workbench.webview(".tabs");
});

test("the panel comes to the front with the verdict, whose title stays above the other pages", async () => {
  await front(".verdict .lead", { hasText: "cfg->target is NULL" }).waitFor();
  const title = frame.locator(".headline");
  assert.equal(await title.innerText(), "BUG: unable to handle kernel NULL pointer dereference in lab_apply");
  await openTab("log");
  await title.locator("button").click();
  await front(".verdict .lead").waitFor();
});

test("the log opens at the oops, and folds it", async () => {
  await openTab("log");
  const heading = front(".heading.oops").first();
  await heading.waitFor();
  assert.match(await heading.innerText(), /BUG: kernel NULL pointer dereference/);
  await shot("log-light");
  await heading.click();
  await front(".heading.panic").waitFor();
  await heading.click();
});

test("an oops is explained: its registers, its code, where it was written", async () => {
  await workbench.command("View: Toggle Maximized Panel");
  await front('button[aria-label="Next Report"]').click();
  await front('button[aria-label="Previous Report"]').click();
  await front(".aside.faulting", { hasText: "lab_apply+0x2f" }).waitFor();
  assert.match(await front(".aside.faulting").innerText(), /→ lab_apply\+0x2f\s+89 28\s+mov\s+%ebp,\(%rax\)/);
  await front(".aside.register", { hasText: /RBX\s+ffff8ef6849a9800\s+kmalloc-64 object/ }).waitFor();
  await front(".aside.meaning", { hasText: /Where: lab_apply\+0x2f of module lab_nullderef \(.*lab_nullderef\.c:27\)/ })
    .first()
    .waitFor();
  await shot("oops-light");
  await front(".source .link", { hasText: "lab_nullderef.c:27" }).first().click();
  await page.locator(".tab.active", { hasText: "lab_nullderef.c" }).waitFor();
  await page
    .locator(".statusbar-item", { hasText: /Ln 27, Col/ })
    .first()
    .waitFor();
});

test("a search leaves the lines that match, and counts them", async () => {
  const expected = json("log").filter(({ text }) => /\bpci\b/i.test(text)).length;
  await front('button[aria-label="Use Regular Expression"]').click();
  await front("input[type=search]").fill("\\bpci\\b");
  await front(".count[role=status]", { hasText: `${expected} hit` }).waitFor();
  assert.ok((await front("mark").allInnerTexts()).every((text) => /^pci$/i.test(text)));
  // The line with the cursor stays in sight when the search ends.
  const hit = front(".line", { has: frame.locator("mark") }).nth(2);
  const text = (await hit.locator(".text").innerText()).trim();
  await hit.locator(".time").click();
  await front("input[type=search]").fill("");
  await front(".line.at", { hasText: text }).waitFor();
  const [line, list] = [await front(".line.at").boundingBox(), await front(".log").boundingBox()];
  assert.ok(line.y >= list.y && line.y + line.height <= list.y + list.height, "the line is out of sight");
});

test("the strip above the log shows its messages over time, a click leads there, and a low panel has none", async () => {
  const strip = front(".minimap");
  await strip.waitFor({ state: "hidden" });
  await workbench.command("View: Toggle Maximized Panel");
  await strip.waitFor();
  assert.ok((await strip.locator("rect.error").count()) > 0);
  await strip.click({ position: { x: 1, y: 8 } });
  await front(".line.at", { hasText: "Linux version" }).waitFor();
  await shot("minimap-light");
  await workbench.command("View: Toggle Maximized Panel");
});

test("a line limits the log to its subsystem by a chip, which is removed by a click, and shows the lines around", async () => {
  const subsystem = "pci";
  await front("button", { hasText: "Add Filter" }).click();
  await menuItem(/^\s*Subsystem/)
    .first()
    .waitFor();
  await shot("log-menu");
  await page.keyboard.press("Escape");
  await front("input[type=search]").fill(`^${subsystem} 0000`);
  const line = front(".line", { hasText: subsystem }).first();
  await line.click({ button: "right" });
  await menuItem("Filter by Subsystem").click();
  await front("input[type=search]").fill("");
  await front(".filter-chip", { hasText: `subsystem ${subsystem}` }).waitFor();
  assert.ok((await front(".line .text").allInnerTexts()).every((text) => text.trim().startsWith(subsystem)));
  await shot("log-chip");
  await line.click({ button: "right" });
  await menuItem("Lines Around").click();
  await front(".filter-chip").waitFor({ state: "detached" });
  await front(".line.at", { hasText: subsystem }).waitFor();
});

test("what the log names is explained when the mouse rests on it", async () => {
  await front('button[aria-label="Next Report"]').click();
  const link = front(".link").filter({ hasText: "lab_apply+0x2f" }).first();
  const card = frame.locator("#card:not([hidden])", { hasText: /0xffffffffc024b02f\s+lab_apply\+0x2f/ });
  // A scroll that has not come to rest takes the line from under the mouse.
  for (let attempt = 0; attempt < 5 && !(await card.isVisible()); attempt++) {
    await page.mouse.move(5, 5);
    await link.hover();
    await page.waitForTimeout(1000);
  }
  await card.waitFor({ timeout: 1000 });
});

for (const [id, line, index, name] of [
  ["runq", "runq", 0, undefined],
  ["timers", "timer", 0, undefined],
  ["irqs", "irq", 0, undefined],
  ["modules", "mod", 0, "name"],
  ["slabs", "kmem -s", 0, "name"],
  ["vmalloc", "kmem -v", 0, "start"],
  ["mounts", "mount", 0, "directory"],
  ["files", "foreach user files", 0, undefined],
  ["net", "net", 0, undefined],
  ["devices", "dev", 0, undefined],
  ["pci", "dev -p", 0, undefined],
  ["ipc", "ipcs", 0, "facility"],
]) {
  test(name === undefined ? `${id} has rows` : `the rows of ${id} are those of ${line} --json`, async () => {
    await openTab(id);
    await front(".body .row").first().waitFor();
    // What is in sight, in the order of the records; more of each is compared without a browser, in test/adapter.
    const shown = await column(index);
    assert.ok(shown.length > 0);
    if (name === undefined) return;
    const records = json(line);
    const { order } = pages.find((page) => page.id === id) ?? {};
    if (order) records.sort((a, b) => b[order.column] - a[order.column]);
    assert.deepEqual(
      shown,
      records.slice(0, shown.length).map((record) => String(record[name])),
    );
  });
}

test("the values of a column are counted by key, and a click on one filters by it", async () => {
  await openTab("files");
  const total = parseInt(await front(".count[role=status]", { hasText: /^\d+ rows$/ }).innerText());
  await front(`.body [data-row="0"] [data-column="${await columnOf("type")}"]`).click();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Shift+F10");
  await menuItem("Count Values of Type").click();
  const counts = front(".counts");
  await counts.waitFor();
  const numbers = (await counts.locator(".count-row .value + .number").allInnerTexts()).map(Number);
  await shot("counts-light");
  assert.deepEqual(
    numbers,
    numbers.toSorted((a, b) => b - a),
  );
  assert.equal(
    numbers.reduce((sum, number) => sum + number, 0),
    total,
  );
  await counts.locator("button.value").first().click();
  await front(".count[role=status]", { hasText: `${numbers[0]} of ${total} rows` }).waitFor();
  await counts.focus();
  await page.keyboard.press("Escape");
  await counts.waitFor({ state: "detached" });
  await front("input[type=search]").fill("");
});

test("tasks are sorted by their headings and filtered by words", async () => {
  await openTab("tasks");
  // Sizes begin with the largest.
  await front('[role=columnheader][title="rss"]').click();
  await front('[aria-sort="descending"]').waitFor();
  const largest = Math.max(...json("ps").map(({ rss }) => rss));
  assert.equal((await column(await columnOf("rss")))[0], bytesText(largest));
  await front("input[type=search]").fill("state:RU insmod");
  await front(".count[role=status]", { hasText: "1 of 98 tasks" }).waitFor();
  await front("input[type=search]").fill("");
});

test("a row has a menu: it copies, filters by a cell and pins", async () => {
  const rss = await columnOf("rss");
  const first = front(`.body [data-row="0"] [data-column="${rss}"]`);
  assert.match(await first.getAttribute("title"), /^[\d,]+ bytes$/);
  const name = (await front(`.body [data-row="0"] [data-column="${await columnOf("comm")}"]`).innerText()).trim();
  await first.click({ button: "right" });
  await menuItem("Go to Task").waitFor();
  await shot("menu-light");
  await menuItem("Pin Row").click();
  await front('.row.pinned[data-row="0"]', { hasText: name }).waitFor();
  await front('[role=columnheader][title="rss"]').click();
  await front('.row.pinned[data-row="0"]', { hasText: name }).waitFor();
  // By key: the menu of the cell with the cursor, and its last item but one.
  const state = front(`.body [data-row="1"] [data-column="${await columnOf("state")}"]`);
  await state.click();
  const value = (await state.innerText()).trim();
  await page.keyboard.press("Shift+F10");
  await menuItem("Filter by This State").waitFor();
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await front("#menu", { hasText: /./ }).waitFor({ state: "hidden" });
  assert.equal(await front("input[type=search]").inputValue(), `state:${value}`);
  await front("input[type=search]").fill("");
  await front('.row.pinned[data-row="0"]').click({ button: "right" });
  await menuItem("Unpin Row").click();
});

test("a click on a row shows it whole with the stack of its task, the arrows lead to others, Escape closes it", async () => {
  await front("input[type=search]").fill("insmod");
  await front('.body [data-row="0"] [data-column="2"]').click();
  const preview = front(".preview");
  await preview.locator("dd", { hasText: /^insmod$/ }).waitFor();
  await preview.locator(".stack li", { hasText: "lab_apply+0x2f" }).waitFor();
  await shot("preview-light");
  await front("input[type=search]").fill("");
  const name = async (row) =>
    (await front(`.body [data-row="${row}"] [data-column="${await columnOf("comm")}"]`).innerText()).trim();
  const [first, next] = [await name(2), await name(3)];
  await front('.body [data-row="2"] [data-column="2"]').click();
  await preview.locator("dd", { hasText: first }).first().waitFor();
  await page.keyboard.press("ArrowDown");
  await preview.locator("dd", { hasText: next }).first().waitFor();
  await page.keyboard.press("Escape");
  await preview.waitFor({ state: "detached" });
  await page.keyboard.press(" ");
  await preview.locator("dd", { hasText: next }).first().waitFor();
  await preview.locator("button").click();
  await preview.waitFor({ state: "detached" });
});

test("a double click on a row goes to its task", async () => {
  await front("input[type=search]").fill("comm:kthreadd");
  await front('.body [data-row="0"] [data-column="2"]').dblclick();
  await page.locator(".debug-call-stack .monaco-list-row", { hasText: "kthreadd [2]" }).first().waitFor();
  await front("input[type=search]").fill("");
});

test("a table is walked by key, and Enter on a task selects it", async () => {
  await front("input[type=search]").fill("comm:init");
  await front(".grid").focus();
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  const steps = await columnOf("task");
  for (let i = 0; i < steps; i++) await page.keyboard.press("ArrowRight");
  await front(".cell.at.task").waitFor();
  await page.keyboard.press("Enter");
  await page.locator(".debug-call-stack .monaco-list-row", { hasText: "init [1]" }).first().waitFor();
  await front("input[type=search]").fill("");
});

test("tasks stand below their parents, and together when their stacks are the same", async () => {
  await front("button").filter({ hasText: "By Parent" }).click();
  await front('.row[aria-level="3"]').first().waitFor();
  assert.equal(await front(".grid").getAttribute("role"), "treegrid");
  await front("button").filter({ hasText: "By Stack" }).click();
  await front(".count[role=status]", { hasText: /^\s*\d+ stacks, 98 tasks/ }).waitFor();
  const group = front(".cell.group", { hasText: "worker_thread ← kthread" }).first();
  await group.locator(".twistie").click();
  await front(".row[aria-expanded=true]").waitFor();
  await front('.row[aria-level="2"]', { hasText: "kworker/" }).first().waitFor();
  await shot("stacks-light");
  await front("button").filter({ hasText: "List" }).click();
});

test("an address has a story", async () => {
  await openTab("memory");
  await front("#address").fill("ffff8ef68526c180");
  await front("#address").press("Enter");
  await front(".story", { hasText: "task_struct" }).waitFor();
  assert.match(await front(".story").innerText(), /insmod \[169\]/);
  await front("table", { hasText: "inode_cache" }).first().waitFor();
  await shot("memory-light");
});

test("a cache opens to its objects, and an object as its struct", async () => {
  await openTab("slabs");
  await front("input[type=search]").fill("name:task_struct");
  await front(".body .link")
    .filter({ hasText: /^task_struct$/ })
    .click();
  const objects = await workbench.webview('[aria-label="kmem -S task_struct"]');
  const free = json("kmem -S task_struct").flatMap(({ objects: found }) => found ?? []);
  await objects.locator(".count[role=status]", { hasText: `${free.length} rows` }).waitFor();
  await objects.locator("input[type=search]").fill("0xffff8ef68526c180");
  // The printer of the type says which task it is.
  await objects.locator(".row", { hasText: 'comm = "insmod"' }).first().waitFor();
  await shot("objects-light");
  await objects.locator("[data-kind=object]").first().click();
  const struct = await workbench.webview('[aria-label="*(struct task_struct *)0xffff8ef68526c180"]');
  // By key: the second row, opened and closed.
  await struct.locator(".grid").focus();
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await struct.locator(".row.at", { hasText: "thread_info" }).waitFor();
  await page.keyboard.press("ArrowRight");
  await struct.locator('.row[aria-level="3"]', { hasText: "syscall_work" }).waitFor();
  await shot("object-light");
  await page.keyboard.press("ArrowLeft");
  await struct.locator('.row.at[aria-expanded="false"]').waitFor();
  await frameHasNoViolation(struct);
});

const violationsOf = async (where) => {
  await where.evaluate(axe);
  const { violations } = await where.evaluate(() => {
    // The page is transparent, and axe takes what is behind it for white.
    const colors = getComputedStyle(document.documentElement);
    const behind = ["--vscode-panel-background", "--vscode-editor-background"].map((name) =>
      colors.getPropertyValue(name),
    );
    document.body.style.backgroundColor = behind.find((color) => color !== "") ?? "";
    return globalThis.axe.run(document, { iframes: false });
  });
  return violations.map(({ id: rule, nodes }) => [rule, nodes.slice(0, 3).map(({ html }) => html)]);
};
const frameHasNoViolation = async (where) => assert.deepEqual(await violationsOf(where), []);

/** Every view of the panel. */
const TABS = pages.map(({ id }) => id);

for (const id of TABS) {
  test(`axe finds nothing in ${id}`, async () => {
    await openTab(id);
    await frameHasNoViolation(frame);
  });
}

test("axe finds nothing among tasks by stack, and in the preview of a row", async () => {
  await openTab("tasks");
  // The cursor stands in a column that the row of a group does not have.
  await front("button", { hasText: "List" }).click();
  await front('.row[data-row="0"] [data-column="2"]').click();
  await front(".preview", { hasText: "swapper/0" }).waitFor();
  await frameHasNoViolation(frame);
  await page.keyboard.press("Escape");
  await front("button", { hasText: "By Stack" }).click();
  await front(".cell.group").first().waitFor();
  await frameHasNoViolation(frame);
});

for (const [name, theme] of [
  ["dark", "Dark Modern"],
  ["contrast", "Dark High Contrast"],
  ["contrast-light", "Light High Contrast"],
]) {
  test(`axe finds nothing in any page in ${theme}`, async () => {
    await workbench.command("Preferences: Color Theme");
    await workbench.box.fill(theme);
    await page.keyboard.press("Enter");
    await page.waitForTimeout(1000);
    const found = [];
    for (const id of TABS) {
      await openTab(id);
      await shot(`${id}-${name}`);
      for (const violation of await violationsOf(frame)) found.push([id, ...violation]);
    }
    assert.deepEqual(found, []);
  });
}

/** Its row in the call stack may be out of sight among another session's tasks. */
async function toFront(session) {
  await workbench.command("Debug: Select Debug Session");
  await workbench.row(session).click();
}

/** Milliseconds from a click on the log's tab to its first lines, and the longest that the page stood still meanwhile. */
const logOpening = () =>
  frame.evaluate(async () => {
    const started = performance.now();
    /** @type {HTMLElement} */ (document.querySelector("#tab-log")).click();
    let [first, pause, last] = [0, 0, started];
    const count = () => document.querySelector("section:not([hidden]) .count[role=status]")?.textContent ?? "";
    // Older messages are read while they are told.
    while (first === 0 || document.querySelector("section:not([hidden]) .progress")) {
      await new Promise((done) => setTimeout(done, 5));
      const now = performance.now();
      pause = Math.max(pause, now - last);
      last = now;
      if (first === 0 && count().includes("line")) first = now - started;
    }
    return { first, pause };
  });

test("the panel follows the session in front, and names its dump", async () => {
  // One dump needs no name: the status bar has it.
  assert.equal(await frame.locator(".dump").count(), 0);
  await openTab("tasks");
  await workbench.command("Debug: Select and Start Debugging");
  await workbench.row("flooded").click();
  await page.locator(".debug-call-stack .monaco-list-row", { hasText: "flooded" }).first().click();
  await frame.locator(".dump", { hasText: /\/flooded\.dump\b.*6\.1\.0-flood/ }).waitFor();
  const { first, pause } = await logOpening();
  console.log(
    `log of ${RECORDS} records: first lines after ${first.toFixed(0)} ms, longest pause ${pause.toFixed(0)} ms`,
  );
  assert.ok(first < OPENING_MS, `${first} ms`);
  await front(".heading.panic").waitFor();
  await toFront("vmcore");
  await frame.locator(".dump", { hasText: /\/vmcore\b/ }).waitFor();
  // Each session keeps the page that was chosen in it.
  await frame.locator('#tab-tasks[aria-selected="true"]').waitFor();
  await workbench.command("Crash Dump: Focus on Crash Dump View");
  await openTab("log");
  await front(".heading.oops", { hasText: "NULL pointer" }).first().waitFor();
  await toFront("flooded");
  await frame.locator(".dump", { hasText: "flooded.dump" }).waitFor();
});

test("an editor stays with the dump that it was opened from, says when that is closed, and comes back with it", async () => {
  await workbench.command("Debug: Focus on Call Stack View");
  const line = "kmem -S task_struct";
  const objects = await workbench.webview(`[aria-label="${line}"]`);
  const count = await objects.locator(".count[role=status]").innerText();
  await objects.locator(".dump", { hasText: /\/vmcore\b/ }).waitFor({ state: "attached" });
  await toFront("vmcore");
  await workbench.command("Debug: Stop");
  await objects
    .locator(".state", { hasText: `sample/vmcore is closed. Open it again to see ${line}` })
    .waitFor({ state: "attached" });
  const tab = page.locator(".tab", { hasText: line }).first();
  if (!(await tab.isVisible())) await workbench.command("View: Toggle Maximized Panel");
  await tab.click();
  await shot("closed");
  await objects.locator("button", { hasText: "Open sample/vmcore Again" }).click();
  await objects.locator(".count[role=status]", { hasText: /rows/ }).waitFor({ timeout: 60_000 });
  assert.equal(await objects.locator(".count[role=status]").innerText(), count);
  await toFront("flooded");
});

/** Milliseconds from something done in the page until it is drawn, the best of some: others share the machine. */
const stepTime = (kind, values) =>
  frame.evaluate(
    async ([what, given]) => {
      const scroller = /** @type {HTMLElement} */ (document.querySelector("section:not([hidden]) .log"));
      const input = /** @type {HTMLInputElement} */ (document.querySelector("section:not([hidden]) input"));
      const times = [];
      for (const value of given) {
        const started = performance.now();
        if (what === "scroll") scroller.scrollTop = value;
        else {
          input.value = value;
          input.dispatchEvent(new InputEvent("input"));
        }
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        times.push(performance.now() - started);
      }
      return times;
    },
    [kind, values],
  );

test("a log of 100,000 records is scrolled and searched in steps of less than 100 ms", async () => {
  await workbench.command("Crash Dump: Focus on Crash Dump View");
  frame = await workbench.webview(".tabs");
  await front(".count[role=status]", { hasText: `${RECORDS.toLocaleString("en")} lines` }).waitFor({
    timeout: 60_000,
  });
  const scrolls = await stepTime(
    "scroll",
    Array.from({ length: 20 }, (_, i) => i * 90_000),
  );
  const middle = await front(".line .text").first().innerText();
  assert.match(middle, /^usb .* device number \d+/);
  const searches = await stepTime("search", ["9", "99", "999", "9999", "number 9999", "no such", "5", "55", "555", ""]);
  const median = (times) => times.toSorted((a, b) => a - b)[times.length >> 1];
  console.log(`scroll ${median(scrolls).toFixed(0)} ms, search ${median(searches).toFixed(0)} ms a step`);
  assert.ok(median(scrolls) < STEP_MS, scrolls.join(" "));
  assert.ok(median(searches) < STEP_MS, searches.join(" "));
  await front("input[type=search]").fill("number 99999 ");
  await front(".count[role=status]", { hasText: "0 hits" }).waitFor();
  await front("input[type=search]").fill("number 99 ");
  await front(".count[role=status]", { hasText: /^1 hit$/ }).waitFor();
  await front("input[type=search]").fill("");
});

test("what a dump cannot tell is said in place, with the way to its debuginfo", async () => {
  await workbench.command("Crash Dump: Focus on Crash Dump View");
  await openTab("memory");
  await front(".state", { hasText: "no symbols" }).waitFor();
  await shot("fault-memory");
  await openTab("modules");
  await front(".state", { hasText: /no symbols.*give a vmlinux/ }).waitFor();
  await shot("fault");
  await frameHasNoViolation(frame);
  await front("button", { hasText: "Show Debug Symbols" }).click();
  await page.locator(".pane-header[aria-expanded=true]", { hasText: "Debug Symbols" }).waitFor();
});

test("after a reload of the window the page is as it was, once a dump is open", async () => {
  await workbench.command("Crash Dump: Focus on Crash Dump View");
  await frame.locator("#tab-tasks").click();
  // VS Code writes down what an extension keeps a moment later.
  await page.waitForTimeout(2000);
  await page.reload();
  await page.locator(".monaco-workbench .part.statusbar").waitFor();
  await page.waitForFunction(() => globalThis.driver);
  await page.evaluate(() => globalThis.driver.whenWorkbenchRestored());
  await workbench.command("Crash Dump: Focus on Crash Dump View");
  frame = await workbench.webview(".tabs");
  await frame.locator('#tab-tasks[aria-selected="true"]').waitFor();
  assert.match(await frame.locator(".state").innerText(), /Open a crash dump to see its tasks/);
  await shot("empty");
  await frame.locator("button", { hasText: "Open the Sample" }).click();
  await page.locator(".debug-call-stack .monaco-list-row", { hasText: "lab_apply" }).first().waitFor();
  await workbench.command("Crash Dump: Focus on Crash Dump View");
  frame = await workbench.webview(".tabs");
  await front("button[aria-pressed=true]", { hasText: "By Stack" }).waitFor();
});
