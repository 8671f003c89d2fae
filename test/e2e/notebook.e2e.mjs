// A crash notebook as a person sees it: the packaged extension in a real workbench, on a dump of two kernel threads that
// took two mutexes in opposite order. Screenshots go to .cache/shots.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
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

before(async () => {
  mkdirSync(join(folder, ".vscode"));
  const abba = { type: "vmcore", request: "launch", name: "abba", vmcore: join(corpus, "x86_64-6.1/abba/vmcore") };
  writeFileSync(join(folder, ".vscode/launch.json"), JSON.stringify({ version: "0.2.0", configurations: [abba] }));
  writeFileSync(join(folder, "who.crashnb"), NOTEBOOK);
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
