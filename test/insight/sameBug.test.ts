import assert from "node:assert/strict";
import { test } from "node:test";
import type { Verdict } from "../../src/insight/analyze.ts";
import type { Finding, Slot } from "../../src/insight/finding.ts";
import { sameBug } from "../../src/insight/sameBug.ts";

const finding = (id: string, slots: Readonly<Record<string, Slot>>): Finding => ({
  id,
  severity: "cause",
  certainty: "certain",
  slots,
  text: ["A sentence."],
  evidence: [{ kind: "log", line: 0, text: "" }],
});

const verdict = (key: string, ...findings: readonly Finding[]): Verdict => ({
  title: "title",
  key,
  kind: key.split(":")[0] ?? "none",
  mechanism: "oops",
  findings,
  unchecked: [],
});

const provenance = (expression: string) => finding("fault.provenance", { expression });

test("the same kind, guilty function and callers are the same bug, whatever the rest of the build is", () => {
  const { answer, because } = sameBug(verdict("null-pointer:f:g"), verdict("null-pointer:f:g"));
  assert.equal(answer, "same bug");
  assert.deepEqual(because, [
    "both are of the kind null-pointer",
    "the guilty function of both is f",
    "it was called through g in both",
  ]);
});

test("another kind, or another guilty function, is another bug", () => {
  assert.equal(sameBug(verdict("null-pointer:f"), verdict("kernel-bug:f")).answer, "not the same bug");
  assert.equal(sameBug(verdict("null-pointer:f"), verdict("null-pointer:g")).answer, "not the same bug");
});

test("a freed object or a full stack that another machine reports as another kind is the same bug", () => {
  const freed = (cache: string) => finding("fault.freed-object", { cache });
  const [x86, arm] = ["general-protection:f:g", "page-fault:f:g"];
  const { answer, because } = sameBug(verdict(x86, freed("route")), verdict(arm, freed("route")));
  assert.equal(answer, "same bug");
  assert.match(
    because.join(),
    /in both an object of route was used after it was freed \(general-protection on one machine, page-fault/,
  );
  assert.equal(sameBug(verdict(x86, freed("route")), verdict(arm, freed("other"))).answer, "unknown");
  assert.equal(sameBug(verdict(x86), verdict(arm)).answer, "unknown");
  assert.equal(sameBug(verdict(x86), verdict("page-fault:h")).answer, "not the same bug");
  const full = (key: string): Verdict => ({ ...verdict(key), mechanism: "stack-overflow" });
  assert.equal(sameBug(full("stack-guard:f"), full("stack-overflow:f")).answer, "same bug");
});

test("without a guilty function nothing is said but the kinds, and which crash lacks the function", () => {
  const full = (key: string): Verdict => ({ ...verdict(key), mechanism: "stack-overflow" });
  assert.deepEqual(sameBug(full("stack-overflow"), full("page-fault:f")).because, [
    "in both the stack was full (stack-overflow on one machine, page-fault on the other)",
    "but the guilty function of the first is not known",
  ]);
  assert.deepEqual(sameBug(verdict("kernel-bug"), verdict("kernel-bug")).because, [
    "both are of the kind kernel-bug",
    "but the guilty functions are not known",
  ]);
});

test("the same function through other callers is probably the same bug", () => {
  assert.equal(sameBug(verdict("null-pointer:f:g"), verdict("null-pointer:f:h")).answer, "probably the same bug");
});

test("another bad value in the same function leaves it open; a register without debuginfo says nothing", () => {
  const [a, b] = [verdict("null-pointer:f", provenance("x->a")), verdict("null-pointer:f", provenance("x->b"))];
  assert.equal(sameBug(a, b).answer, "unknown");
  assert.equal(sameBug(a, verdict("null-pointer:f", provenance("rax"))).answer, "same bug");
  assert.match(sameBug(a, a).because.join(), /the bad value of both is x->a/);
});

test("deadlocks of two and of three tasks are different bugs", () => {
  const [two, three] = [
    [1, 2],
    [1, 2, 3],
  ].map((pids) => verdict("hung-task:f", finding("wait.cycle", { pids })));
  assert.equal(sameBug(two!, three!).answer, "not the same bug");
  assert.equal(sameBug(two!, two!).answer, "same bug");
});

test("machines that did not crash by themselves have no bug to compare", () => {
  assert.equal(sameBug(verdict("none"), verdict("none")).answer, "unknown");
  assert.equal(sameBug(verdict("none"), verdict("null-pointer:f")).answer, "not the same bug");
  assert.deepEqual(sameBug(verdict("unknown"), verdict("null-pointer:f")), {
    answer: "unknown",
    because: ["it is not known whether one of the machines crashed"],
  });
  assert.equal(sameBug(verdict("null-pointer"), verdict("null-pointer:f")).answer, "unknown");
});
