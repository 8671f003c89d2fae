// The editor as a person meets it: without the smoke-test driver, so that toasts and modal dialogs are on the screen,
// at 1280x720. Screenshots go to .cache/shots.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before } from "node:test";
import { sampleVmlinux } from "../builders/sampleVmlinux.ts";
import { debuginfoFile } from "../builders/debuginfoFile.ts";
import { Stage } from "./stage.mjs";

const stage = new Stage("person-");
const { folder } = stage;
const test = (title, run) => stage.step(title, run);

before(async () => {
  cpSync("sample", folder, { recursive: true });
  cpSync("sample/vmcore", join(folder, "second/vmcore"));
  // Of another kernel: it must not keep any dump of this suite from opening.
  const vmlinux = join(folder, "vmlinux-of-another");
  writeFileSync(vmlinux, debuginfoFile({ buildId: "ff".repeat(20) }));
  mkdirSync(join(folder, ".vscode"));
  const launch = { type: "vmcore", request: "launch", name: "with vmlinux", vmcore: join(folder, "vmcore"), vmlinux };
  writeFileSync(join(folder, ".vscode/launch.json"), JSON.stringify({ version: "0.2.0", configurations: [launch] }));
  const machineSettings = { "vmcore.vmlinux": vmlinux };
  await stage.open(
    { "workbench.colorTheme": "Light Modern" },
    { machineSettings, isDriven: false, openFile: join(folder, "vmcore"), width: 1280, height: 720 },
  );
});

after(() => stage.close());

const stackRow = (text) => stage.page.locator(".debug-call-stack .monaco-list-row", { hasText: text }).first();

const pane = (name) =>
  stage.page.locator(".pane", { has: stage.page.locator(".pane-header", { hasText: name }) }).first();
const toasts = () => stage.page.locator(".notifications-toasts .notification-list-item");

test("a dump that VS Code opens as it starts is in its own editor, after a reload too", async () => {
  const isInItsEditor = async (shot) => {
    const facts = await stage.workbench.webview("#debug");
    await facts.locator("tr", { hasText: "6.1.0-56-cloud-amd64" }).first().waitFor();
    await stage.shot(shot);
    assert.equal(await stage.page.locator(".tab", { hasText: "vmcore" }).count(), 1);
  };
  await isInItsEditor("opened-at-start");
  await stage.visit({ openFile: join(folder, "vmcore") });
  await isInItsEditor("opened-again");
});

test("a command that fails says so in one toast", async () => {
  const { workbench, page } = stage;
  await workbench.command("Vmcore Debug: Open Sample Crash Dump");
  await stackRow("lab_apply").waitFor();
  await workbench.command("Vmcore Debug: View Memory at Address…");
  await workbench.box.fill("no_such_symbol");
  await page.keyboard.press("Enter");
  await toasts().first().waitFor();
  await stage.shot("toast");
  const said = await toasts().allInnerTexts();
  assert.equal(said.length, 1, said.join("\n"));
  assert.match(said[0] ?? "", /no_such_symbol/);
  await workbench.command("Notifications: Clear All Notifications");
});

test("a vmlinux of the settings that is of another kernel is passed over, with a note", async () => {
  const { workbench, page } = stage;
  await workbench.command("Vmcore Debug: Show Debug Symbols");
  const note = pane("Debug Symbols").locator(".monaco-list-row", { hasText: "vmlinux-of-another" }).first();
  await pane("Debug Symbols").locator(".monaco-list-row", { hasText: "Kernel" }).first().waitFor();
  await pane("Debug Symbols").locator(".monaco-list").focus();
  await page.keyboard.press("Home");
  for (let i = 0; i < 20 && !(await note.isVisible()); i++) {
    await page.keyboard.press("ArrowDown");
    await page.waitForTimeout(50);
  }
  assert.match(await note.innerText(), /is of another build/);
  await stage.shot("setting-passed-over");
  await pane("Debug Symbols").locator(".pane-header").click();
});

test("a vmlinux of launch.json that is of another kernel is refused with ways out", async () => {
  const { workbench, page } = stage;
  await workbench.command("Debug: Stop");
  await stackRow("lab_apply").waitFor({ state: "detached" });
  await workbench.command("Debug: Start Debugging");
  const dialog = page.locator(".monaco-dialog-box");
  await dialog.waitFor();
  await stage.shot("vmlinux-refused");
  assert.match(await dialog.innerText(), /vmlinux-of-another does not fit the dump.*is of another build/s);
  const ways = await dialog.locator(".monaco-button").allInnerTexts();
  assert.deepEqual(ways.filter((way) => way !== "Cancel").sort(), ["Choose…", "Open Without It", "Use Anyway"]);
  await dialog.locator(".monaco-button", { hasText: "Open Without It" }).click();
  await stackRow("lab_apply").waitFor();
});

test("the exception leaves the faulting line in sight, and nothing in it passes for a path", async () => {
  const { page } = stage;
  const widget = page.locator(".exception-widget");
  await widget.waitFor();
  await page.waitForTimeout(500);
  await stage.shot("exception");
  const shown = await widget.innerText();
  assert.match(shown, /RIP: 0010:lab_apply\+0x2f \[lab_nullderef\]/);
  assert.match(shown, /For the whole report, open the Log page, or enter "log" in the Debug Console\.\s*$/);
  assert.deepEqual(await widget.locator(".stack-trace a, .description a").allInnerTexts(), []);
  const place = async (part) => (await part.boundingBox()) ?? assert.fail("a part of the window is not there");
  const line = await place(page.locator(".debug-top-stack-frame-line").first());
  const box = await place(widget);
  const editor = await place(page.locator(".editor-instance").first());
  assert.ok(line.y >= editor.y && line.y < box.y, "the line is in sight, above the widget");
  assert.ok(box.y + box.height <= editor.y + editor.height, "the whole widget is in sight");
  assert.ok(box.height <= 9 * line.height, `${box.height / line.height} lines`);
});

test("a second dump comes to the front, in every view, under a name of its own", async () => {
  const { workbench, page } = stage;
  await workbench.command("Vmcore Debug: Open Crash Dump…");
  await workbench.box.fill("second");
  await page.locator(".quick-input-widget .monaco-list-row", { hasText: "second" }).first().click();
  const name = "second/vmcore · lab-guest · BUG: kernel NULL pointer dereference";
  const row = page.locator(".debug-call-stack .monaco-list-row", { hasText: name }).first();
  await row.waitFor();
  const chosen = page.locator(".debug-toolbar select option:checked", { hasText: "second/vmcore" }).first();
  await chosen.waitFor({ state: "attached" });
  const verdict = await workbench.webview(".verdict .lead");
  await verdict.locator(".dump", { hasText: /^second\/vmcore/ }).waitFor();
  await stage.shot("second-dump");
  // Its own thread is the one that is unfolded, at its own faulting frame.
  const selected = page.locator(
    ".debug-call-stack .monaco-list-row.selected, .debug-call-stack .monaco-list-row.focused",
  );
  await selected
    .filter({ hasText: /lab_poke|insmod/ })
    .first()
    .waitFor();
  const rows = await page.locator(".debug-call-stack .monaco-list-row").allInnerTexts();
  const at = rows.findIndex((text) => text.includes("second/vmcore"));
  assert.ok(
    rows.slice(at).some((text) => text.includes("lab_poke")),
    rows.join("\n"),
  );
  await workbench.command("Debug: Stop");
  await row.waitFor({ state: "detached" });
});

/** The text in the clipboard once it is what was copied last. */
async function copied(isIt, what) {
  let text = "";
  for (let i = 0; i < 50; i++, await stage.page.waitForTimeout(100)) {
    text = await stage.page.evaluate(() => navigator.clipboard.readText());
    if (isIt(text)) return text;
  }
  assert.fail(`${what}: the clipboard has ${text.slice(0, 2000)}`);
}

test("text selected in the log with the mouse is copied by lines, what was scrolled out of sight too", async () => {
  const { workbench, page } = stage;
  await workbench.command("Crash Dump: Focus on Crash Dump View");
  const panel = await workbench.webview(".tabs");
  await panel.locator("#tab-log").click();
  const log = await workbench.webview(".log .heading");
  await log.locator(".log").focus();
  await page.keyboard.press("Home");
  const text = (words) => log.locator(".line .text", { hasText: words }).first();
  await text("Command line").waitFor();
  const [from, to] = [await text("Linux version").boundingBox(), await text("Command line").boundingBox()];
  // From the middle of the first line to behind the end of the second.
  await page.mouse.move(from.x + 12, from.y + 9);
  await page.mouse.down();
  await page.mouse.move(from.x + 80, to.y + 9, { steps: 5 });
  await page.mouse.move(from.x + 80, to.y + 9 + 18, { steps: 5 });
  await stage.shot("selected-log");
  await page.mouse.wheel(0, 20 * 18);
  await page.waitForTimeout(300);
  const y = (await log.locator(".log").boundingBox())?.y ?? 0;
  await page.mouse.move(from.x + 80, y + 60, { steps: 3 });
  await page.mouse.up();
  const last = Number(
    await log.evaluate(() => getSelection()?.focusNode?.parentElement?.closest("[data-row]")?.getAttribute("data-row")),
  );
  assert.ok(last > 15, `the selection ends in row ${last}`);
  await page.keyboard.press("Control+C");
  await page.locator(".statusbar-item", { hasText: "Copied" }).waitFor();
  const lines = (await copied((text) => text.startsWith("Linux version"), "lines")).split("\n");
  const words = ["dist/cli.js", "--no-rc", "sample/vmcore", "-c", "log"];
  const told = execFileSync(process.execPath, words, { encoding: "utf8" });
  // The log's page names the task too, as the kernel's console does.
  const expected = told.replace(/^\[ *[\d.]+\]/gm, "$&[    T0]").split("\n");
  assert.ok(lines.length === last + 1, `${lines.length} lines of ${last + 1}`);
  const [first = ""] = lines;
  assert.ok(expected[0]?.endsWith(first) && first.startsWith("Linux version"), first);
  assert.deepEqual(lines.slice(1, -1), expected.slice(1, lines.length - 1));
  assert.ok(expected[lines.length - 1]?.startsWith(lines.at(-1) ?? "nothing"), lines.at(-1));
});

test("all of the log is copied, and cells of a table apart from each other", async () => {
  const { workbench, page } = stage;
  const log = await workbench.webview(".log .body");
  await log.locator(".log").focus();
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Control+C");
  const whole = /^\[    0\.000000\]\[    T0\] Linux version [^]*\n.*end Kernel panic.*$/;
  await copied((text) => whole.test(text), "the whole log");
  await log.locator("#tab-modules").click();
  const cell = (row, column) => log.locator(`.grid .body [data-row="${row}"] [data-column="${column}"]`);
  await cell(1, 1).waitFor();
  const [from, to] = [await cell(0, 0).boundingBox(), await cell(1, 1).boundingBox()];
  await page.mouse.move(from.x + 4, from.y + 11);
  await page.mouse.down();
  await page.mouse.move(to.x + to.width - 2, to.y + 11, { steps: 8 });
  await page.mouse.up();
  await stage.shot("selected-table");
  await page.keyboard.press("Control+C");
  const seen = async (row, column) => (await cell(row, column).innerText()).trim();
  const first = `${await seen(0, 0)}\t${await seen(0, 1)}\t`;
  const last = `\n${await seen(1, 0)}\t${await seen(1, 1)}`;
  await copied((text) => text.startsWith(first) && text.endsWith(last), `${first}...${last}`);
  await log.locator("#tab-log").click();
});

test("the walkthrough leads to the settings of this machine", async () => {
  const { workbench, page } = stage;
  await workbench.command("Vmcore Debug: Open Settings");
  const editor = page.locator(".settings-editor");
  await editor.locator(".setting-item-label", { hasText: "Debuginfo" }).first().waitFor();
  await stage.shot("settings");
  assert.match(await editor.locator(".settings-tabs-widget .checked").first().innerText(), /^Remote/);
  await page.keyboard.press("Escape");
  await editor.waitFor({ state: "detached" });
});

test("a vmlinux that was chosen by hand is remembered for the next dump of its kernel", async () => {
  const { workbench, page } = stage;
  const vmlinux = join(folder, "chosen.debug");
  writeFileSync(vmlinux, sampleVmlinux("3b43fad5034874490492495d552c0af6a5fab235"));
  const status = (text) => page.locator(".statusbar-item", { hasText: text }).first();
  const openSample = async () => {
    await workbench.command("Vmcore Debug: Open Sample Crash Dump");
    await stackRow("lab_apply").waitFor();
  };
  const stop = async () => {
    await workbench.command("Debug: Stop");
    await stackRow("lab_apply").waitFor({ state: "detached" });
  };
  await stop();
  await openSample();
  await status(/· *no vmlinux/).waitFor();
  await workbench.command("Vmcore Debug: Show Debug Symbols");
  const kernel = pane("Debug Symbols")
    .locator(".monaco-list-row", { hasText: /^Kernel/ })
    .first();
  await kernel.hover();
  await kernel.locator(".codicon-folder-opened").click();
  // The dialog fills in a folder of its own while it opens.
  for (let i = 0; i < 5 && (i === 0 || (await workbench.box.isVisible())); i++) {
    await workbench.box.waitFor();
    await page.waitForTimeout(500);
    await workbench.box.fill(vmlinux);
    await page.waitForTimeout(500);
    await page.keyboard.press("Enter");
    await workbench.box.waitFor({ state: "hidden", timeout: 2000 }).catch(() => undefined);
  }
  await status(/· *vmlinux/).waitFor();
  await stage.shot("vmlinux-chosen");
  await stop();
  await openSample();
  await status(/· *vmlinux/).waitFor();
  await stage.shot("vmlinux-remembered");
});
