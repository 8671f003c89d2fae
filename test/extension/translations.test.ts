import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const manifest = readFileSync("package.json", "utf8");
const textsOf = (file: string): Readonly<Record<string, string>> =>
  JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
const english = textsOf("package.nls.json");
const translations = readdirSync(".").filter((file) => /^package\.nls\.[\w-]+\.json$/.test(file));

/** Text of the manifest that a person reads, and that is not a key. Names and generated descriptions of tools are English. */
const READ = new Set(["title", "markdownDescription", "category", "contents", "label", "contextualTitle"]);

test("each text of the manifest that a person reads is a key of package.nls.json", () => {
  const plain: string[] = [];
  const visit = (value: unknown, key: string, path: string): void => {
    if (typeof value === "string" && READ.has(key) && !/^%[\w.-]+%$/.test(value)) plain.push(`${path}: ${value}`);
    if (typeof value !== "object" || value === null) return;
    for (const [name, part] of Object.entries(value)) visit(part, name, `${path}.${name}`);
  };
  const { contributes } = JSON.parse(manifest) as { contributes: Record<string, unknown> };
  for (const [name, part] of Object.entries(contributes)) if (name !== "languageModelTools") visit(part, name, name);
  // The product's name is the same in all languages.
  assert.deepEqual(
    plain.filter((text) => !/: Vmcore Debug$/.test(text)),
    [],
  );
});

test("the manifest's keys and those of package.nls.json are the same", () => {
  const used = new Set([...manifest.matchAll(/"%([\w.-]+)%"/g)].map(([, key]) => key));
  assert.deepEqual([...used].sort(), Object.keys(english).sort());
});

test("there is a translation into Chinese", () => {
  assert.ok(translations.includes("package.nls.zh-cn.json"));
});

for (const file of translations) {
  test(`${file} translates every text, with the same commands, code and links`, () => {
    const translated = textsOf(file);
    assert.deepEqual(Object.keys(translated), Object.keys(english));
    const marks = (text: string): string[] => (text.match(/\(command:[^)]*\)|`+[^`]+`+|\\n/g) ?? []).sort();
    for (const [key, text] of Object.entries(translated)) {
      assert.notEqual(text.trim(), "", key);
      assert.deepEqual(marks(text), marks(english[key] ?? ""), key);
    }
  });
}
