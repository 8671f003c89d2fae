// The extension's page in the editor: icon, pictures and links, with the repository of the manifest served from here.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, before } from "node:test";
import { Stage } from "./stage.mjs";

const { repository } = JSON.parse(readFileSync("package.json", "utf8"));
const address = repository.url.replace(/\.git$/, "");
const stage = new Stage("page-");
const test = (title, run) => stage.step(title, run);
let page;

before(async () => {
  await stage.open({ "workbench.colorTheme": "Dark Modern" });
  page = stage.page;
  await page.context().route(`${address}/raw/HEAD/**`, (route) => {
    const path = decodeURI(new URL(route.request().url()).pathname).replace(/^.*\/raw\/HEAD\//, "");
    return existsSync(path) ? route.fulfill({ path }) : route.abort();
  });
});

after(() => stage.close());

test("the extension's page shows the icon and every picture of the README, and links into the repository", async () => {
  await stage.workbench.knows("Vmcore Debug: Open Sample Crash Dump");
  await stage.workbench.command("Extensions: Show Installed Extensions");
  await page.locator(".extension-list-item", { hasText: "Vmcore Debug" }).first().click();
  const readme = await stage.workbench.webview("h1#vmcore-debug");
  await readme.waitForFunction(() => [...document.images].every(({ complete }) => complete));
  const pictures = await readme.evaluate(() => [...document.images].map(({ naturalWidth }) => naturalWidth > 500));
  assert.ok(pictures.length >= 4 && pictures.every(Boolean), JSON.stringify(pictures));
  const links = await readme.evaluate(() => [...document.links].map((link) => link.getAttribute("href") ?? ""));
  const outside = links.filter((href) => !/^(?:https:|#)/.test(href));
  assert.deepEqual([links.length > 5, outside], [true, []]);
  for (const href of links.filter((one) => one.startsWith(`${address}/blob/HEAD/`)))
    assert.ok(existsSync(href.slice(`${address}/blob/HEAD/`.length).replace(/#.*$/, "")), href);
  const icon = page.locator(".extension-editor img.extension-icon, .extension-editor .icon-container img").first();
  assert.equal(await icon.evaluate(({ naturalWidth }) => naturalWidth), 128);
  await stage.shot("details");
});

test("the walkthrough shows its pictures, which are in the package", async () => {
  await stage.workbench.command("Welcome: Open Walkthrough...");
  await stage.workbench.row("Debug a Linux Kernel Crash Dump").click();
  await page.locator(".getting-started-step", { hasText: "Inspect the Panic" }).click();
  const step = await stage.workbench.webview('img[alt^="The editor at the faulting line"]');
  const width = step.locator("img").first();
  await page.waitForTimeout(1000);
  assert.ok((await width.evaluate(({ naturalWidth }) => naturalWidth)) > 500);
  await stage.shot("walkthrough");
});
