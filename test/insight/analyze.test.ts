import assert from "node:assert/strict";
import { after, test } from "node:test";
import { drive, toEnd } from "../../src/base/job.ts";
import { Fault } from "../../src/base/fault.ts";
import { Analysis, analyze, headlineOf } from "../../src/insight/analyze.ts";
import type { Check } from "../../src/insight/check.ts";
import { type Finding, sentenceText } from "../../src/insight/finding.ts";
import { verdictSentence } from "../../src/insight/verdictSentence.ts";
import { openSession } from "../../src/session/open/open.ts";
import { toyKernel } from "../builders/kernel.ts";

const session = openSession({ vmcore: ["sample/vmcore"] });
const { kernel } = session;
after(() => {
  session.close();
});
const verdict = (checks?: readonly Check[]) => drive(analyze(kernel, checks), new AbortController().signal);

test("the verdict of the sample names what stopped the kernel and where", async () => {
  const { title, key, kind, mechanism, findings } = await verdict();
  assert.equal(title, "BUG: unable to handle kernel NULL pointer dereference in lab_apply");
  assert.equal(key, "null-pointer:lab_apply:hello_init");
  assert.equal(kind, "null-pointer");
  assert.equal(mechanism, "oops");
  const guilty = findings.find(({ id }) => id === "where.guilty");
  assert.equal(guilty?.certainty, "certain");
  assert.equal(guilty?.slots["function"], "lab_apply");
  assert.equal(guilty?.slots["module"], "lab_nullderef");
  assert.equal(guilty?.slots["inTree"], false);
});

test("every finding has evidence", async () => {
  const { findings } = await verdict();
  assert.ok(findings.length >= 3);
  for (const { id, evidence } of findings) assert.ok(evidence.length > 0, id);
});

test("a fault ends a check, and the verdict says why", async () => {
  const failing: Check = {
    id: "failing",
    needs: [],
    about: "any",
    *run() {
      yield { kind: "progress", what: "", done: 0, total: 0 };
      throw Fault.of("excluded", "page excluded from dump");
    },
  };
  const { unchecked } = await verdict([failing]);
  assert.deepEqual(unchecked, [{ check: "failing", because: "page excluded from dump" }]);
});

test("a check that takes too long is aborted", async () => {
  const endless: Check = {
    id: "endless",
    needs: [],
    about: "any",
    *run() {
      for (;;) yield { kind: "progress", what: "", done: 0, total: 0 };
    },
  };
  const { unchecked } = await verdict([endless]);
  assert.deepEqual(unchecked, [{ check: "endless", because: "it was stopped after 2 s" }]);
});

const never: Check = {
  id: "never",
  needs: [],
  about: "any",
  *run() {
    for (;;) yield { kind: "progress", what: "", done: 0, total: 0, until: new Promise(() => {}) };
  },
};

test("a check whose wait never ends is aborted", async () => {
  const { unchecked } = await verdict([never]);
  assert.deepEqual(unchecked, [{ check: "never", because: "it was stopped after 2 s" }]);
});

test("the verdict for the exception takes at most half a second, whatever its checks do", async () => {
  const endless: Check = {
    ...never,
    id: "endless",
    *run() {
      for (;;) yield { kind: "progress", what: "", done: 0, total: 0 };
    },
  };
  for (const check of [never, endless]) {
    const started = performance.now();
    const analysis = new Analysis(kernel, [check, check, check]);
    await drive(
      analysis.advance(() => false, 500),
      new AbortController().signal,
    );
    const took = performance.now() - started;
    assert.ok(took >= 450 && took < 1500, `${check.id}: ${took} ms`);
    assert.equal(analysis.progress.done, 0);
    assert.match(analysis.verdict.title, /lab_apply/);
  }
});

test("the bad value of the sample is followed to the member that held it and to the caller", async () => {
  const { findings } = await verdict();
  const slots = (id: string) => findings.find((one) => one.id === id)?.slots ?? {};
  assert.equal(slots("fault.access")["access"], "write");
  assert.equal(slots("fault.access")["address"], 0n);
  assert.equal(slots("fault.null-member")["value"], 0n);
  assert.deepEqual(
    { ...slots("fault.provenance") },
    {
      value: 0n,
      origin: "load",
      expression: undefined,
      object: 0xffff8ef6849a9800n,
      member: undefined,
      function: "lab_apply",
      caller: "hello_init",
    },
  );
  assert.equal(slots("fault.passed")["caller"], "hello_init");
  assert.deepEqual([slots("object.state")["cache"], slots("object.state")["state"]], ["kmalloc-64", "allocated"]);
});

test("the module of the guilty function is not another suspect", async () => {
  const { findings } = await verdict();
  const modules = (id: string) => findings.filter((one) => one.id === id).map(({ slots }) => slots["module"]);
  assert.deepEqual(modules("where.guilty"), ["lab_nullderef"]);
  assert.ok(!modules("suspect.module").includes("lab_nullderef"));
});

test("with the module's debuginfo the operand is written in C", async () => {
  const withModules = openSession({ vmcore: ["sample/vmcore"], modules: ["sample"] });
  const found = await drive(analyze(withModules.kernel), new AbortController().signal);
  const { findings } = found;
  withModules.close();
  const slots = (id: string) => findings.find((one) => one.id === id)?.slots ?? {};
  assert.equal(slots("where.guilty")["line"], 36);
  assert.equal(slots("where.guilty")["inlined"], "lab_poke");
  assert.equal(slots("fault.access")["expression"], "*p");
  assert.equal(slots("fault.provenance")["expression"], "cfg->target");
  assert.equal(slots("fault.provenance")["member"], "target");
  assert.equal(slots("fault.passed")["expression"], "lab_first");
  assert.equal(verdictSentence(found), "cfg->target is NULL in lab_poke (lab_nullderef.c:27), inlined into lab_apply");
  const chain = findings.find(({ id }) => id === "fault.provenance")?.chain ?? [];
  assert.deepEqual(
    chain.map(({ text, evidence }) => [sentenceText(text).replaceAll(/\S+\/lab_null/g, "lab_null"), evidence.kind]),
    [
      ["rax = NULL, used by mov %ebp,(%rax) in lab_apply+0x2f at lab_nullderef.c:27", "register"],
      ["cfg->target = NULL, loaded from ffff8ef6849a9820 in lab_apply at lab_nullderef.c:25", "field"],
      ["cfg = ffff8ef6849a9800, an allocated object of kmalloc-64", "object"],
      ["Passed by the caller hello_init at lab_nullderef.c:55 as argument 1: lab_first", "frame"],
    ],
  );
});

test("the checks run once each while the caller advances them, and the verdict has their findings so far", () => {
  const told = (id: string): Finding => ({
    id,
    severity: "note",
    certainty: "certain",
    slots: {},
    text: [id],
    evidence: [{ kind: "cpu", cpu: 0, text: "" }],
  });
  const runs: string[] = [];
  const slow = (id: string): Check => ({
    id,
    needs: [],
    about: "any",
    *run() {
      runs.push(id);
      yield { kind: "progress", what: "", done: 0, total: 0 };
      yield told(`${id}.found`);
    },
  });
  const analysis = new Analysis(kernel, [slow("first"), slow("second")]);
  assert.deepEqual(analysis.progress, { done: 0, total: 2, running: "first" });
  toEnd(analysis.advance(() => analysis.progress.done === 1));
  assert.deepEqual(analysis.progress, { done: 1, total: 2, running: "second" });
  assert.deepEqual(
    analysis.verdict.findings.map(({ id }) => id),
    ["first.found"],
  );
  assert.match(analysis.verdict.title, /NULL pointer dereference in lab_apply$/);
  // A caller that is cancelled in the middle leaves the check to the next one.
  analysis.advance(() => false).next();
  toEnd(analysis.advance(() => false));
  toEnd(analysis.advance(() => false));
  assert.deepEqual(runs, ["first", "second"]);
  assert.deepEqual(analysis.progress, { done: 2, total: 2, running: undefined });
  assert.deepEqual(analysis.verdict.findings.map(({ id }) => id).sort(), ["first.found", "second.found"]);
});

test("a step with a promise makes every caller wait until it settles", async () => {
  let isLoaded = false;
  let load = (): void => {};
  const until = new Promise<void>((done) => (load = done)).then(() => void (isLoaded = true));
  const loading: Check = {
    id: "loading",
    needs: [],
    about: "any",
    *run() {
      yield { kind: "progress", what: "", done: 0, total: 0, until };
      assert.ok(isLoaded);
    },
  };
  const analysis = new Analysis(kernel, [loading]);
  const [one, other] = [0, 1].map(() =>
    drive(
      analysis.advance(() => false),
      new AbortController().signal,
    ),
  );
  setTimeout(load, 5);
  await Promise.all([one, other]);
  assert.deepEqual(analysis.verdict.unchecked, []);
});

test("an internal error in a check is thrown once, and the other checks run", () => {
  const broken: Check = {
    id: "broken",
    needs: [],
    about: "any",
    *run() {
      throw new TypeError("not a fault");
    },
  };
  const analysis = new Analysis(kernel, [broken]);
  assert.throws(() => toEnd(analysis.advance(() => false)), TypeError);
  toEnd(analysis.advance(() => false));
  assert.deepEqual(analysis.verdict.unchecked, [
    { check: "broken", because: "an internal error of vmcore-debug ended it" },
  ]);
});

test("a dump that does not tell whether the kernel panicked is not one of a machine that was running", () => {
  const { title, kind, mechanism } = headlineOf(toyKernel());
  assert.deepEqual([title, kind, mechanism], ["it is not known whether the kernel panicked", "unknown", "unknown"]);
});
