import assert from "node:assert/strict";
import { test } from "node:test";
import { noticeText } from "../../src/base/notice.ts";

/** parseLinkedText() of VS Code. */
const LINK = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/gi;

test("a name in a notification is no link, and runs no command", () => {
  for (const target of ["command:workbench.action.quit", "https://evil.example/", "FILE:///etc/passwd", "http://a/"]) {
    const name = `a [Sign in](${target}) b`;
    assert.match(name, LINK);
    assert.doesNotMatch(noticeText(name), LINK);
    assert.equal(noticeText(name).replace("] (", "]("), name);
  }
  assert.equal(noticeText("f(a[1](x))\nsecond \u001b[2J\u202e"), "f(a[1](x))\nsecond ^[[2J\\u202e");
});
