/** Checks which reference count was wrong. */
import { Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Check, Step } from "../check.ts";
import type { CrashFacts } from "../crashFacts.ts";
import { addressOf, type Finding } from "../finding.ts";
import { objectFindings } from "../objectState.ts";
import { anyCallerOf, withEntry } from "../values/calls.ts";
import { argumentOf } from "../values/passed.ts";
import { readWord, siteOf } from "../values/site.ts";
import { functionName } from "../values/words.ts";

/** Reports the reference count that the caller of refcount_warn_saturate() passed. */
export const refcount: Check = {
  id: "refcount",
  needs: ["stack"],
  about: ["refcount"],
  *run(kernel, crash) {
    yield* refcountFindings(kernel, crash);
  },
};

function* refcountFindings(kernel: Kernel, crash: CrashFacts): Generator<Finding | Step, void, void> {
  const { frames, report, cpu, task } = crash;
  const warning = frames.find(({ symbol }) => symbol?.name === "refcount_warn_saturate");
  const register = kernel.arch.argumentRegisters?.[0];
  if (!warning) throw Fault.of("unknown", "refcount_warn_saturate() is not on the stack");
  if (register === undefined)
    throw Fault.of("unknown", "the register of the first argument is not known on this architecture");
  const called = yield* anyCallerOf(yield* siteOf(kernel, warning, cpu));
  const site = called && (yield* withEntry(called));
  if (!site) throw Fault.of("unknown", "which call led to refcount_warn_saturate() is not known");
  const address = argumentOf(site, register);
  if (address === undefined) throw Fault.of("unknown", "which reference count was passed cannot be told from the code");
  const value = readWord(kernel, address, 4);
  const word = readWord(kernel, address & ~7n, 8);
  const message = report?.messages.find((line) => line.startsWith("refcount_t: "));
  const line = report?.numbers.find((_, i) => report.texts[i]?.includes(message ?? "refcount_t: "));
  const isUnderflow = message?.includes("underflow") === true;
  yield {
    id: isUnderflow ? "refcount.underflow" : "refcount.misuse",
    severity: "cause",
    certainty: "certain",
    slots: { address, value: value === undefined ? undefined : Number(BigInt.asIntN(32, value)) },
    text: [
      "The reference count at ",
      addressOf(address),
      ", which ",
      { kind: "symbol", name: functionName(site), address: site.graph.effects[site.index]?.address ?? 0n },
      isUnderflow
        ? " dropped, had no reference left: it was released more often than taken, or overwritten"
        : ` used, is wrong${message === undefined ? "" : `: ${message.replace(/\.$/, "")}`}`,
      value === undefined ? "" : `; it holds ${Number(BigInt.asIntN(32, value))} now`,
      value === 0xc0000000n ? " (saturated)." : ".",
    ],
    evidence: [
      { kind: "frame", task: task?.address ?? 0n, pc: site.frame.pc, text: functionName(site) },
      ...(word === undefined ? [] : [{ kind: "memory", address: address & ~7n, value: word } as const]),
      ...(message !== undefined && line !== undefined ? [{ kind: "log", line, text: message } as const] : []),
    ],
  };
  yield* objectFindings(kernel, address, { name: undefined, type: undefined });
}
