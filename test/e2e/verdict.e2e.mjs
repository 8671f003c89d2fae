// The Verdict page as a person sees it: the packaged extension in a real workbench, on the sample with its source and
// on a dump of two threads that took two mutexes in opposite order. Screenshots go to .cache/shots.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { after, before } from "node:test";
import { Stage } from "./stage.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const corpus = resolve(process.env.VMCORE_CORPUS ?? "../shared/corpus");

const stage = new Stage("verdict-");
const { folder } = stage;
const shot = (name) => stage.shot(name);
const test = (title, run) => stage.step(title, run);
let workbench, page, frame;

/** A git repository as the kernel's source: after the release a commit changes the guilty function. */
function repository() {
  const path = join(folder, "linux");
  const file = join(path, "lab_nullderef.c");
  const source = readFileSync("sample/lab_nullderef.c", "utf8");
  mkdirSync(path);
  const git = (...args) =>
    execFileSync("git", ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org", "-C", path, ...args]);
  const commit = (text, message) => {
    writeFileSync(file, text);
    git("add", "--all");
    git("commit", "--quiet", "-m", message);
  };
  git("init", "--quiet", "--initial-branch=master");
  commit(source, "release");
  git("tag", "v6.1");
  commit(source.replace(/lab_apply\([^]*?\{\n/, "$&\tif (!cfg->target)\n\t\treturn;\n"), "lab: do not write to NULL");
  git("checkout", "--quiet", "v6.1");
  return path;
}

before(async () => {
  cpSync("sample", folder, { recursive: true });
  mkdirSync(join(folder, ".vscode"), { recursive: true });
  const launch = (name, vmcore) => ({ type: "vmcore", request: "launch", name, vmcore });
  const configurations = [
    launch("abba", join(corpus, "x86_64-6.1/abba/vmcore")),
    launch("sample", join(folder, "vmcore")),
  ];
  writeFileSync(join(folder, ".vscode/launch.json"), JSON.stringify({ version: "0.2.0", configurations }));
  await stage.open(
    { "workbench.colorTheme": "Light Modern" },
    { machineSettings: { "vmcore.kernelSource": [repository()] }, isDriven: false, width: 1280, height: 720 },
  );
  ({ workbench, page } = stage);
  await workbench.knows("Vmcore Debug: Open Crash Dump…");
});

after(() => stage.close());

const front = (selector, options) => frame.locator(`section:not([hidden]) ${selector}`, options);
const sentence = (finding) => front(`[data-finding="${finding}"]`).first();
const plain = async (locator) => (await locator.innerText()).replace(/\s+/g, " ").trim();
const stackRow = (text) => page.locator(".debug-call-stack .monaco-list-row", { hasText: text }).first();

/** Waits until all checks have ended. */
const checked = () => front(".verdict > .progress").waitFor({ state: "detached" });

test("from opening the dump of a deadlock to both owners and both locks takes no click", async () => {
  for (let i = 0; i < 4 && (await page.locator(".debug-toolbar").count()) === 0; i++) {
    await page.keyboard.press("F5");
    await page
      .locator(".debug-toolbar")
      .waitFor({ timeout: 20_000 })
      .catch(() => undefined);
  }
  frame = await workbench.webview(".verdict .lead .link", 60_000);
  const lead = front(".lead");
  assert.match(
    await plain(lead),
    /^Deadlock: lab_left \[278\] waits for mutex lab_mutex_b \[lab_abba\], held by lab_right \[279\]; lab_right \[279\] waits for mutex lab_mutex_a \[lab_abba\], held by lab_left \[278\]\. certain$/,
  );
  assert.ok(await lead.isVisible());
  assert.equal(await frame.locator(".tabs [aria-selected=true]").innerText(), "Verdict");
  assert.equal(await frame.locator(".tabs button").first().innerText(), "Verdict");
  await checked();
  await shot("abba");
});

test("the keys lead from sentence to sentence and into the evidence, and Enter follows", async () => {
  await workbench.command("View: Toggle Maximized Panel");
  await shot("abba-whole");
  await sentence("crash.mechanism").focus();
  const at = () => frame.evaluate(() => document.activeElement?.getAttribute("data-finding"));
  await page.keyboard.press("ArrowDown");
  assert.equal(await at(), "crash.consequence");
  await page.keyboard.press("ArrowDown");
  assert.equal(await at(), "where.guilty");
  await page.keyboard.press("ArrowDown");
  assert.equal(await at(), "wait.cycle");
  await page.keyboard.press("ArrowRight");
  assert.equal(await sentence("wait.cycle").getAttribute("aria-expanded"), "true");
  await page.keyboard.press("ArrowRight");
  assert.match(await frame.evaluate(() => document.activeElement?.textContent ?? ""), /frame #4 lab_transfer/);
  await shot("abba-unfolded");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  assert.equal(await sentence("wait.cycle").getAttribute("aria-expanded"), "false");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  const line = front(".line.at", { hasText: "Kernel panic - not syncing: hung_task" });
  await line.waitFor();
  await shot("log-line");
  await frame.locator(".headline button").click();
  await front(".lead").waitFor();
  await workbench.command("View: Toggle Maximized Panel");
});

// A window of 1280x720 at 125 % shows what one of 1024x576 does; a panel at the side is as narrow as the last one.
for (const [name, width, height] of [
  ["125", 1024, 576],
  ["narrow", 640, 720],
])
  test(`no sentence is cut off in a window of ${width}x${height}`, async () => {
    const size = page.viewportSize();
    await page.setViewportSize({ width, height });
    await page.waitForTimeout(500);
    assert.ok(await front(".lead").isVisible());
    await shot(`abba-${name}`);
    await workbench.command("View: Toggle Maximized Panel");
    await shot(`abba-${name}-whole`);
    const beyond = await frame.evaluate(() => {
      const page = document.documentElement.clientWidth;
      const texts = [...document.querySelectorAll("section:not([hidden]) :is(p, li, h1, h2, button, .said)")];
      return texts.filter((one) => one.getBoundingClientRect().right > page + 1).map((one) => one.textContent?.trim());
    });
    assert.deepEqual(beyond, []);
    await workbench.command("View: Toggle Maximized Panel");
    await page.setViewportSize(size);
  });

/** Copies, and returns the text in the clipboard once it is another one. */
async function copied(copy) {
  const text = () => page.evaluate(() => navigator.clipboard.readText());
  const before = await text();
  await copy();
  for (let i = 0; i < 50; i++, await page.waitForTimeout(100)) if ((await text()) !== before) return text();
  assert.fail(`the clipboard has still ${before}`);
}

test("the verdict and each of its sections is copied as Markdown", async () => {
  const whole = await copied(() => front(".head .copy").click());
  assert.match(whole, /^# INFO: task hung in lab_transfer\n\n\*\*Deadlock: lab_left/);
  assert.match(whole, /## Who waits for whom\n/);
  const one = await copied(() => front('button[aria-label="Copy “Who waits for whom” as Markdown"]').click());
  assert.match(one, /^## Who waits for whom\n\n- Deadlock: lab_left/);
});

test("one click leads to a task, a lock, a module, a field and a frame", async () => {
  await front('.lead .link[data-kind="task"]', { hasText: "lab_right [279]" }).first().click();
  await stackRow(/^lab_right \[279\].*selected/is).waitFor();
  await front('.lead .link[data-kind="object"]', { hasText: "lab_mutex_b" }).click();
  const lock = await workbench.webview('[aria-label="*(struct mutex *)0xffffffffc040c0e0"]');
  await lock.locator(".row", { hasText: "held by lab_right [279]" }).first().waitFor();
  await shot("lock");
  await front('[data-finding="where.guilty"] .link[data-kind="module"]').first().click();
  await workbench.webview('[aria-label="sym -m lab_abba"]');
  await front('[data-finding="wait.blocked"] .beside .link', { hasText: "mutex_waiter.task" }).first().click();
  await front('[data-finding="wait.blocked"] .beside .link', { hasText: "frame" }).first().click();
  // The session stopped in lab_left, so its row does not say that it is selected.
  await page.locator(".debug-variables .monaco-list-row", { hasText: /^Task lab_left \[278\]/ }).waitFor();
});

test("the command of a piece of evidence runs in the Debug Console", async () => {
  await sentence("wait.cycle")
    .locator(".said")
    .click({ position: { x: 2, y: 2 } });
  await sentence("wait.cycle").locator('button[aria-label^="Run bt -l"]').first().click();
  await page
    .locator(".repl .monaco-list-row", { hasText: /#4 .* lab_transfer/ })
    .first()
    .waitFor();
  await shot("console");
  await workbench.command("Debug: Stop");
  await workbench.command("View: Close All Editors");
});

test("the verdict of the sample shows the values in C, the source and the widget's sentence", async () => {
  await workbench.command("Vmcore Debug: Open Sample Crash Dump");
  await stackRow("lab_apply").waitFor();
  frame = await workbench.webview(".verdict .excerpt .here");
  await checked();
  assert.equal(
    await plain(front(".lead")),
    "cfg->target is NULL in lab_poke (lab_nullderef.c:27), inlined into lab_apply. certain",
  );
  const widget = page.locator(".exception-widget");
  await widget.waitFor();
  assert.match(
    await widget.innerText(),
    /\ncfg->target is NULL in lab_poke \(lab_nullderef\.c:27\), inlined into lab_apply\n/,
  );
  assert.match(await front(".code-line.here").innerText(), /27/);
  await shot("sample");
  await workbench.command("View: Toggle Maximized Panel");
  await shot("sample-whole");
  await front('[data-finding="fault.access"] .beside .link', { hasText: "instruction" }).click();
  await page.locator(".tab.active", { hasText: /lab_apply.*\.s/ }).waitFor();
  await workbench.command("Crash Dump: Focus on Crash Dump View");
  await front('[data-finding="where.guilty"] .link[data-kind="source"]', { hasText: "lab_nullderef.c:27" }).click();
  await page.locator(".tab.active", { hasText: "lab_nullderef.c" }).waitFor();
  await page
    .locator(".statusbar-item", { hasText: /Ln 27, Col/ })
    .first()
    .waitFor();
});

test("the value's way from its use to its origin is one step a line, each with its evidence", async () => {
  await workbench.command("Crash Dump: Focus on Crash Dump View");
  const steps = await front('[data-finding="fault.provenance"] .chain li').allInnerTexts();
  assert.deepEqual(
    steps.map((text) => text.replace(/\s+/g, " ").trim()),
    [
      "rax = NULL, used by mov %ebp,(%rax) in lab_apply+0x2f at lab_nullderef.c:27 rax",
      "cfg->target = NULL, loaded from ffff8ef6849a9820 in lab_apply at lab_nullderef.c:25 lab_config.target",
      "cfg = ffff8ef6849a9800, an allocated object of kmalloc-64 object",
      "Passed by the caller hello_init at lab_nullderef.c:55 as argument 1: lab_first frame hello_init",
    ],
  );
});

test("git lists the later commits of the guilty function when the user asks", async () => {
  await front(".fixes button", { hasText: "Look in Git…" }).click();
  await front(".fixes .commits tr").waitFor();
  const row = await plain(front(".fixes .commits tr"));
  assert.match(row, /^[0-9a-f]{12} \d{4}-\d\d-\d\d lab: do not write to NULL \(master\)$/);
  assert.match(
    await front(".fixes").innerText(),
    /are not in v6\.1\. Whether one of them fixes this crash is not judged/,
  );
  const name = await copied(() => front(".fixes .commits button").click());
  assert.match(name, /^[0-9a-f]{40}$/);
  await workbench.command("View: Toggle Maximized Panel");
  await front(".fixes").scrollIntoViewIfNeeded();
  await shot("fixes");
  await workbench.command("View: Toggle Maximized Panel");
});

/** @param isLight the page is transparent: axe takes what is behind it for white, and measures no contrast on dark */
async function hasNoViolation(isLight) {
  await frame.evaluate(axe);
  const rules = { "color-contrast": { enabled: isLight } };
  const { violations } = await frame.evaluate(
    (of) => globalThis.axe.run(document, { iframes: false, rules: of }),
    rules,
  );
  assert.deepEqual(
    violations.map(({ id, nodes }) => [id, nodes[0]?.html]),
    [],
  );
}

for (const [theme, name, kind] of [
  ["Light Modern", "light", "vscode-light"],
  ["Dark Modern", "dark", "vscode-dark"],
  ["Dark High Contrast", "contrast", "vscode-high-contrast"],
  ["Light High Contrast", "contrast-light", "vscode-high-contrast-light"],
]) {
  test(`it is readable in ${theme}, and axe finds nothing`, async () => {
    await workbench.command("Preferences: Color Theme");
    await workbench.box.fill(theme);
    await page.locator(".quick-input-list .monaco-list-row", { hasText: theme }).first().waitFor();
    await page.keyboard.press("Enter");
    await frame.locator(`body.${kind}`).waitFor();
    await workbench.command("Crash Dump: Focus on Crash Dump View");
    if ((await sentence("fault.provenance").getAttribute("aria-expanded")) === "false")
      await sentence("fault.provenance").locator(".twistie").click();
    assert.equal(await sentence("fault.provenance").getAttribute("aria-expanded"), "true");
    await hasNoViolation(kind === "vscode-light");
    await workbench.command("View: Toggle Maximized Panel");
    await shot(name);
    await workbench.command("View: Toggle Maximized Panel");
  });
}
