// What the suites of the workbench stand on: one browser and one workbench on a folder for all steps of a file.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { launchBrowser, openWorkbench, startServer } from "./workbench/workbench.mjs";

/**
 * A workbench with the packaged extension, or with the one that VSIX names. Screenshots go to .cache/shots.
 * @param prefix of the screenshots' names
 */
export class Stage {
  /** Made at once, so that a suite can fill it before the workbench opens. */
  folder = mkdtempSync(join(tmpdir(), "crash-"));
  #prefix;
  #browser;

  constructor(prefix = "") {
    this.#prefix = prefix;
  }

  async open(settings) {
    const { name, version } = JSON.parse(readFileSync("package.json", "utf8"));
    this.server = await startServer({ vsix: [resolve(process.env.VSIX ?? `${name}-${version}.vsix`)], settings });
    const { browser, context } = await launchBrowser({ width: 1500, height: 950 });
    this.#browser = browser;
    this.workbench = await openWorkbench(context, this.server.url({ folder: this.folder }));
    this.page = this.workbench.page;
  }

  async close() {
    await this.#browser?.close();
    await this.server?.stop();
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
