import assert from "node:assert/strict";
import { test } from "node:test";
import { fileUri, markdownBlock, markdownCode, markdownProse, markdownText } from "../../src/base/markdown.ts";
import { printable, printableJson } from "../../src/base/printable.ts";

const EVIL = "a` [Sign in](https://evil.example/) ![p](https://evil.example/p.png) `";

test("a name with back-quotes stays within its code span", () => {
  assert.equal(markdownCode("f"), "`f`");
  assert.equal(markdownCode(EVIL), `\`\` ${EVIL} \`\``);
  assert.equal(markdownCode("``"), "``` `` ```");
  assert.equal(markdownCode("a|b", true), "`a\\|b`");
  assert.equal(markdownCode("a\nb"), "`a^Jb`");
});

test("an escaped bar does not end a cell, for any number of back-slashes", () => {
  const shown = markdownCode("a\\|[x](https://evil.example/)", true);
  assert.match(shown, /^a\\\\\\\|\\\[x/);
  assert.equal(shown.replace(/\\(.)/g, "$1"), "a\\|[x](https://evil.example/)");
});

test("a text creates no link, image, HTML or math in Markdown", () => {
  const shown = markdownText(`${EVIL}<b>$x$ me@evil.example www.evil.example`);
  assert.ok(!/(?<!\\)[[\]()<>`!$:@.]/.test(shown), shown);
  assert.equal(shown.replace(/\\(.)/g, "$1"), `${EVIL}<b>$x$ me@evil.example www.evil.example`);
});

test("lines with fences stay within their block", () => {
  assert.equal(markdownBlock(["a", "```", "# b"], "c"), "````c\na\n```\n# b\n````");
});

test("the address of a file with parentheses stays within its link", () => {
  assert.equal(fileUri("/a (b)/c.c"), "file:///a%20%28b%29/c.c");
  assert.equal(fileUri("vmcore-source:a"), "file:///vmcore-source%3Aa");
  assert.equal(fileUri("scheme://x/(a) b"), "scheme://x/%28a%29%20b");
});

test("escapes, C1 controls and invisible or direction-changing characters are made visible; tabs stay", () => {
  assert.equal(
    printable("a\u001b[2Jb\u009b2J\u202ec\u200d\u2028\ufeff\td\n"),
    "a^[[2Jb\\x9b2J\\u202ec\\u200d\\u2028\\ufeff\td^J",
  );
  assert.equal(printable("naïve 日本"), "naïve 日本");
});

test("JSON has them escaped, with the same meaning", () => {
  const value = { comm: "x\u001b\u009b2J\u202e\u2066y\u2028", name: "日本" };
  const json = printableJson(JSON.stringify(value));
  assert.match(json, /^[\x20-\x7e日本]+$/);
  assert.deepEqual(JSON.parse(json), value);
});

test("prose keeps the marks that have no effect, and escapes those that have", () => {
  assert.equal(markdownProse("a->b is 0.5 (f_g) at x.c:12, [mod]"), "a->b is 0.5 (f_g) at x.c:12, \\[mod\\]");
  assert.equal(markdownProse("- a"), "\\- a");
  assert.equal(markdownProse("> a"), "\\> a");
  assert.equal(markdownProse("1. a"), "1\\. a");
  assert.equal(markdownProse("_a_ <b> https://x www.x"), "\\_a\\_ \\<b> https\\://x www\\.x");
});
