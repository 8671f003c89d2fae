/** The state of the machine in two guests: one that is healthy until it is crashed, and one that is ill in many ways. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
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

test(
  "full queues, swap space and backlogs are found with the figures that the guest printed",
  { skip: absent },
  async () => {
    const { vmcore, console: printed } = await makeCrash("strained");
    const lines = readFileSync(printed, "latin1").split(/\r?\n/);
    const fields = (start: string, has: RegExp): string[] =>
      lines
        .find((line) => line.startsWith(start) && has.test(line))
        ?.split(/\s+/)
        .slice(1) ?? [];
    const { findings } = healthIn(vmcore);
    const told = (id: string, has: (slots: Checked["findings"][number]["slots"]) => boolean = () => true) =>
      findings.filter((one) => one.id === `health.${id}` && has(one.slots));

    const [swap] = told("swap");
    const [, , size, used] = fields("swaps:", /small/);
    assert.equal(swap?.severity, "suspect");
    // /proc/swaps counts kilobytes, the check pages of 4 KB.
    assert.deepEqual(
      [swap.slots["all"], swap.slots["used"]],
      [size, used].map((kilobytes) => Number(kilobytes) / 4),
    );

    // /proc/net/tcp: a listening socket counts the connections that wait in rx_queue, another socket the unsent bytes in tx_queue.
    const [listen] = told("sockets", ({ queue }) => queue === "listen");
    const [, , , , queues = ""] = fields("tcp:", /0100007F:138B 00000000:0000 0A/);
    assert.equal(listen?.severity, "suspect");
    assert.equal(listen.slots["used"], parseInt(queues.split(":")[1] ?? "", 16));
    const [send] = told("sockets", ({ queue }) => queue === "send");
    assert.equal(send?.severity, "note");

    const dropped = lines
      .filter((line) => line.startsWith("softnet:"))
      .map((line) => parseInt(line.split(" ")[2] ?? "", 16));
    assert.ok(dropped.some((count) => count > 0));
    assert.deepEqual(
      told("softirqs").map(({ slots }) => [slots["cpu"], slots["dropped"]]),
      [...dropped.entries()].filter(([, count]) => count > 0),
    );
    assert.equal(told("memory-cgroups")[0]?.severity, "suspect");
  },
);

test(
  "lines, queues, timers and locks that do not go on are found, as the guest's own files and modules say",
  { skip: absent },
  async () => {
    const { vmcore, console: printed } = await makeCrash("stuck");
    const text = readFileSync(printed, "latin1");
    const [, irq] = /^spurious (\d+): count/m.exec(text) ?? [];
    const [, timeouts] = /^timeouts: (\d+)/m.exec(text) ?? [];
    const { findings } = healthIn(vmcore);
    const slotsOf = (id: string, severity: string) =>
      findings.filter((one) => one.id === `health.${id}` && one.severity === severity).map(({ slots }) => slots);

    const [line] = slotsOf("interrupts", "suspect");
    assert.deepEqual([line?.["irq"], line?.["names"], line?.["disabled"]], [Number(irq), "gate", true]);
    assert.match(text, new RegExp(`Disabling IRQ #${irq}\\b`));

    const [queue] = slotsOf("network-queues", "suspect");
    assert.deepEqual([queue?.["device"], queue?.["queues"]], ["barrier", [0]]);
    // The watchdog fires on until the dump is written.
    const [watchdog] = slotsOf("network-queues", "note");
    assert.ok(Number(timeouts) > 0 && Number(watchdog?.["timeouts"]) >= Number(timeouts));

    const [call] = slotsOf("rpc", "suspect");
    assert.deepEqual([call?.["server"], call?.["procedure"], call?.["calls"]], ["depot", "DELIVER", 1]);

    const [timer] = slotsOf("timers", "suspect");
    assert.equal(timer?.["cpu"], 1);
    // The guest waits for 14 seconds after the CPU's last interrupt; the timer of the module is due one second later.
    assert.ok(BigInt(String(timer["overdue_ns"])) > 12_000_000_000n);

    assert.deepEqual(
      slotsOf("console-lock", "suspect").map(({ waiters }) => waiters),
      [1],
    );
  },
);
