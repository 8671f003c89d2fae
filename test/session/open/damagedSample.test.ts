/** The embedded example with a few bytes of its memory changed: each change once led to a wrong answer, or to none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { crashTime } from "../../../src/linux/time/timekeeping.ts";
import { cpuStacks } from "../../../src/unwind/stacks.ts";
import { alteredSample } from "../../builders/alteredDump.ts";
import { data, transcript } from "../../builders/transcript.ts";

/** `tasks.next` of a task leads to one far behind it. */
const SKIPPED_TASKS = [0x3e9a950, "d0b2a19cffff"] as const;

/** `tk_core.timekeeper.xtime_sec` */
const CLOCK = [0x333fef8, "0000000000000010"] as const;
/** Addresses of kallsyms: `nr_cpu_ids` is read from another place, as 2,620,315,853. */
const CPU_COUNT = [0x224000a, "dc15e8bc1bc8e0e4"] as const;
/** Names of the kernel's BTF: `btf_module` and others are not found. */
const TYPES = [
  [0x21a503c, "c05f"],
  [0x25eb01c, "908f129c"],
  [
    0x26ca019,
    "d750359e56b2eab7feb86aa9606c510f7729f2ecdc9ca298903003dfd14cc02fa379a4a0295e4ec12d78eed02f0f275c7cdfaebb615fa6c6efa04bb7788cedd933d9cf06d42cd359435eb51a8c84edd6c7c7ecce1047311857432e76785cebf048611179cd564dba08f9e2f1e46471e99dc397aff13720d2516e9c0c6b65de372115ddabb1ffbaa6f436694b134c0c29298299455d43a4333d2c8a424188b7ca0b5cc40d3bd433638fdd954d14ed550c7894990de46d4fe750673a09f29f4bb158fa25be325eb6476c6e6c0e91e76f5a9193783b765bfe2c6ae53447a66d805dedbf5ae4baf228b11d35d65d0fc1d728c637344dbde2ffda7f9cc9d8f095abfce5b9c6eb9012756b176946623c5cba932f06cddbbd028cfa0eb5b9a1d926ee9e3561c59e30945639bcbbdfec149509e7b05ba756fd687ea5cfca2770d0261599703c6c400d0cd143c5edfbeffb5cb1e0f12cf92643cc132c5fca8cdd048171cfe4b2d6627c354964c70a6356a7150d2a15441e6d9917f56cca6cc3806b017e038a053a8b6cc1203581397e9e15a480070134bb254d6ba9af16f757268731fe00a02decbc584d94b163715dab96a2b7ecdf0acbc20c906c68b0636b24fec66200ca3fa42699397a442cc934583a8c1d239329fc6ec2da59bb408cade78b3533910f702a7eedcee0a7128d1c2c343c88d1f49db3e8b464b0fc407d6e88f65a030c9d4ae97bd16554e2e2197fc32681d7c136c6a6c3ab27089616bc9cdaf8532b0c46dfc9d73d015abea9473f829037362e41b281deefbdb38e7aa1167466a7abd308895ccd7ee90e8532329b4adc0a47105789282b9ad4",
  ],
] as const;

test("a clock with an impossible time is reported as damaged", () => {
  const { context, kernel } = alteredSample(CLOCK);
  assert.throws(() => crashTime(kernel), { kind: "corrupt" });
  assert.match(
    transcript(context, "sys"),
    /^ {8}DATE: <ffff[0-9a-f]{12}: the clock is not plausible: 1152921504606846976 seconds since 1970>$/m,
  );
});

test("a damaged count of CPUs leaves the stacks of those that saved registers, and costs no search for each", (t) => {
  const { kernel } = alteredSample(CPU_COUNT);
  const { mock } = t.mock.method(kernel.symbols, "find");
  assert.deepEqual([...new Set(cpuStacks(kernel).map(({ cpu }) => cpu))], [0, 1]);
  assert.ok(mock.callCount() < 100, `${mock.callCount()} names were looked up`);
});

test("modules and stacks of a kernel with damaged BTF are shown", () => {
  const { context } = alteredSample(...TYPES);
  assert.equal(data(context, "mod").length, 8);
  assert.match(transcript(context, "bt"), /^ #0 \[ffff[0-9a-f]{12}\] panic at /m);
});

test("tasks after a damaged link are listed, and the damage is reported", () => {
  const { context } = alteredSample(SKIPPED_TASKS);
  assert.equal(data(context, "ps").length, 98);
  const said = /^list of tasks: list is damaged here: the next node is 0x[0-9a-f]+, whose previous node is 0x[0-9a-f]+/;
  for (const line of ["sys", "ps", "foreach task -R pid"]) {
    const last = transcript(context, line).trimEnd().split("\n").at(-1) ?? "";
    const name = line.split(" ")[0] ?? "";
    assert.ok(last.startsWith(`${name}: ffff`), last);
    assert.match(last.replace(/^\w+: [0-9a-f]+: /, ""), said);
  }
  assert.match(transcript(context, "sys"), /^ {7}TASKS: 98$/m);
});
