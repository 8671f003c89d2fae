// Records the animated picture of the README from a real workbench: opens the sample dump as a person would, for some
// 25 seconds. npm run film [-- --out FILE]   Default: media/film.webp. Needs img2webp, of Debian's package webp.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { out: { type: "string" } } });
const out = resolve(values.out ?? "media/film.webp");
const WINDOW = { width: 1120, height: 720 };
const MILLISECONDS_PER_FRAME = 120;
/** What waits for the machine is cut to this. */
const LONGEST_STILL = 700;
/** How long a person needs to see what a step shows. */
const LOOK = 1700;

const installed = spawnSync("test/e2e/workbench/install.sh", { stdio: ["ignore", "ignore", "inherit"] });
if (installed.status !== 0) process.exit(installed.status ?? 1);
const { launchBrowser, openWorkbench, startServer } = await import("../test/e2e/workbench/workbench.mjs");
const { name, version } = JSON.parse(readFileSync("package.json", "utf8"));
const vsix = [resolve(`${name}-${version}.vsix`)];

const folder = mkdtempSync(join(tmpdir(), "crash-"));
for (const file of ["vmcore", "lab_nullderef.c", "lab_nullderef.ko"]) cpSync(join("sample", file), join(folder, file));
const frames = join(folder, "..", `film-${process.pid}`);
mkdirSync(frames);
const settings = { "workbench.colorTheme": "Dark Modern", "window.commandCenter": false };
const server = await startServer({ vsix, isDriven: true, hasTrust: false, settings });
const { browser, context } = await launchBrowser(WINDOW);
const workbench = await openWorkbench(context, server.url({ folder }));
const { page } = workbench;

/** Frames that differ from the one before, with the time that each was shown. @type {{ file: string, shown: number }[]} */
const film = [];
let isRecording = false;
/** While the script uses the palette, which a person would not. */
let isPaused = false;

async function record() {
  let last = Buffer.alloc(0);
  let at = Date.now();
  while (isRecording) {
    if (isPaused) {
      await page.waitForTimeout(MILLISECONDS_PER_FRAME);
      continue;
    }
    const picture = await page.screenshot({ type: "png" });
    const now = Date.now();
    const before = film.at(-1);
    if (before) before.shown += now - at;
    at = now;
    if (!picture.equals(last)) {
      const file = join(frames, `${String(film.length).padStart(4, "0")}.png`);
      writeFileSync(file, picture);
      film.push({ file, shown: 0 });
      last = picture;
    }
    await page.waitForTimeout(MILLISECONDS_PER_FRAME);
  }
}

/** A pointer and a line of text, because a picture of the page shows neither. */
async function stagehands() {
  await page.evaluate(() => {
    const pointer = document.createElement("div");
    pointer.id = "film-pointer";
    pointer.style.cssText =
      "position:fixed;z-index:99999;left:50%;top:50%;width:22px;height:22px;margin:-11px 0 0 -11px;border-radius:50%;background:#ffb00099;border:2px solid #ffb000;pointer-events:none;transition:left .5s,top .5s,transform .15s";
    const caption = document.createElement("div");
    caption.id = "film-caption";
    caption.style.cssText =
      "position:fixed;z-index:99998;left:50%;top:4px;transform:translateX(-50%);padding:5px 16px;border-radius:6px;background:#000c;border:1px solid #ffb000;color:#fff;font:600 17px sans-serif;white-space:nowrap;pointer-events:none";
    document.body.append(pointer, caption);
  });
}

const caption = (text) =>
  page.evaluate((text) => void document.querySelector("#film-caption")?.replaceChildren(text), text);

async function pointAt(locator) {
  const box = await locator.boundingBox();
  if (box === null) throw new Error("what the pointer goes to is not on the screen");
  const [x, y] = [box.x + Math.min(box.width / 2, 60), box.y + box.height / 2];
  await page.evaluate(
    ([x, y]) => {
      document.getElementById("film-pointer")?.style.setProperty("left", `${x}px`);
      document.getElementById("film-pointer")?.style.setProperty("top", `${y}px`);
    },
    [x, y],
  );
  await page.waitForTimeout(650);
  return [x, y];
}

async function click(locator, how = {}) {
  await pointAt(locator);
  await locator.click(how);
}

async function unseen(title) {
  isPaused = true;
  await workbench.command(title);
  isPaused = false;
}

async function play() {
  const row = page.locator(".explorer-folders-view .monaco-list-row", { hasText: /^vmcore$/ }).first();
  await row.waitFor();
  await caption("Open a crash dump of a Linux kernel");
  await page.waitForTimeout(800);
  await click(row, { clickCount: 2 });
  const facts = await workbench.webview("#debug");
  await facts.locator("pre", { hasText: "Kernel panic" }).waitFor();
  await page.waitForTimeout(LOOK / 2);
  await click(facts.locator("#debug"));
  await page.locator(".debug-call-stack .monaco-list-row", { hasText: "lab_apply" }).first().waitFor();
  const panel = await workbench.webview(".verdict .lead", 60_000);
  await page
    .locator(".notification-toast-container")
    .waitFor({ state: "detached" })
    .catch(() => undefined);
  await caption("It stops at the line that crashed, and the verdict says why");
  await page.waitForTimeout(LOOK * 1.5);
  await panel.locator(".verdict > .progress").waitFor({ state: "detached" });
  await unseen("View: Toggle Maximized Panel");
  await caption("Each sentence has its evidence, one click away");
  await page.waitForTimeout(LOOK * 1.5);
  for (const [tab, shows, text] of [
    ["log", ".log", "The kernel log, with what its registers point at"],
    ["tasks", ".grid .body .row", "Every task of the dead machine, and its stack"],
    ["memory", ".memory", "Where the memory went"],
  ]) {
    await caption(text);
    await click(panel.locator(`#tab-${tab}`));
    await panel.locator(`section:not([hidden]) ${shows}`).first().waitFor();
    await panel.locator("section:not([hidden])", { hasText: "Counting…" }).waitFor({ state: "detached" });
    await page.waitForTimeout(LOOK);
  }
  await unseen("View: Toggle Maximized Panel");
  await caption("And every command of crash");
  await unseen("Debug Console: Focus on Debug Console View");
  await page.keyboard.type("bt", { delay: 120 });
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
  await page.waitForTimeout(LOOK * 1.5);
}

try {
  await workbench.knows("Vmcore Debug: Open Crash Dump…");
  await workbench.command("Explorer: Focus on Folders View");
  await stagehands();
  isRecording = true;
  const recorded = record();
  try {
    await play();
  } catch (error) {
    await page.screenshot({ path: join(tmpdir(), "film-failed.png") });
    throw error;
  } finally {
    isRecording = false;
    await recorded;
  }
  const inputs = film.flatMap(({ file, shown }, at) => {
    const isLast = at === film.length - 1;
    return ["-d", String(Math.max(40, isLast ? LOOK : Math.min(shown, LONGEST_STILL))), file];
  });
  const { status, error } = spawnSync("img2webp", ["-loop", "0", "-lossy", "-q", "60", "-m", "6", ...inputs, "-o", out], { stdio: ["ignore", "ignore", "inherit"] }); // prettier-ignore
  if (error) throw error;
  if (status !== 0) throw new Error(`img2webp failed with status ${status}`);
  const seconds = inputs.filter((_, i) => i % 3 === 1).reduce((sum, time) => sum + Number(time), 0) / 1000;
  console.log(`${out}: ${film.length} frames, ${seconds.toFixed(1)} s, ${Math.round(statSync(out).size / 1024)} KiB`);
} finally {
  await browser.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
  rmSync(frames, { recursive: true, force: true });
}
