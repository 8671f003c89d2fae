import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { codeHeading, explanationOf } from "../../src/log/explain.ts";
import { factsOf, type ReportFacts } from "../../src/log/facts.ts";
import { KernelLog } from "../../src/log/kernelLog.ts";
import { splitLines } from "../../src/log/lines.ts";
import { placeText } from "../../src/log/place.ts";

/** The facts of the reports of a self-made log; lines count from 1, as an editor shows them. */
function reportsOf(name: string): ReportFacts[] {
  const log = KernelLog.of(splitLines(readFileSync(new URL(`cases/case-${name}.txt`, import.meta.url), "utf8")));
  return log.reports.map((report) => factsOf(log, report));
}

const only = (name: string): ReportFacts => {
  const all = reportsOf(name);
  assert.equal(all.length, 1, "one event is one report");
  return all[0]!;
};

const whereOf = ({ guilty }: ReportFacts): string | undefined =>
  guilty && placeText(guilty.place).replace(/\/0x.*/, "") + (guilty.place.module ? ` [${guilty.place.module}]` : "");
const linesOf = ({ report }: ReportFacts): string => `${report.start + 1}-${report.end}`;
const taskOf = ({ comm, pid }: ReportFacts): string => `${comm}, PID ${pid}`;
const entriesOf = ({ traces }: ReportFacts): number | undefined => traces[0]?.entries.length;
const particular = ({ particulars }: ReportFacts, key: string): string | undefined =>
  particulars.find((one) => one.key === key)?.text;

test("the PID of a hung task follows the last colon, because a task name can contain colons", () => {
  const [worker, browser] = reportsOf("01-hung-kworker-colon");
  assert.equal(taskOf(worker!), "kworker/u8:5, PID 9381");
  assert.equal(whereOf(worker!), "acme_flush_work+0x3c [acme]");
  assert.equal(taskOf(browser!), "Web Content, PID 4711");
  assert.equal(whereOf(browser!), "acme_ioctl+0x3c [acme]");
});

test("a stack that another CPU prints into a report of a hung task is not the task's", () => {
  const facts = only("02-hung-then-nmi-backtrace");
  assert.equal(taskOf(facts), "acmed, PID 2293");
  assert.equal(whereOf(facts), "acme_open+0x21 [acme]");
  assert.equal(facts.site, undefined);
  assert.equal(codeHeading(facts), "Where the processor was");
  assert.deepEqual(
    facts.traces.map(({ role }) => role),
    ["stack", "cpu"],
  );
});

test("a hung task of arm64 waits below __switch_to and the scheduler", () => {
  assert.equal(whereOf(only("03-hung-arm64")), "acme_register+0x28 [acme]");
});

test("a use-after-free report names the access, the object, and who allocated and freed it", () => {
  const facts = only("04-kasan");
  assert.equal(whereOf(facts), "acme_poll+0x77a [acme]");
  assert.equal(facts.title, "KASAN: slab-use-after-free Read in acme_poll");
  const { verb, size, address } = facts.access;
  assert.deepEqual({ verb, size, address }, { verb: "read", size: 8, address: 0xffff888012f58d70n });
  assert.equal(taskOf(facts), "acmed, PID 4117");
  assert.match(explanationOf(facts), /read 8 bytes at 0xffff888012f58d70, in memory that was freed/);
  assert.match(
    explanationOf(facts),
    /kmalloc-256.*112 bytes inside.*`acme_open` \(task 4001\).*`acme_release` \(task 4002\)/,
  );
  assert.deepEqual(
    facts.traces.map(({ role, entries }) => [role, entries.length]),
    [
      ["stack", 7],
      ["allocation", 4],
      ["free", 4],
    ],
  );
  assert.equal(facts.site, undefined, "the instruction of a frame that was interrupted did not fault");
});

test("a lockdep cycle is called a possible deadlock, and both locks are named", () => {
  const facts = only("05-lockdep-new");
  assert.equal(whereOf(facts), "acme_set+0x44 [acme]");
  assert.equal(particular(facts, "wants"), "&a->lock at acme_set+0x44/0x90 [acme]");
  assert.equal(particular(facts, "holds"), "&b->lock at acme_ioctl+0x31/0x80 [acme]");
  assert.equal(facts.traces.filter(({ role }) => role === "chain").length, 2);
  assert.match(explanationOf(facts), /cycle in the order .*`&a->lock`.*`&b->lock`.*may not have happened/);
});

test("lockdep's headline in brackets and arm's trace of callers are read", () => {
  const [lockdep, spinlock] = reportsOf("06-lockdep-old-arm32");
  assert.equal(linesOf(lockdep!), "1-14");
  assert.equal(linesOf(spinlock!), "15-18");
  assert.deepEqual([entriesOf(lockdep!), entriesOf(spinlock!)], [3, 2]);
  assert.equal(lockdep!.traces[0]!.entries[0]!.name, "__lock_acquire");
  assert.equal(spinlock!.title, "BUG: spinlock lockup suspected in acme_enable_irq");
});

test("the explanation of an atomic sleep uses the counters of the report", () => {
  const facts = only("07-atomic-sleep");
  assert.equal(whereOf(facts), "acme_timer_fn+0x3c [acme]");
  assert.equal(taskOf(facts), "acmed, PID 1109");
  assert.match(explanationOf(facts), /may sleep.*in_atomic 1/);
  assert.doesNotMatch(explanationOf(facts), /interrupts are (?:off|disabled)/);
});

test("a fault of powerpc is one report, with the address of the data and not of the instruction", () => {
  const facts = only("08-ppc64le");
  assert.equal(linesOf(facts), "1-24");
  assert.equal(facts.access.address, 0x8000000041a25f20n);
  assert.equal(whereOf(facts), "acme_rebuild+0x1ac [acme]");
  assert.equal(entriesOf(facts), 6);
  assert.equal(facts.traces[0]!.entries[0]!.isDoubtful, true);
  assert.equal(facts.site?.registers.find(({ name }) => name === "R4")?.value, 0xc00000000441e168n);
});

test("a trace of RISC-V needs no line that begins it", () => {
  const facts = only("09-riscv");
  assert.equal(whereOf(facts), "acme_find+0x3c [acme]");
  assert.equal(entriesOf(facts), 4);
  assert.equal(facts.access.verb, "read");
  const values = new Map(facts.site?.registers.map(({ name, value }) => [name, value]));
  assert.equal(values.get("sp"), 0xff2000000000bed0n);
  assert.equal(values.get("a1"), 4n);
});

test("MIPS names the CPU in its headline", () => {
  const facts = only("10-mips");
  assert.equal(linesOf(facts), "1-21");
  assert.equal(facts.severity, "error");
  assert.equal(facts.access.address, 0xfffffff0n);
  assert.equal(whereOf(facts), "acme_data+0x4 [acme]");
  assert.equal(entriesOf(facts), 3);
});

test("the explanation of an external abort on arm says that the bus rejected the access", () => {
  const [facts, panic] = reportsOf("11-arm32-5.10");
  assert.ok(facts && panic);
  assert.equal(
    particular(panic, "cause"),
    "Unhandled fault: external abort on non-linefetch (0x008) at 0xfa21200c in acme_handle_irq+0x58 (swapper/0, PID 0)",
  );
  assert.equal(facts.report.start, 0);
  assert.match(explanationOf(facts), /external abort.*rejected the access at 0xfa21200c/);
  assert.equal(entriesOf(facts), 3);
  assert.equal(whereOf(facts), "acme_handle_irq+0x58 [acme]");
});

test("a trace of arm64 up to 4.14 has no leading blanks", () => {
  const facts = only("12-arm64-4.4");
  assert.equal(entriesOf(facts), 3);
  assert.equal(facts.machine, "arm64");
});

test("the message of the list check, its BUG and its trace are one report", () => {
  const facts = only("13-list-corruption");
  assert.equal(linesOf(facts), "1-16");
  assert.match(facts.headline, /^list_del corruption/);
  assert.equal(whereOf(facts), "acme_remove+0x2c [acme]");
  assert.match(explanationOf(facts), /LIST_POISON1.*the entry before it was already deleted/);
});

test("reports with six kinds of line prefix give the same facts", () => {
  const all = reportsOf("14-prefixes");
  assert.equal(all.length, 6);
  for (const facts of all) {
    assert.equal(whereOf(facts), "acme_probe+0x1c [acme]");
    assert.equal(entriesOf(facts), 2);
    assert.equal(facts.report.end - facts.report.start, 10);
  }
});

test("a soft lockup with the headline of the NMI watchdog is recognised", () => {
  const facts = only("15-nmi-watchdog-soft-lockup");
  assert.equal(facts.kind, "soft-lockup");
  assert.equal(facts.cpu, 0);
  assert.equal(taskOf(facts), "acmed, PID 1580");
  assert.equal(whereOf(facts), "acme_spin+0x12 [acme]");
  assert.equal(entriesOf(facts), 2);
});

test("a line that begins with WARNING or Oops is not a report for that alone", () => {
  assert.deepEqual(reportsOf("16-not-reports"), []);
});

test("a jump into user memory is an overwritten function pointer, whose page is there", () => {
  const facts = only("17-exec-of-user-memory");
  assert.equal(whereOf(facts), "acme_notify+0x5a [acme]");
  assert.match(explanationOf(facts), /jumped into user memory.*SMEP.*`acme_notify\+0x5a`/);
  assert.doesNotMatch(explanationOf(facts), /no page/);
});

test("a warning and the panic that it caused are explained separately", () => {
  const facts = only("18-panic-on-warn");
  assert.equal(whereOf(facts), "acme_put+0x1c [acme]");
  assert.match(explanationOf(facts), /the counter does not hold.*panic_on_warn/);
});

test("the last branch of s390 is not a caller, and the PSW gives the address of the instruction", () => {
  const facts = only("19-s390x");
  assert.equal(entriesOf(facts), 3);
  assert.equal(facts.site?.address, 0x9e59e4n);
  const values = new Map(facts.site?.registers.map(({ name, value }) => [name, value]));
  assert.equal(values.get("R12"), 0x133bff3n);
  assert.equal(values.get("R15"), 0x3800011bae0n);
  assert.match(facts.site?.code?.text ?? "", /^>00000000009e59e4: 42e0c000/);
  assert.match(explanationOf(facts), /wrote to 0x133bff3.*write-protected/);
});

test("an out-of-memory control group is not reported as an out-of-memory machine", () => {
  const facts = only("20-oom-memcg");
  assert.equal(linesOf(facts), "1-15");
  assert.match(explanationOf(facts), /control group \/system.slice\/acme.service.*102400kB.*`acmed` \(PID 4242\)/);
});

test("lines of another printk caller are not part of a trace", () => {
  const facts = only("21-interleaved-callers");
  assert.deepEqual(
    facts.traces.map(({ entries }) => entries.map(({ name }) => name)),
    [["__schedule", "schedule", "rwsem_down_write_slowpath", "acme_ioctl"]],
  );
  assert.equal(taskOf(facts), "acmed, PID 100");
  assert.equal(whereOf(facts), "acme_ioctl+0x3c [acme]");
});

test("text that a console inserts before the timestamp is not part of the message", () => {
  const facts = only("22-dropped-and-login");
  assert.equal(linesOf(facts), "1-8");
  assert.equal(entriesOf(facts), 2);
});

test("the explanation of a machine check names CPU, bank and status, and the hardware as the usual cause", () => {
  const facts = only("23-mce");
  assert.equal(facts.report.start, 0);
  assert.equal(facts.cpu, 7);
  assert.deepEqual([particular(facts, "bank"), particular(facts, "status")], ["0", "b200000080060001"]);
  assert.match(explanationOf(facts), /uncorrected, processor context corrupt.*usually the hardware or the firmware/);
});

test("inlined functions and source lines belong to the same trace", () => {
  const facts = only("24-symbolised");
  const [trace] = facts.traces;
  assert.deepEqual([trace!.start + 1, trace!.end], [6, 13]);
  assert.deepEqual(
    trace!.entries.map(({ isInline, file, line }) => `${file}:${line}${isInline ? " inline" : ""}`),
    [
      "drivers/acme/acme.c:88 inline",
      "drivers/acme/acme.c:95",
      "drivers/acme/file.c:40 inline",
      "drivers/acme/file.c:61",
      "fs/open.c:914",
    ],
  );
});
