// Addresses and symbols in texts as a person meets them: logs, C files and a raw stack in a real workbench.
// Screenshots go to .cache/shots.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before } from "node:test";
import { Stage } from "./stage.mjs";

const cli = (line, ...options) =>
  execFileSync(process.execPath, ["dist/cli.js", "--no-rc", ...options, "sample/vmcore", "-c", line], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });

/** Where KASLR moved the sample's kernel. */
const OFFSET = 0x1a000000n;
const C_FILE = `/* Code of a kernel that nobody stopped in. */
static int walk(struct task_struct *task)
{
	return task->comm[0] + init_task.pid + sizeof(struct list_head) + runqueues;
}
`;

const stage = new Stage("language-");
const { folder } = stage;
const shot = (name) => stage.shot(name);
const test = (title, run) => stage.step(title, run);
const LOG = "panic.dmesg";
let workbench, page, log;

/** The kernel's own symbols as its build wrote them. */
function systemMap() {
  const lines = JSON.parse(cli("sym -l", "--json")).records.flatMap(({ name, address, type, module }) =>
    module || !type || !/^0xffffffff[89a-f]/.test(address) ? [] : [{ name, type, linked: BigInt(address) - OFFSET }],
  );
  return lines.map(({ name, type, linked }) => `${linked.toString(16)} ${type} ${name}\n`).join("");
}

before(async () => {
  cpSync("sample", folder, { recursive: true });
  log = cli("log");
  writeFileSync(join(folder, LOG), log);
  writeFileSync(join(folder, "notes.txt"), "Call Bob.\n");
  writeFileSync(join(folder, "walk.c"), C_FILE);
  writeFileSync(join(folder, "System.map"), systemMap());
  // Where files lie is a setting of the machine or of the folder, not of the user.
  mkdirSync(join(folder, ".vscode"));
  writeFileSync(
    join(folder, ".vscode/settings.json"),
    JSON.stringify({
      "vmcore.systemMap": "System.map",
      "vmcore.modules": [folder],
      "vmcore.kernelSource": [folder],
    }),
  );
  await stage.open({ "workbench.colorTheme": "Dark Modern", "editor.minimap.enabled": false });
  ({ workbench, page } = stage);
  await workbench.knows("Vmcore Debug: Open Sample Crash Dump");
});

after(() => stage.close());

const lineOf = (text, piece) => text.split("\n").findIndex((line) => line.includes(piece)) + 1;
const editor = () => page.locator(".editor-group-container.active .monaco-editor");
const viewLine = (text) => editor().locator(".view-line", { hasText: text }).first();
const atLine = (line) =>
  page
    .locator(".statusbar-item", { hasText: new RegExp(`Ln ${line}, Col`) })
    .first()
    .waitFor();

/** Follows a link; it is drawn anew as soon as Control is down, which a locator's own click takes for another one. */
async function ctrlClick(link) {
  await link.waitFor();
  const { x, y, height } = await link.boundingBox();
  await page.keyboard.down("Control");
  await page.mouse.click(x + height / 2, y + height / 2);
  await page.keyboard.up("Control");
}

async function openFile(name, line = 1) {
  await workbench.pick("Control+P", name, name);
  await page.locator(".tab.active", { hasText: name }).waitFor();
  await editor().locator(".view-line").first().waitFor();
  await page.keyboard.press("Control+G");
  await workbench.box.waitFor();
  await workbench.box.fill(`:${line}`);
  await page
    .locator(".quick-input-list .monaco-list-row", { hasText: `${line}` })
    .first()
    .waitFor();
  await page.keyboard.press("Enter");
  await atLine(line);
}

/** Where a piece of a line's text is on the screen. */
async function placeOf(lineText, piece) {
  const box = await viewLine(lineText).evaluate((line, wanted) => {
    const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const at = (node.textContent ?? "").replaceAll("\u00a0", " ").indexOf(wanted);
      if (at < 0) continue;
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + wanted.length);
      const { x, y, width, height } = range.getBoundingClientRect();
      return { x: x + width / 2, y: y + height / 2 };
    }
    return null;
  }, piece);
  assert.ok(box, `${piece} is on the screen`);
  return box;
}

/** The text of the hover that comes when the mouse rests on a piece of a line. */
async function hoverOn(lineText, piece, expected) {
  const hover = page.locator(".monaco-hover:not(.hidden)", { hasText: expected }).first();
  for (let attempt = 0; attempt < 6 && !(await hover.isVisible()); attempt++) {
    await page.mouse.move(5, 5);
    const { x, y } = await placeOf(lineText, piece);
    await page.mouse.move(x, y, { steps: 4 });
    await page.waitForTimeout(1200);
  }
  await hover.waitFor({ timeout: 2000 });
  return hover.innerText();
}

/** Processes of the language server of this workbench's extension. */
const languageServers = () =>
  readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return words.includes(stage.server.extensions) && words.includes("dist/server.js");
    } catch {
      // It has ended meanwhile.
      return false;
    }
  });

async function newText() {
  await workbench.command("File: New Untitled Text File");
  await page.locator(".tab.active", { hasText: /^Untitled-/ }).waitFor();
  await editor().click();
}

async function paste(text) {
  await page.evaluate((one) => navigator.clipboard.writeText(one), text);
  await page.keyboard.press("Control+V");
}

async function discard() {
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Delete");
  await workbench.command("View: Close All Editors");
}

test("an ordinary text starts no language server, whatever is typed and pasted into it", async () => {
  await openFile("notes.txt");
  await newText();
  await paste("BUG: the button is too small\nCall me back\n");
  // Long enough for a server to start, if one did.
  await page.waitForTimeout(3000);
  await page.locator(".statusbar-item", { hasText: "Plain Text" }).waitFor();
  assert.deepEqual(languageServers(), []);
  await discard();
});

test("a pasted oops is a kernel log, with nothing else open", async () => {
  const start = lineOf(log, "BUG: kernel NULL") - 1;
  await newText();
  const report = log.split("\n").slice(start, start + 40);
  await paste(report.join("\n"));
  await editor().locator(".codelens-decoration a", { hasText: "Analyze" }).first().waitFor();
  await page.locator(".statusbar-item", { hasText: "Kernel Log" }).waitFor();
  assert.equal(languageServers().length, 1);
  await shot("pasted");
  await discard();
});

test("without a dump a log has lines and hovers from the files of its kernel", async () => {
  await openFile(LOG, lineOf(log, "RIP: 0010:lab_apply"));
  await editor().getByText("lab_nullderef.c:27 < lab_nullderef.c:36").first().waitFor();
  const text = await hoverOn("RIP: 0010:lab_apply", "lab_apply", "From");
  assert.match(text, /From System\.map/);
  await shot("hover-static");
});

test("ctrl-click leads to the line of source", async () => {
  const { x, y } = await placeOf("RIP: 0010:lab_apply", "lab_apply");
  await page.mouse.move(5, 5);
  await page.keyboard.press("Escape");
  await page.mouse.click(x, y);
  await page.keyboard.press("F12");
  await page.locator(".tab.active", { hasText: "lab_nullderef.c" }).waitFor();
  await atLine(27);
});

test("an oops is analyzed beside the log, and its lines lead to the source", async () => {
  await openFile(LOG, lineOf(log, "BUG: kernel NULL"));
  await editor().locator(".codelens-decoration a", { hasText: "Analyze" }).first().click();
  const preview = await workbench.webview("h1");
  await preview.locator("h1", { hasText: "BUG: kernel NULL pointer dereference" }).waitFor();
  assert.match(await preview.locator("body").innerText(), /=>\s+mov\s+%ebp,\(%rax\)/);
  await shot("analysis");
  await preview.locator("a", { hasText: "lab_nullderef.c:36" }).first().click();
  await page.locator(".tab.active", { hasText: "lab_nullderef.c" }).waitFor();
  await atLine(36);
  await workbench.command("View: Close All Editors");
});

test("with the dump open a hover in the log knows what registers point at", async () => {
  await workbench.command("Vmcore Debug: Open Sample Crash Dump");
  await page.locator(".debug-call-stack .monaco-list-row", { hasText: "lab_apply" }).first().waitFor();
  // The stop takes the editor to its line; only then is it ours.
  await page.locator(".exception-widget").waitFor();
  await openFile(LOG, lineOf(log, "RAX: 0000000000000000 RBX"));
  await hoverOn("RAX: 0000000000000000 RBX", "ffff8ef6849a9800", "kmalloc-64");
  await shot("hover-live");
});

test("identifiers of kernel C have values, sizes and places", async () => {
  await openFile("walk.c", 4);
  const line = "return task->comm";
  assert.match(await hoverOn(line, "comm", "char comm[16]"), /struct task_struct\+0x/);
  await shot("hover-member");
  assert.match(await hoverOn(line, "init_task", "swapper/0"), /struct task_struct init_task/);
  assert.match(await hoverOn(line, "list_head", "Size: 16 bytes"), /struct list_head \*prev;/);
  assert.match(await hoverOn(line, "runqueues", "Per-CPU"), /struct rq runqueues;/);
});

test("a stack is shown word by word", async () => {
  await workbench.command("Vmcore Debug: Show Raw Stack");
  await page.locator(".tab.active", { hasText: "insmod [169].stack" }).waitFor();
  await viewLine("return to oops_end.cold+0x18").waitFor();
  await hoverOn("return to oops_end.cold", "ffffffff9b9c7c6f", "oops_end.cold");
  await shot("stack");
  const line = "lab_apply+0x2f [lab_nullderef]";
  await page.keyboard.press("Control+F");
  await page.keyboard.insertText(line);
  await page.keyboard.press("Escape");
  await viewLine(line).waitFor();
  await ctrlClick(viewLine(line).locator(".detected-link", { hasText: "lab_nullderef.c" }).first());
  await page.locator(".tab.active", { hasText: "lab_nullderef.c" }).waitFor();
  await atLine(27);
});

test("a disassembled function leads on by its calls, and to its source", async () => {
  await workbench.command("Vmcore Debug: Disassemble Function…");
  await workbench.box.waitFor();
  await workbench.box.fill("hello_init");
  await page.keyboard.press("Enter");
  await page.locator(".tab.active", { hasText: "hello_init" }).waitFor();
  const follow = async (line, text) => {
    await page.keyboard.press("Control+F");
    await page.keyboard.insertText(line);
    await page.keyboard.press("Escape");
    const link = viewLine(line).locator(".detected-link", { hasText: text }).first();
    await link.waitFor();
    await shot(`listing-${text.replace(/\W.*/, "")}`);
    await ctrlClick(link);
  };
  await follow("<lab_apply>", "lab_apply");
  await page.locator(".tab.active", { hasText: "lab_apply" }).waitFor();
  await follow("lab_nullderef.c:27", "lab_nullderef.c:27");
  await page.locator(".tab.active", { hasText: "lab_nullderef.c" }).waitFor();
  await atLine(27);
});

test("the rows of a console command open as a table", async () => {
  await workbench.command("Debug Console: Focus on Debug Console View");
  await page.keyboard.insertText("mod");
  await page.keyboard.press("Enter");
  await page.locator(".repl-tree", { hasText: "virtio_blk" }).waitFor();
  await shot("console");
  await page.locator('.part.panel .action-label[aria-label*="Open Rows of Last Command as Table"]').first().click();
  const table = await workbench.webview(".grid .body .row");
  await table.locator(".row", { hasText: "virtio_blk" }).first().waitFor();
  await shot("table");
});
