// What a person sees: the packaged extension in a real workbench, on a true kdump of a sysrq crash with its vmlinux and
// the kernel's source tree. Screenshots go to .cache/shots, in light and dark.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before } from "node:test";
import { Stage } from "./stage.mjs";

const corpus = resolve(process.env.VMCORE_CORPUS ?? "../shared/corpus");

const stage = new Stage();
const { folder } = stage;
const shot = (name) => stage.shot(name);
const test = (title, run) => stage.step(title, run);
let workbench, page;

before(async () => {
  const vmlinux = execFileSync(join(corpus, "get-debuginfo.sh"), ["x86_64-6.1"], { encoding: "utf8" }).trim();
  const kernelSource = execFileSync("test/e2e/kernelSource.sh", { encoding: "utf8" }).trim();
  mkdirSync(join(folder, ".vscode"));
  const crash = {
    type: "vmcore",
    request: "launch",
    name: "sysrq",
    vmcore: join(corpus, "x86_64-6.1/sysrq/vmcore"),
    vmlinux,
    kernelSource,
  };
  writeFileSync(join(folder, ".vscode/launch.json"), JSON.stringify({ version: "0.2.0", configurations: [crash] }));
  writeFileSync(join(folder, "notes.txt"), "The return address is ffffffff81aa8a06, see above.\n");
  await stage.open({ "editor.minimap.enabled": false });
  ({ workbench, page } = stage);
  await workbench.knows("Vmcore Debug: Open Crash Dump…");
});

after(() => stage.close());

const stackRow = (text) => page.locator(".debug-call-stack .monaco-list-row", { hasText: text }).first();

/** Returns the row of a frame and scrolls the Call Stack to it: the view is low, and only its visible rows exist. */
async function scrolledTo(text) {
  await page.locator(".debug-call-stack .monaco-list").hover();
  await page.mouse.wheel(0, -10_000);
  for (let turns = 0; turns < 20 && !(await stackRow(text).isVisible()); turns++) {
    await page.mouse.wheel(0, 40);
    await page.waitForTimeout(100);
  }
  return stackRow(text);
}
const variableRow = (text) => page.locator(".debug-variables .monaco-list-row", { hasText: text }).first();
const atLine = (line) => page.locator(".statusbar-item", { hasText: new RegExp(`Ln ${line}, Col`) }).waitFor();

/** A row that unfolds, unfolded. */
async function unfold(row) {
  await row.waitFor();
  if ((await row.getAttribute("aria-expanded")) !== "true") await row.locator(".monaco-tl-twistie").click();
  await page.waitForFunction((one) => one.getAttribute("aria-expanded") === "true", await row.elementHandle());
}

/** Everything a scrolled list shows of rows that match. */
const texts = async (selector) =>
  (await page.locator(selector).allInnerTexts()).map((text) => text.replace(/\s+/g, " ").trim());

test("F5 lands on the panic stack, at the faulting line, under the exception", async () => {
  // Until the debuggers are known F5 only opens the view. Once too often, and VS Code asks whether to start a second one.
  for (let i = 0; i < 4 && (await page.locator(".debug-toolbar").count()) === 0; i++) {
    await page.keyboard.press("F5");
    await page
      .locator(".debug-toolbar")
      .waitFor({ timeout: 20_000 })
      .catch(() => undefined);
  }
  await stackRow("sysrq_handle_crash").waitFor({ timeout: 60_000 });
  await atLine(155);
  await page.locator(".tab.active", { hasText: "sysrq.c" }).waitFor();
  await page.locator(".debug-top-stack-frame-line, .debug-focused-stack-frame-line").first().waitFor();
  const widget = page.locator(".exception-widget");
  await widget.waitFor();
  assert.match(await widget.innerText(), /sysrq: Trigger a crash/);
  const rows = await texts(".debug-call-stack .monaco-list-row");
  assert.match(rows[0], /^init \[1\] cpu 1 >/);
  assert.match(rows[1], /Show 3 More: panic machinery/);
  assert.match(rows[2], /sysrq_handle_crash.*sysrq\.c.*155/);
  await page.locator(".statusbar-item", { hasText: "6.1.0-56-cloud-amd64" }).waitFor();
  await shot("1-panic-light");
});

for (const [name, file, line] of [
  ["__handle_sysrq", "sysrq.c", 603],
  ["vfs_write", "read_write.c", 582],
  ["proc_reg_write", "inode.c", 352],
]) {
  test(`a click on ${name} shows ${file}:${line}`, async () => {
    await (await scrolledTo(new RegExp(`^${name}`))).click();
    await page.locator(".tab.active", { hasText: file }).waitFor();
    await atLine(line);
  });
}

test("a struct unfolds, of a frame and of the task", async () => {
  await (await scrolledTo(/^vfs_write/)).click();
  await atLine(582);
  await unfold(variableRow("Arguments"));
  await unfold(variableRow(/^file/));
  await variableRow(/^f_op/).waitFor();
  await shot("2-struct");
  await variableRow(/^file/).locator(".monaco-tl-twistie").click();
  await unfold(variableRow(/^Task init/));
  await unfold(variableRow(/^thread_info/));
  await variableRow(/^flags/).waitFor();
});

/** Rests the mouse on a word of a line in the editor. */
async function pointAt(lineText, word) {
  const line = page.locator(".editor-instance .view-lines .view-line", { hasText: lineText }).first();
  await line.waitFor();
  const place = await line.evaluate((element, wanted) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const at = node.textContent?.indexOf(wanted) ?? -1;
      if (at < 0) continue;
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + wanted.length);
      const { x, y, width, height } = range.getBoundingClientRect();
      return { x: x + width / 2, y: y + height / 2 };
    }
    return undefined;
  }, word);
  assert.ok(place, `${word} in ${lineText}`);
  await page.mouse.move(5, 5);
  await page.mouse.move(place.x, place.y, { steps: 4 });
}

test("a variable and an address are explained when the mouse rests on them", async () => {
  const hover = page.locator(".debug-hover-widget");
  await pointAt("ret = file->f_op->write(file", "file");
  await hover
    .filter({ hasText: "f_path" })
    .or(hover.filter({ hasText: "0x" }))
    .first()
    .waitFor();
  await shot("3-hover-variable");
  await page.mouse.move(5, 5);
  await workbench.pick("Control+P", "notes.txt", "notes.txt");
  await pointAt("The return address is", "ffffffff81aa8a06");
  await page.locator(".monaco-hover", { hasText: "sysrq_handle_crash+0x16" }).first().waitFor();
  await shot("3-hover-address");
  await page.mouse.move(5, 5);
});

const watchRow = (text) => page.locator(".debug-watch .monaco-list-row", { hasText: text }).first();

async function watch(expression) {
  const header = page.locator(".pane-header", { hasText: "Watch" }).first();
  await header.hover();
  await header.locator(".codicon-watch-expressions-add").click();
  await page.keyboard.type(expression);
  await page.keyboard.press("Enter");
}

test("watched expressions are evaluated; an array unfolds to its elements, a list to what its nodes are part of", async () => {
  await watch("init_task.comm");
  await watchRow('"swapper/0"').waitFor();
  await unfold(watchRow("init_task.comm"));
  await watchRow(/^\[0\]/).waitFor();
  await watchRow("init_task.comm").locator(".monaco-tl-twistie").click();
  await watch("init_task.children");
  await unfold(watchRow("init_task.children"));
  await watchRow(/^\[0\].*comm = "init"/).waitFor();
  await shot("4-watch");
});

const replRow = (text) => page.locator(".repl .monaco-list-row", { hasText: text }).first();

/** A line for the console; what completion offers is put aside. */
async function enter(line) {
  await page.keyboard.type(line);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
}

const input = () => page.locator(".repl-input-wrapper .monaco-editor").first();

test("the console completes, answers, and stops when it is told to", async () => {
  await workbench.command("Debug Console: Focus on Debug Console View");
  await input().click();
  await page.keyboard.type("lo", { delay: 60 });
  await page.locator(".suggest-widget .monaco-list-row", { hasText: "log" }).first().waitFor();
  await shot("4-completion");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("p jiffies");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
  await replRow(/\$1 = \d+/).waitFor();
  // Hundreds of values that are nowhere, over all memory: long enough that the progress is shown.
  const values = Array.from({ length: 400 }, (_, i) => (0xdeadbeefcafe0000n + BigInt(i)).toString(16));
  await page.keyboard.insertText(`search -p ${values.join(" ")}`);
  await page.keyboard.press("Enter");
  // Under the smoke-test driver no toast pops up: the bell has the progress.
  await page.locator('[id="status.notifications"]').click();
  const toast = page.locator(".notification-list-item", { hasText: "search -p" });
  await toast.waitFor();
  await shot("4-progress");
  await toast.locator(".monaco-button", { hasText: "Cancel" }).click();
  await replRow(/cancell?ed/i).waitFor();
  await input().click();
  await enter("eval 6 * 7");
  await replRow(/decimal: 42/).waitFor();
});

test("memory is shown at an address", async () => {
  await workbench.command("Vmcore Debug: View Memory at Address…");
  await workbench.box.fill("linux_banner");
  await workbench.row("linux_banner").click();
  const memory = await workbench.webview('[aria-label^="Memory at"]');
  const row = (text) => memory.locator(".body .row", { hasText: text }).first();
  await row("linux_banner").waitFor();
  await row("Linux ve").waitFor();
  // A struct laid over names its members; a pointer leads to what it points at, and Back leads back.
  const box = memory.locator('input[aria-label="Go to"]');
  await box.fill("init_task");
  await box.press("Enter");
  await memory.locator('input[aria-label="Struct"]').fill("task_struct");
  await memory.locator('input[aria-label="Struct"]').press("Enter");
  await row("struct task_struct * last_wakee").waitFor();
  await shot("5-memory");
  await memory.locator(".body .link").first().click();
  await row("struct task_struct * last_wakee").waitFor({ state: "detached" });
  await memory.locator('button[aria-label="Back"]').click();
  await row("struct task_struct * last_wakee").waitFor();
  await memory.locator('select[aria-label="Size of words"]').selectOption("1 byte");
  await row(/([0-9a-f]{2} ){15}/).waitFor();
  await shot("5-memory-bytes");
  await memory.locator('select[aria-label="Size of words"]').selectOption("8 bytes");
});

test("the disassembly view shows the frame's instructions", async () => {
  await (await scrolledTo(/^sysrq_handle_crash/)).click();
  // The menu has it once the editor in front is one of C.
  await page.locator(".tab.active", { hasText: "sysrq.c" }).waitFor();
  await atLine(155);
  await (await scrolledTo(/^sysrq_handle_crash/)).click({ button: "right" });
  await stage.choose("Open Disassembly View");
  await page
    .locator(".disassembly-view .monaco-list-row, .disassembly-view .monaco-table", {
      hasText: /call +0xffffffff[0-9a-f]+ <panic>/,
    })
    .first()
    .waitFor();
  await shot("6-disassembly");
  await workbench.command("View: Close Editor");
});

/** The adapters of this very server. */
const adapters = () =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        return command.includes(stage.server.extensions) && command.includes("dist/adapter.js");
      } catch {
        return false;
      }
    })
    .map(Number);

test("an adapter that dies says so, and the dump opens again", async () => {
  const [pid, ...more] = adapters();
  assert.ok(pid !== undefined && more.length === 0, "one session, one adapter");
  process.kill(pid, "SIGKILL");
  await page.locator(".debug-toolbar").waitFor({ state: "hidden" });
  await page.locator('[id="status.notifications"]').click();
  const told = page.locator(".notification-list-item", { hasText: "ended unexpectedly" }).first();
  await told.waitFor();
  assert.match(await told.innerText(), /The dump file is unchanged\. Open it again to continue/);
  await shot("8-adapter-died");
  await told.locator(".monaco-button", { hasText: "Open Again" }).click();
  await stackRow("sysrq_handle_crash").waitFor({ timeout: 60_000 });
  await atLine(155);
});

test("it is as readable in the dark", async () => {
  await workbench.command("Preferences: Color Theme");
  await workbench.box.fill("Dark Modern");
  await page.keyboard.press("Enter");
  await (await scrolledTo(/^vfs_write/)).click();
  await (await scrolledTo(/^sysrq_handle_crash/)).click();
  await atLine(155);
  await shot("7-panic-dark");
});
