// What the suites of the workbench stand on: one browser and one workbench on a folder for all steps of a file.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { launchBrowser, openWorkbench, startServer } from "./workbench/workbench.mjs";

/** @returns {never} */
const fail = (what) => {
  throw new Error(`the ${what} is not open yet`);
};

/**
 * A workbench with the packaged extension, or with the one that VSIX names. Screenshots go to .cache/shots.
 * @param prefix of the screenshots' names
 */
export class Stage {
  /** Made at once, so that a suite can fill it before the workbench opens. */
  folder = mkdtempSync(join(tmpdir(), "crash-"));
  #server;
  #workbench;
  #prefix;
  #browser;
  #context;
  #isDriven;

  constructor(prefix = "") {
    this.#prefix = prefix;
  }

  /** The server, the workbench and its page: from `open` on. */
  get server() {
    return this.#server ?? fail("server");
  }

  get workbench() {
    return this.#workbench ?? fail("workbench");
  }

  get page() {
    return this.workbench.page;
  }

  /**
   * @param {Record<string, unknown>} [settings]
   * @param {object} [how]
   * @param {Record<string, unknown>} [how.machineSettings]
   * @param {boolean} [how.isDriven] without the smoke-test driver toasts and modal dialogs are seen, as a person sees them
   * @param {boolean} [how.hasTrust] whether there is Workspace Trust
   * @param {string} [how.openFile] a path that VS Code opens as it starts
   * @param {number} [how.width] @param {number} [how.height]
   */
  async open(
    settings,
    { machineSettings, isDriven = true, hasTrust = false, openFile, width = 1500, height = 950 } = {},
  ) {
    const { name, version } = JSON.parse(readFileSync("package.json", "utf8"));
    const vsix = [resolve(process.env.VSIX ?? `${name}-${version}.vsix`)];
    const given = { ...(settings && { settings }), ...(machineSettings && { machineSettings }) };
    this.#server = await startServer({ vsix, ...given, isDriven, hasTrust });
    const { browser, context } = await launchBrowser({ width, height });
    this.#browser = browser;
    this.#context = context;
    this.#isDriven = isDriven;
    await this.visit({ openFile });
  }

  /**
   * Opens the workbench anew, as another window on the folder, in the place of the one there is.
   * @param {{ folder?: string, openFile?: string | undefined }} [what]
   */
  async visit({ folder = this.folder, openFile } = {}) {
    // A page that is left tells its extension host to end; one that is closed keeps it waiting for a while.
    await this.#workbench?.page.goto("about:blank");
    await this.#workbench?.page.close();
    const url = this.server.url({ folder, openFile });
    this.#workbench = await openWorkbench(this.#context, url, { isDriven: this.#isDriven });
  }

  async close() {
    await this.#browser?.close();
    await this.#server?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  shot(name) {
    return this.workbench.shot(join(resolve(".cache/shots"), `${this.#prefix}${name}.png`));
  }

  /** Takes an item of the context menu that was just opened. */
  async choose(label) {
    const item = this.page.locator(".monaco-menu .action-label", { hasText: label });
    await item.waitFor();
    // A menu takes no click for its own while the button that opened it may still be down.
    for (let i = 0; i < 4 && (await item.isVisible()); i++) {
      await item.click();
      await item.waitFor({ state: "hidden", timeout: 2000 }).catch(() => undefined);
    }
  }

  /** A step of one long session; what the screen showed when it failed is kept. */
  step(title, run) {
    test(title, async () => {
      try {
        await run();
      } catch (error) {
        await this.shot(`failed-${title.replace(/\W+/g, "-").slice(0, 40)}`);
        throw error;
      }
    });
  }
}
