import assert from "node:assert/strict";
import { test } from "node:test";
import { KernelLog } from "../../src/log/kernelLog.ts";
import { kinds } from "../../src/log/kinds.ts";
import { logHeadlines } from "../builders/logHeadlines.ts";

for (const { kind, text } of logHeadlines) {
  test(`"${text.slice(0, 80)}" is ${kind === "none" ? "no report" : kind}`, () => {
    const [report] = KernelLog.of([`[    1.000000] ${text}`, "[    1.000001] eth0: Link is Up"]).reports;
    assert.equal(report?.headline.row.kind ?? "none", kind);
  });
}

test("every headline has the kernel function that prints it, and starts at the beginning of a line", () => {
  for (const { printedBy, pattern } of kinds) {
    assert.notEqual(printedBy, "");
    assert.ok(
      pattern.source.split("|^").every((part, i) => i > 0 || part.startsWith("^")),
      pattern.source,
    );
    assert.equal(pattern.flags, "");
  }
});
