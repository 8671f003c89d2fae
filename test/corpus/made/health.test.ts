/** The state of the machine in two guests: one that is healthy until it is crashed, and one that is ill in many ways. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { toEnd } from "../../../src/base/job.ts";
import { analyze } from "../../../src/insight/analyze.ts";
import { openSession } from "../../../src/session/open/open.ts";
import { checked, type Checked } from "../../builders/changedSample.ts";
import { corpus, made } from "../corpus.ts";
import { makeCrash } from "./make.ts";

/** What prevents these tests; undefined when nothing does. */
const absent = !existsSync(join(corpus, "make"))
  ? "the corpus is absent"
  : spawnSync("qemu-system-x86_64", ["--version"]).error
    ? "there is no qemu-system-x86_64"
    : undefined;

test("the verdict on a crash by sysrq leads to health", { skip: absent }, async () => {
  const { vmcore } = await makeCrash("healthy");
  const session = openSession({ vmcore: [vmcore] });
  const { findings } = toEnd(analyze(session.context.kernel));
  session.close();
  const deliberate = findings.find(({ id }) => id === "crash.deliberate");
  assert.ok(
    deliberate?.text.some((part) => typeof part !== "string" && part.kind === "command" && part.line === "health"),
  );
});

const healthOf = async (name: string): Promise<Checked> => healthIn((await makeCrash(name)).vmcore);

function healthIn(vmcore: string): Checked {
  const session = openSession({ vmcore: [vmcore] });
  try {
    return checked(session);
  } finally {
    session.close();
  }
}

test(
  "a guest that was healthy when it was crashed has no suspect, and every check is done",
  { skip: absent },
  async () => {
    const { findings, unchecked } = await healthOf("healthy");
    assert.deepEqual(
      findings.filter(({ severity }) => severity !== "note"),
      [],
    );
    assert.deepEqual(
      unchecked.map(({ check }) => check),
      ["kernel-options"],
    );
  },
);

test("a guest that runs and is dumped from outside has no suspect", { skip: absent }, () => {
  const vmcore = join(made, "none-qmp", "vmcore.elf");
  if (!existsSync(vmcore)) execFileSync(join(corpus, "make", "make-dump.sh"), ["none"], { stdio: "ignore" });
  assert.deepEqual(
    healthIn(vmcore).findings.filter(({ severity }) => severity !== "note"),
    [],
  );
});

/** The checks that have to find a suspect in the ill guest. */
const SUSPECTS = ["blocked-tasks", "block-requests", "cpus", "memory-cgroups", "run-queue-lag", "workqueues"];

test("a guest that is ill in many ways is found to be", { skip: absent }, async () => {
  const { findings } = await healthOf("unhealthy");
  const ids = (severity: string): string[] =>
    [...new Set(findings.filter((one) => one.severity === severity).map(({ id }) => id.replace("health.", "")))].sort();
  assert.deepEqual(
    SUSPECTS.filter((id) => !ids("suspect").includes(id)),
    [],
  );
  assert.ok(ids("note").includes("lost-messages"));
  const settings = findings.find(({ id }) => id === "health.panic-settings");
  assert.equal(settings?.slots["kernel.sysrq"], 176);
  assert.equal(settings.slots["kernel.panic_on_oops"], 0);
});
