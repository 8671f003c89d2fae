import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { OLD_STYLE } from "../../scripts/oldStyle.ts";
import { isMessage, manifestTexts, sourceFiles, textsOf, type Text } from "../../scripts/texts.ts";

const PAGES = [
  "ARCHITECTURE.md",
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "docs/architectures.md",
  "docs/editors.md",
  "docs/glossary.md",
  "docs/support.md",
  "docs/terminal.md",
];

const root = new URL("../..", import.meta.url).pathname;

function offences({ file, line, kind, text }: Text): string[] {
  return OLD_STYLE.filter((style) => !style.kind || style.kind === kind)
    .filter(({ pattern }) => pattern.test(text))
    .map(({ pattern, instead }) => `${file}:${line}: "${pattern.exec(text)?.[0]}" (${instead}): ${text.slice(0, 120)}`);
}

void test("comments and messages of src use no wording of the old style", () => {
  const texts = sourceFiles(root)
    .flatMap((file) => textsOf(root, file))
    .filter(({ kind, text }) => kind === "comment" || isMessage(text));
  assert.ok(texts.length > 100, "the reader of texts finds none");
  assert.deepEqual(texts.flatMap(offences), []);
});

void test("each file of src opens with a sentence that says what it holds", () => {
  const lacking = sourceFiles(root).filter(
    (file) => !/^\/(?:\/ |\*\*\s+(?:\* )?)[\w`"][^]*?\./.test(readFileSync(`${root}/${file}`, "utf8")),
  );
  assert.deepEqual(lacking, []);
});

void test("the pages and the manifest use no wording of the old style", () => {
  const lines = PAGES.flatMap((file) =>
    readFileSync(`${root}/${file}`, "utf8")
      .split("\n")
      .map((text, i): Text => ({ file, line: i + 1, kind: "string", context: "", text })),
  );
  assert.deepEqual([...lines, ...(PAGES.length > 0 ? manifestTexts(root) : [])].flatMap(offences), []);
});

void test("a text of the old style is found in a comment and in a message", () => {
  const text = (kind: Text["kind"], words: string): Text => ({ file: "a.ts", line: 1, kind, context: "", text: words });
  assert.equal(offences(text("comment", "Of a file that is not placed, the same whoever asks")).length, 2);
  assert.equal(offences(text("string", "an object of 8 bytes is not believed")).length, 1);
  assert.equal(offences(text("string", "object size 8 exceeds the limit of 4 bytes")).length, 0);
});
