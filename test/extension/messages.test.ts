/** The messages of the extension in other languages. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const SOURCES = "src/extension";
const sources = readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => ({ file, text: readFileSync(join(SOURCES, file), "utf8") }));
const bundles = readdirSync("l10n").filter((file) => /^bundle\.l10n\.[\w-]+\.json$/.test(file));

/** The messages, by which VS Code finds their translations. */
const messages = new Set(
  sources.flatMap(({ text }) =>
    [...text.matchAll(/\bl10n\.t\(\s*("(?:[^"\\]|\\.)*")/g)].map(
      ([, literal]) => JSON.parse(literal ?? '""') as string,
    ),
  ),
);

test("a message is a literal, so that it has a translation", () => {
  for (const { file, text } of sources) {
    const calls = [...text.matchAll(/\bl10n\.t\(\s*(.)/g)];
    assert.ok(
      calls.every(([, first]) => first === '"'),
      file,
    );
  }
});

test("dialogs, lists and boxes show no text that cannot be translated", () => {
  const plain =
    /(?:show(?:Information|Warning|Error)Message\(\s*|(?:placeHolder|placeholder|prompt|openLabel|saveLabel):? ?=? *)["`]/g;
  const found = sources.flatMap(({ file, text }) => [...text.matchAll(plain)].map(([start]) => `${file}: ${start}`));
  // A C type is the same in all languages.
  assert.deepEqual(
    found.filter((one) => !/^panel\/crashDumpPanel\.ts: placeHolder/.test(one)),
    [],
  );
});

test("the manifest names the folder of the translations, and one is Chinese", () => {
  const { l10n } = JSON.parse(readFileSync("package.json", "utf8")) as { l10n?: string };
  assert.equal(l10n, "./l10n");
  assert.ok(bundles.includes("bundle.l10n.zh-cn.json"));
});

for (const file of bundles) {
  test(`${file} translates every message, and no other, with the same places for names and numbers`, () => {
    const translated = JSON.parse(readFileSync(join("l10n", file), "utf8")) as Record<string, string>;
    assert.deepEqual(Object.keys(translated).sort(), [...messages].sort());
    const places = (text: string): string[] => (text.match(/\{\d\}/g) ?? []).sort();
    for (const [message, text] of Object.entries(translated)) {
      assert.notEqual(text.trim(), "", message);
      assert.deepEqual(places(text), places(message), message);
    }
  });
}
