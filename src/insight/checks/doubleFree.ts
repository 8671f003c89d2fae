/** Checks whether the slab allocator stopped the kernel because an object was freed twice. */
import { Fault } from "../../base/fault.ts";
import type { Check } from "../check.ts";
import { functionOf } from "../crashFacts.ts";
import { addressOf } from "../finding.ts";
import { guiltyFrame } from "../guiltyFrame.ts";
import { objectFindings, objectState } from "../objectState.ts";
import { conditionOf, UNCONDITIONAL } from "../values/condition.ts";
import { withEntry } from "../values/calls.ts";
import { siteOf } from "../values/site.ts";
import { instructionText } from "../values/words.ts";

/** A BUG() in the source of the slab allocator. */
const IN_ALLOCATOR = /\bkernel BUG at (?:\S*\/)?mm\/sl[au]b\.[ch]:\d{1,6}!/;

/**
 * Reports an object that was freed while it was the first one of a freelist. Source: mm/slub.c, set_freepointer():
 * BUG_ON(object == fp), where `fp` is the head of the freelist that the object is put on.
 */
export const doubleFree: Check = {
  id: "double-free",
  needs: ["trap", "types"],
  about: ["kernel-bug"],
  *run(kernel, crash) {
    const { report, frames } = crash;
    const [frame] = frames;
    if (!report || !frame || !IN_ALLOCATOR.test(report.headline) || !/free/.test(functionOf(frame) ?? "")) return;
    const site = yield* withEntry(yield* siteOf(kernel, frame, crash.cpu));
    const found = conditionOf(site);
    if (!found || found === UNCONDITIONAL || !found.compared)
      throw Fault.of("unknown", "the condition of the allocator's check, or its values, are not known");
    const { left: address, right, relation } = found.compared;
    const object = relation === "==" && address === right ? objectState(kernel, address) : undefined;
    if (object?.address !== address || object.state !== "free") return;
    const { cache } = object;
    const guilty = guiltyFrame(crash)?.function;
    const effect = site.graph.effects[site.graph.at(found.comparison) ?? site.index];
    yield {
      id: "fault.double-free",
      severity: "cause",
      certainty: "certain",
      slots: { object: address, cache, function: guilty },
      text: [
        guilty ?? "The code",
        ` frees the object of ${cache} at `,
        addressOf(address),
        ", which is the first object of a freelist already: it was freed before, or the freelist was overwritten.",
      ],
      evidence: [
        { kind: "log", line: report.report.at, text: report.headline },
        ...(effect
          ? [{ kind: "instruction", address: found.comparison, text: yield* instructionText(kernel, effect) } as const]
          : []),
        { kind: "object", cache, address, state: object.state },
      ],
    };
    yield* objectFindings(kernel, address, { name: undefined, type: object.type });
  },
};
