// Takes pictures of the extension in a real workbench, and writes a page that shows them: each state once, each page of the
// panel in all themes and at 150 %. They are for reviewing by eye. Options: --out DIR (default .cache/gallery).
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { pages as pagesOfPanel } from "../src/extension/panel/pages.ts";

const { values } = parseArgs({ options: { out: { type: "string" } } });
const out = resolve(values.out ?? ".cache/gallery");

/** Maximum number of pictures, because nobody looks at more. States beyond it are listed as not reached. */
const MAX_PICTURES = 120;
/** The window in CSS pixels, and what is left of it at 150 %. */
const WINDOW = { width: 1280, height: 720 };
const ZOOMED = { width: Math.round(WINDOW.width / 1.5), height: WINDOW.height / 1.5 };
const THEMES = ["Light Modern", "Dark Modern", "Dark High Contrast", "Light High Contrast"];

const installed = spawnSync("test/e2e/workbench/install.sh", { stdio: ["ignore", "ignore", "inherit"] });
if (installed.status !== 0) process.exit(installed.status ?? 1);
const { launchBrowser, openWorkbench, startServer } = await import("../test/e2e/workbench/workbench.mjs");
const { name, version } = JSON.parse(readFileSync("package.json", "utf8"));
const vsix = [resolve(`${name}-${version}.vsix`)];

/** @type {{ title: string, file: string }[]} */
const pictures = [];
/** @type {string[]} */
const missing = [];
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const folder = mkdtempSync(join(tmpdir(), "gallery-"));
cpSync("sample", folder, { recursive: true });
writeFileSync(join(folder, "truncated.vmcore"), readFileSync("sample/vmcore").subarray(0, 300_000));
writeFileSync(join(folder, "no-dump.vmcore"), "This is no dump.\n");

const server = await startServer({
  vsix,
  isDriven: true,
  hasTrust: false,
  settings: { "workbench.colorTheme": THEMES[0] },
});
const { browser, context } = await launchBrowser(WINDOW);
const workbench = await openWorkbench(context, server.url({ folder }));
const { page } = workbench;

async function picture(title) {
  if (pictures.length >= MAX_PICTURES) throw new Error(`there are ${MAX_PICTURES} pictures already`);
  const file = `${String(pictures.length + 1).padStart(3, "0")}-${title.replace(/\W+/g, "-").toLowerCase()}.png`;
  // No tooltip covers what is under the mouse.
  await page.mouse.move(1, 1);
  await workbench.shot(join(out, file));
  pictures.push({ title, file });
}

/** Takes the picture of a state. A state that cannot be reached is listed, and the others are still shown. */
async function state(title, reach) {
  try {
    await reach();
    await picture(title);
  } catch (error) {
    missing.push(`${title}: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`);
    await page.keyboard.press("Escape");
  }
}

async function theme(chosen) {
  await workbench.command("Preferences: Color Theme");
  await workbench.box.fill(chosen);
  await workbench.row(chosen).click();
}

/** Waits until the page that is shown has read what it shows. */
async function complete(frame) {
  const unread = frame.locator("section:not([hidden])", { hasText: /Counting…|Reading|Checking .* checks are done/ });
  await unread.waitFor({ state: "detached", timeout: 60_000 });
}

const stack = (text) => page.locator(".debug-call-stack .monaco-list-row", { hasText: text }).first();

async function states() {
  await workbench.knows("Vmcore Debug: Open Crash Dump…");
  await state("No dump is open", async () => {
    await workbench.command("View: Show Run and Debug");
    await page.locator(".welcome-view-content").first().waitFor();
  });
  for (const [title, file, content] of [
    ["A dump before it is debugged", "vmcore", "table"],
    ["A dump that was cut off", "truncated.vmcore", ".missing, .limitation, .refused"],
    ["Not a dump", "no-dump.vmcore", undefined],
  ]) {
    await state(title, async () => {
      await workbench.command("View: Close All Editors");
      await workbench.pick("Control+P", file, file);
      // A file with the name of a dump that is text opens as text.
      if (content === undefined) await page.locator(".view-line", { hasText: "This is no dump." }).waitFor();
      else await workbench.webview(content);
    });
  }
  await workbench.command("View: Close All Editors");
  await state("Stopped at the crash", async () => {
    await workbench.command("Vmcore Debug: Open Sample Crash Dump");
    await stack("lab_apply").waitFor({ timeout: 60_000 });
    await page.locator(".debug-variables .monaco-list-row", { hasText: "value" }).first().waitFor();
    await complete(await workbench.webview(".verdict .excerpt"));
  });
  await state("Select Task", async () => {
    await workbench.command("Vmcore Debug: Select Task…");
    await page.locator(".quick-input-list .monaco-list-row", { hasText: "do_wait" }).first().waitFor();
  });
  await page.keyboard.press("Escape");
  await state("Debug Console", async () => {
    await workbench.command("Debug Console: Focus on Debug Console View");
    await page.keyboard.type("bt");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Enter");
    await page.waitForTimeout(1500);
  });
  await state("Memory at an address", async () => {
    await workbench.command("Vmcore Debug: View Memory at Address…");
    await workbench.box.fill("init_task");
    await workbench.row("init_task").click();
    const memory = await workbench.webview('[aria-label^="Memory at"]');
    await memory.locator('input[aria-label="Struct"]').fill("task_struct");
    await memory.locator('input[aria-label="Struct"]').press("Enter");
    await memory.locator(".body .row", { hasText: "thread_info" }).first().waitFor();
  });
  await state("Memory that cannot be read", async () => {
    const memory = await workbench.webview('[aria-label^="Memory at"]');
    await memory.locator('input[aria-label="Go to"]').fill("0xffffd11f00000000");
    await memory.locator('input[aria-label="Go to"]').press("Enter");
    await page.waitForTimeout(1000);
  });
}

async function pages() {
  await workbench.command("View: Close All Editors");
  await workbench.command("Crash Dump: Focus on Crash Dump View");
  await workbench.command("View: Toggle Maximized Panel");
  const frame = await workbench.webview(".tabs");
  const show = async (id) => {
    await frame.locator(`#tab-${id}`).click();
    await frame.locator(`section:not([hidden]) :is(.grid, .log, .memory, .graph, .verdict, .state)`).first().waitFor();
    await complete(frame);
  };
  await state("A filter that matches nothing", async () => {
    await show("tasks");
    await frame.locator("section:not([hidden]) input[type=search]").fill("no such task");
  });
  await frame.locator("section:not([hidden]) input[type=search]").fill("");
  await state("The menu of a row", () =>
    frame.locator('section:not([hidden]) .body [data-row="1"] [data-column="2"]').click({ button: "right" }),
  );
  await page.keyboard.press("Escape");
  for (const chosen of THEMES) {
    await theme(chosen);
    for (const { id, title } of pagesOfPanel) await state(`${title}, ${chosen}`, () => show(id));
  }
  await theme(THEMES[0]);
  await page.setViewportSize(ZOOMED);
  for (const { id, title } of pagesOfPanel) await state(`${title}, 150 %`, () => show(id));
  await page.setViewportSize(WINDOW);
  await state("The dump is closed", async () => {
    await workbench.command("Debug: Stop");
    await page.locator(".debug-toolbar").waitFor({ state: "hidden" });
  });
}

const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
try {
  await states();
  await pages();
} finally {
  await browser.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
  const figures = pictures.map(
    ({ title, file }) =>
      `<figure><figcaption>${escaped(title)}</figcaption><a href="${file}"><img src="${file}" loading="lazy" alt="${escaped(title)}"></a></figure>`,
  );
  const lost =
    missing.length === 0
      ? ""
      : `<h2>Not reached</h2><ul>${missing.map((text) => `<li>${escaped(text)}</li>`).join("")}</ul>`;
  writeFileSync(
    join(out, "index.html"),
    `<!DOCTYPE html><meta charset="utf-8"><title>Gallery of ${name}</title><style>body{font:14px sans-serif;margin:24px}figure{display:inline-block;width:600px;margin:0 16px 24px 0}img{width:100%;border:1px solid #888}</style><h1>${name} ${version}</h1>${lost}${figures.join("\n")}\n`,
  );
  console.log(`${join(out, "index.html")}: ${pictures.length} pictures, ${missing.length} states were not reached`);
  for (const text of missing) console.log(`  ${text}`);
}
