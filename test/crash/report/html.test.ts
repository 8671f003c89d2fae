import assert from "node:assert/strict";
import { test } from "node:test";
import type { Block } from "../../../src/document/block.ts";
import { blocksOfHtml, htmlOf } from "../../../src/crash/report/html.ts";

const EVIL = `</pre></template><script>alert(1)</script><img src=x onerror=alert(1)>[a](javascript:alert(1)) & "q"`;

const blocks: readonly Block[] = [
  { kind: "heading", level: 1, text: `Crash of ${EVIL}` },
  { kind: "text", text: `A **strong** word and ${EVIL} ![x](https://evil.example/x.png)` },
  { kind: "command", lines: `echo ${EVIL}`, output: `${EVIL}\n\nend` },
];

test("text of the dump makes no element, script, image or script link in the page", () => {
  const html = htmlOf(blocks);
  assert.ok(!/<script|<img|<[^>]*\son\w+=|href="javascript:/i.test(html), html);
  assert.equal(html.match(/<template /g)?.length, 1);
  assert.equal(html.match(/<\/template>/g)?.length, 1);
  assert.match(html, /<strong>strong<\/strong>/);
});

test("the page loads nothing: it has no address outside of text, and a policy that forbids loading", () => {
  const html = htmlOf(blocks);
  assert.ok(!/\b(?:src|href)="(?!#)/.test(html.replace(/href="https:\/\/evil\.example\/x\.png"/, "")), html);
  assert.match(html, /content="default-src 'none'; style-src 'unsafe-inline'"/);
});

test("the blocks of a page are read back, and a file that is no such page has none", () => {
  assert.deepEqual(blocksOfHtml(htmlOf(blocks)), blocks);
  assert.equal(blocksOfHtml("<p>x</p>"), undefined);
});
