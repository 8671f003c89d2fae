#!/usr/bin/env node
// Stands in for the `code` executable where there is no VS Code desktop: takes the arguments that
// @vscode/test-electron gives to VS Code, runs the same tests in code-server and Chromium, passes the extension
// host's console to stdout, exits with its exit code.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { format } from "node:util";
import { launchBrowser, openWorkbench, startServer } from "./workbench.mjs";

const LIMIT_MS = Number(process.env.CODE_SHIM_TIMEOUT_MS ?? 300_000);
/** What the workbench logs of itself, tests or no tests. */
const NOISE =
  /^Canceled|    at .*workbench\.js|^\[?(reconnection|Resolv|Creating a socket|Updating additional|\[Service Worker|\[AgentHost|\[AccountPolicy)|open-vsx|gallery as it is disabled/;

const options = new Map();
const rest = [];
for (const argument of process.argv.slice(2)) {
  const [, name, value = "true"] = /^--([^=]+)(?:=(.*))?$/s.exec(argument) ?? [];
  if (name === undefined) rest.push(argument);
  else options.set(name, value);
}
if (options.has("version")) {
  console.log("1.139.1");
  process.exit(0);
}
const [developmentPath, testsPath] = [options.get("extensionDevelopmentPath"), options.get("extensionTestsPath")];
if (!developmentPath || !testsPath) {
  console.error("codeShim: only extension tests can be run");
  process.exit(2);
}
const userSettings = join(options.get("user-data-dir") ?? "", "User/settings.json");
const settings = existsSync(userSettings) ? JSON.parse(readFileSync(userSettings, "utf8")) : {};

let code = 1;
/** @type {Awaited<ReturnType<typeof startServer>> | undefined} */
let server;
/** @type {import("playwright-core").Browser | undefined} */
let browser;
/** @type {NodeJS.Timeout | undefined} */
let timer;
try {
  const started = await startServer({ settings });
  server = started;
  const launched = await launchBrowser();
  browser = launched.browser;
  /** @type {Promise<number>} */
  const exit = new Promise(
    (done) => void launched.context.exposeFunction("codeAutomationExit", (result) => done(result)),
  );
  await launched.context.exposeFunction("codeAutomationLog", (_type, args) => {
    const line = format(...args);
    if (process.env.CODE_SHIM_VERBOSE || !NOISE.test(line)) process.stdout.write(`${line.replace(/^%s%s +/, "")}\n`);
  });
  const folder = rest[0] === undefined ? undefined : resolve(rest[0]);
  const workbench = await openWorkbench(
    launched.context,
    started.url({ folder, developmentPath: resolve(developmentPath), testsPath }),
  );
  /** @type {Promise<never>} */
  const late = new Promise((_, reject) => {
    const complain = () =>
      reject(
        new Error(
          `no result in ${LIMIT_MS} ms\n${workbench.consoleLog.slice(-30).join("\n")}\n${started.log.slice(-3000)}`,
        ),
      );
    timer = setTimeout(complain, LIMIT_MS);
  });
  code = await Promise.race([exit, late]);
} catch (error) {
  console.error(error);
} finally {
  clearTimeout(timer);
  await browser?.close();
  await server?.stop();
}
process.exit(code);
