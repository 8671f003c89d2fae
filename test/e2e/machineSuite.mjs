// Steps of a workbench over one dump, with the expectations of a file of test/e2e/machines: it opens, stops, and shows frames,
// a source line, variables, the log, the tasks and memory.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { Stage } from "./stage.mjs";
import { isInstalled } from "./workbench/workbench.mjs";

const corpus = resolve(process.env.VMCORE_CORPUS ?? "../shared/corpus");

/**
 * What the workbench must show of a dump. Texts are what a person reads.
 * @typedef {object} Expected
 * @property {string} vmcore below the corpus
 * @property {string} family of the corpus, whose vmlinux is fetched
 * @property {string} stopped text of the exception
 * @property {readonly string[]} frames functions in the order of the call stack
 * @property {{ readonly frame: string, readonly text: string }} line source file and line of a frame
 * @property {{ readonly frame: string, readonly group: string, readonly name: string, readonly value: string }} variable
 * @property {string} log
 * @property {readonly string[]} tasks
 * @property {{ readonly command: string, readonly text: string }} memory a command of the console
 */

/** @param {string} family @returns {string | undefined} */
function vmlinuxOf(family) {
  try {
    const env = { ...process.env, VMLINUX_ONLY: "1" };
    return execFileSync(join(corpus, "get-debuginfo.sh"), [family], { encoding: "utf8", env }).trim();
  } catch {
    return undefined;
  }
}

/** One session for each dump, in one browser. @param {readonly string[]} names of files in test/e2e/machines */
export function machineSuites(names) {
  if (!isInstalled()) {
    test("dumps of machines in a workbench", { skip: "run test/e2e/workbench/install.sh" }, () => {});
    return;
  }
  const stage = new Stage("machines-");
  const dumps = names.map((name) => {
    /** @type {Expected} */
    const expected = JSON.parse(readFileSync(join("test/e2e/machines", `${name}.json`), "utf8"));
    const vmcore = join(corpus, expected.vmcore);
    return { name, expected, vmcore, vmlinux: existsSync(vmcore) ? vmlinuxOf(expected.family) : undefined };
  });
  before(() => stage.open({ "workbench.colorTheme": "Light Modern" }, { width: 1280, height: 1400 }));
  after(() => stage.close());
  for (const { name, expected, vmcore, vmlinux } of dumps) {
    const step = (what, run) =>
      vmlinux === undefined
        ? test(`${name}: ${what}`, { skip: `no ${vmcore}, or no vmlinux of it` }, () => {})
        : stage.step(`${name}: ${what}`, run);
    step("it opens and stops at its panic", () => opened(stage, name, { vmcore, vmlinux }, expected));
    step("the call stack has the frames, and one names its line", () => frames(stage, expected));
    step("a frame has its variables", () => variables(stage, expected));
    step("the panel has the log and the tasks", () => panel(stage, expected));
    step("the console reads memory", () => memory(stage, expected));
  }
}

const stackRow = ({ page }, text) => page.locator(".debug-call-stack .monaco-list-row", { hasText: text }).first();

async function opened(stage, name, { vmcore, vmlinux }, { stopped }) {
  const folder = join(stage.folder, name);
  mkdirSync(join(folder, ".vscode"), { recursive: true });
  const configurations = [{ type: "vmcore", request: "launch", name, vmcore, vmlinux }];
  writeFileSync(join(folder, ".vscode/launch.json"), JSON.stringify({ version: "0.2.0", configurations }));
  await stage.visit({ folder });
  const { workbench, page } = stage;
  await workbench.knows("Vmcore Debug: Open Crash Dump…");
  const toolbar = page.locator(".debug-toolbar");
  for (let i = 0; i < 4 && (await toolbar.count()) === 0; i++) {
    await page.keyboard.press("F5");
    await toolbar.waitFor({ timeout: 20_000 }).catch(() => undefined);
  }
  await stackRow(stage, "KERNEL PANIC").waitFor({ timeout: 60_000 });
  await page.locator(".exception-widget", { hasText: stopped }).waitFor({ timeout: 60_000 });
  await stage.shot(name);
}

async function frames(stage, { frames, line }) {
  const rows = stage.page.locator(".debug-call-stack .monaco-list-row");
  for (const frame of frames) await stackRow(stage, new RegExp(`^${frame}`)).waitFor();
  const shown = await rows.allInnerTexts();
  const places = frames.map((frame) => shown.findIndex((text) => text.startsWith(frame)));
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
    shown.join("\n"),
  );
  const text = shown.find((one) => one.startsWith(line.frame)) ?? "";
  assert.ok(text.replace(/\s+/g, " ").includes(line.text), text);
}

async function variables(stage, { variable }) {
  await stackRow(stage, new RegExp(`^${variable.frame}`)).click();
  const { page } = stage;
  const row = (text) => page.locator(".debug-variables .monaco-list-row", { hasText: text }).first();
  const group = row(variable.group);
  await group.waitFor();
  // VS Code unfolds the first group by itself, after a while.
  await page.waitForTimeout(1000);
  if ((await group.getAttribute("aria-expanded")) !== "true") await group.locator(".monaco-tl-twistie").click();
  await row(new RegExp(`^${variable.name}\\s*=\\s*${variable.value}`)).waitFor();
}

async function panel(stage, { log, tasks }) {
  const { workbench } = stage;
  await workbench.command("Crash Dump: Focus on Crash Dump View");
  const frame = await workbench.webview(".tabs");
  await frame.locator("#tab-log").click();
  await frame.locator("section:not([hidden]) .line", { hasText: log }).first().waitFor();
  await frame.locator("#tab-tasks").click();
  const filter = frame
    .locator("section:not([hidden]) input[type=search], section:not([hidden]) input[type=text]")
    .first();
  for (const task of tasks) {
    await filter.fill(task);
    await frame.locator("section:not([hidden]) [role=row]", { hasText: task }).first().waitFor();
  }
}

async function memory(stage, { memory }) {
  const { workbench, page } = stage;
  await workbench.command("Debug Console: Focus on Debug Console View");
  await page.locator(".repl-input-wrapper .monaco-editor").first().click();
  await page.keyboard.insertText(memory.command);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
  await page.locator(".repl .monaco-list-row", { hasText: memory.text }).first().waitFor();
}
