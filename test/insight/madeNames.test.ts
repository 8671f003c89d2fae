/** A check that knew the crashes it is tried on would prove nothing. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const insight = join(import.meta.dirname, "../../src/insight");
const agent = join(import.meta.dirname, "../corpus/made/agent");
const modules = join(import.meta.dirname, "../corpus/made/modules");

/** What only the made crashes have: modules, their functions, variables and caches, names of their threads. */
function madeNames(): Set<string> {
  const names = new Set<string>();
  for (const file of readdirSync(modules).filter((name) => name.endsWith(".c"))) {
    names.add(file.slice(0, -2));
    const text = readFileSync(join(modules, file), "utf8");
    for (const [, name] of text.matchAll(/^static [^;{=]*?\b([a-z]\w*_\w+)(?= ?[(=;[{])/gm)) names.add(name!);
    for (const [, name] of text.matchAll(/"([a-z]+_[a-z]+)"/g)) names.add(name!);
  }
  return names;
}

test("no check, and no part of the scripted agent, names a module, a symbol, a thread or a process of the crashes", () => {
  const names = madeNames();
  for (const known of ["routecache", "route_touch", "alias_cache", "chan_scan", "depot_inbound", "session_close"])
    assert.ok(names.has(known), known);
  const files = [insight, agent].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
  );
  for (const file of files.filter((one) => one.endsWith(".ts"))) {
    const text = readFileSync(file, "utf8");
    const words = new Set(text.match(/[A-Za-z_]\w*/g));
    for (const name of names) assert.ok(!words.has(name), `${file} names ${name}`);
    assert.doesNotMatch(text, /\blab_\w/, file);
    assert.doesNotMatch(text, /\b(?:pid|tgid|tid)\w*\s*[=!]==?\s*\d{2,}/i, file);
  }
});
