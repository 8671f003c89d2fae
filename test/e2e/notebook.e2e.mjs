// Crash notebooks and the comparison of dumps as a person sees them: the packaged extension in a real workbench, on a dump
// of two kernel threads that took two mutexes in opposite order. Screenshots go to .cache/shots.
import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before } from "node:test";
import { Stage } from "./stage.mjs";

const corpus = resolve(process.env.VMCORE_CORPUS ?? "../shared/corpus");
const stage = new Stage("notebook-");
const { folder } = stage;
const test = (title, run) => stage.step(title, run);
let workbench, page;

const NOTEBOOK = `# Who holds the lock?

The transfer threads of \`lab_abba\` take two mutexes. **Which order** does each use?

\`\`\`crash
waits -l
\`\`\`

## The owner word

\`\`\`crash
struct mutex.owner.counter lab_mutex_a -x
\`\`\`
`;

/** A cell that runs for some ten seconds, and one after it. */
const LONG = `# Long

\`\`\`crash
${Array.from({ length: 24 }, () => "foreach bt -FF -f").join("\n")}
\`\`\`

\`\`\`crash
sys | grep MACHINE
\`\`\`
`;

before(async () => {
  mkdirSync(join(folder, ".vscode"));
  const abba = { type: "vmcore", request: "launch", name: "abba", vmcore: join(corpus, "x86_64-6.1/abba/vmcore") };
  writeFileSync(join(folder, ".vscode/launch.json"), JSON.stringify({ version: "0.2.0", configurations: [abba] }));
  writeFileSync(join(folder, "who.crashnb"), NOTEBOOK);
  writeFileSync(join(folder, "long.crashnb"), LONG);
  cpSync(join(corpus, "x86_64-6.1/sysrq/vmcore"), join(folder, "sysrq/vmcore"));
  await stage.open({ "workbench.colorTheme": "Light Modern" }, { width: 1280, height: 800 });
  ({ workbench, page } = stage);
  await workbench.knows("Vmcore Debug: New Crash Notebook");
});

after(() => stage.close());

test("a notebook file opens as text and cells, and the cells run in the session", async () => {
  for (let i = 0; i < 4 && (await page.locator(".debug-toolbar").count()) === 0; i++) {
    await page.keyboard.press("F5");
    await page
      .locator(".debug-toolbar")
      .waitFor({ timeout: 20_000 })
      .catch(() => undefined);
  }
  await page.locator(".debug-call-stack .monaco-list-row").first().waitFor({ timeout: 60_000 });
  // The editor goes to the faulting line when the session stops; the notebook comes in front of it afterwards.
  await page.locator(".exception-widget").waitFor({ timeout: 60_000 });
  await workbench.pick("Control+p", "who.crashnb", "who.crashnb");
  await page.getByText("waits -l", { exact: true }).first().waitFor();
  await workbench.command("View: Toggle Panel Visibility");
  await workbench.command("Notebook: Run All");
  const file = join(folder, "who.crashnb");
  await page.locator(".codicon-notebook-state-success").nth(1).waitFor({ timeout: 30_000 });
  await stage.shot("notebook-light");
  await workbench.command("File: Save");
  let text = "";
  for (let i = 0; i < 50 && !text.includes("```text"); i++) {
    await page.waitForTimeout(200);
    text = readFileSync(file, "utf8");
  }
  assert.equal(text.replace(/\n\n```text\n.*?\n```/gs, ""), NOTEBOOK);
  assert.match(text, /```text\n.*lab_left \[278\].*```/s);
  assert.match(text, /owner\.counter = 0xffff8b56029220c1\n```\n$/);
});

test("the same in a dark theme", async () => {
  await workbench.command("Preferences: Color Theme");
  await workbench.box.fill("Dark Modern");
  await workbench.row("Dark Modern").click();
  await stage.shot("notebook-dark");
});

test("a running cell is interrupted, the cells after it do not run, and the session goes on", async () => {
  // The cells of the notebook behind stay in the document.
  const successes = page.locator(".codicon-notebook-state-success");
  const before = await successes.count();
  await workbench.pick("Control+p", "long.crashnb", "long.crashnb");
  await page.getByText("sys | grep MACHINE", { exact: true }).first().waitFor();
  await page.getByRole("button", { name: "Run All", exact: true }).last().click();
  await page.locator(".codicon-notebook-state-executing").first().waitFor();
  await page.getByRole("button", { name: "Interrupt", exact: true }).last().click();
  await page.locator(".codicon-notebook-state-error").first().waitFor({ timeout: 10_000 });
  await workbench.webview('.output_container:has-text("The cell was interrupted; run it again for its output.")');
  await stage.shot("interrupted");
  assert.equal(await successes.count(), before);
});

test("the console's commands are copied with their outputs as a notebook", async () => {
  await workbench.command("Debug Console: Focus on Debug Console View");
  await page.keyboard.type("struct mutex.owner lab_mutex_a --table");
  await page.keyboard.press("Enter");
  await page.locator(".repl").getByText("ADDRESS").waitFor();
  await workbench.command("Vmcore Debug: Copy Session");
  let text = "";
  for (let i = 0; i < 50 && !text.startsWith("# Session on"); i++, await page.waitForTimeout(100))
    text = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(text, /^# Session on vmcore\n\n```crash\nsys\n```\n\n```text\n +KERNEL: /);
  assert.match(
    text,
    /\n```crash\nstruct mutex\.owner lab_mutex_a --table\n```\n\n```text\nADDRESS +owner *\n.*\n```\n$/,
  );
});

/** The page of a comparison, once it has a text. */
function comparison(text) {
  return workbench.webview(`h1:has-text("${text}")`, 40_000);
}

test("the open dump is compared with another one on a page", async () => {
  await workbench.command("Vmcore Debug: Compare with Another Dump…");
  await workbench.row("vmcore").waitFor();
  await stage.shot("compare-pick");
  await workbench.row("vmcore").click();
  const frame = await comparison("Comparison of two dumps: not the same bug");
  await frame.getByText("sysrq/vmcore").first().waitFor();
  assert.ok((await frame.locator("table").count()) >= 3);
  await workbench.command("View: Toggle Panel Visibility");
  await stage.shot("compare-light");
  await workbench.command("View: Toggle Panel Visibility");
  await workbench.command("View: Close Editor");
});

test("two open sessions are compared", async () => {
  await workbench.command("Vmcore Debug: Open Crash Dump…");
  await workbench.row("vmcore").click();
  await page.locator(".debug-call-stack .monaco-list-row", { hasText: "sysrq/vmcore" }).first().waitFor();
  // A dump that is still being opened is not offered as an open one.
  await page.locator(".exception-widget", { hasText: "asked for by sysrq" }).waitFor();
  await workbench.command("Vmcore Debug: Compare with Another Dump…");
  await workbench.row("lab-guest").click();
  await comparison("Comparison of two dumps: not the same bug");
  await stage.shot("compare-dark");
});
