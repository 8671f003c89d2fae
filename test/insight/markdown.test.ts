import assert from "node:assert/strict";
import { after, test } from "node:test";
import { drive } from "../../src/base/job.ts";
import { analyze, type Verdict } from "../../src/insight/analyze.ts";
import { verdictMarkdown } from "../../src/insight/markdown.ts";
import { excerptOf } from "../../src/insight/source.ts";
import { openSession } from "../../src/session/open/open.ts";

const session = openSession({ vmcore: ["sample/vmcore"], modules: ["sample"] });
after(() => {
  session.close();
});
const verdict = await drive(analyze(session.kernel), new AbortController().signal);

test("the verdict as Markdown has the title, each sentence, and for each piece of evidence its command", () => {
  const text = verdictMarkdown(verdict);
  assert.match(text, /^# BUG: unable to handle kernel NULL pointer dereference in lab_apply\n/);
  assert.match(text, /\*\*`cfg->target` is NULL in `lab_poke` \(lab_nullderef\.c:27\), inlined into `lab_apply`\.\*\*/);
  assert.match(text, /\n## The bad value\n\n- `cfg->target` is NULL\.\n {2}- rax = 0x0: `bt -l 0xffff8ef68526c180`\n/);
  for (const { evidence } of verdict.findings) assert.ok(evidence.length > 0);
  const bullets = text.match(/^ {2}- /gm)?.length;
  assert.equal(
    bullets,
    verdict.findings.reduce((sum, { evidence, unknown }) => sum + evidence.length + (unknown?.length ?? 0), 0),
  );
});

test("one section is written alone, the place with the source lines of the crash", () => {
  const lines = Array.from({ length: 40 }, (_, i) => `line ${i + 1};`);
  const source = excerptOf("a/b.c", 27, lines);
  assert.deepEqual([source?.first, source?.lines.length], [23, 9]);
  const text = verdictMarkdown(verdict, { section: "where", source });
  assert.match(text, /^## Where\n\n- It happened in `lab_apply`/);
  assert.match(text, /\n {6}26 {2}line 26;\n {4}> 27 {2}line 27;\n/);
  assert.doesNotMatch(text, /The object|^# /m);
  assert.equal(excerptOf("a/b.c", 41, lines), undefined);
});

test("names of a dump are escaped in Markdown, and uncertain findings are marked", () => {
  const hostile = "[x](http://example.org) <b> `q` *a*\n# b";
  const made: Verdict = {
    ...verdict,
    title: hostile,
    key: "k`k",
    unchecked: [{ check: "c", because: "<img>" }],
    findings: [
      {
        id: "suspect.module",
        severity: "suspect",
        certainty: "likely",
        slots: {},
        text: ["- ", { kind: "module", name: hostile }, " = here."],
        evidence: [{ kind: "module", name: hostile }],
      },
    ],
  };
  const text = verdictMarkdown(made);
  assert.match(text, /^# \\\[x\\\]\(http\\:\/\/example\.org\) \\<b> \\`q\\` \\\*a\\\*\^J\\# b\n/);
  assert.match(text, /- _likely_: \\- \\\[x.* = here\.\n/);
  assert.match(text, /Key: ``k`k``/);
  assert.match(text, /## Not checked\n\n- c: \\<img>/);
});
