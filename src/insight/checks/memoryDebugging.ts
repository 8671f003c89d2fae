/** Checks the object that a report of KASAN or of the slab allocator's own checks is about. */
import type { MemoryOperand } from "../../arch/effect.ts";
import { Fault } from "../../base/fault.ts";
import type { ReportFacts } from "../../log/facts.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Check, Step } from "../check.ts";
import type { CrashFacts } from "../crashFacts.ts";
import type { Evidence } from "../evidence.ts";
import { addressOf, code, type Finding } from "../finding.ts";
import { guiltyFrame } from "../guiltyFrame.ts";
import { objectFindings, type ObjectState, objectState } from "../objectState.ts";
import { type Expression, placeExpression } from "../values/expression.ts";
import { addressAt, type Site, siteOf, sumOf } from "../values/site.ts";
import { sourceWords } from "../values/words.ts";
import { passedFinding } from "./provenance.ts";

/** Reports the access or the free that was wrong, its object, and who allocated and freed that. */
export const memoryDebugging: Check = {
  id: "memory-debugging",
  needs: ["types"],
  about: ["kasan", "slab"],
  *run(kernel, crash) {
    const { report } = crash;
    if (!report) return;
    const named = objectAddress(report);
    const address = report.access.address ?? named;
    if (address === undefined) throw Fault.of("unknown", "the report names no address");
    const guilty = guiltyFrame(crash);
    const frame = guilty?.index === undefined ? undefined : crash.frames[guilty.index];
    const site = frame && (yield* accessSite(kernel, crash, frame, address));
    if (report.access.verb !== undefined) yield accessFinding(kernel, report, address, site);
    const object = objectState(kernel, named ?? address);
    if (!object) throw Fault.at("unknown", address, "the slab object of this address is not known");
    const finding = wrongUse(report, address, object, { function: guilty?.function, expression: site?.expression });
    if (finding) yield finding;
    yield* objectFindings(kernel, object.address, { name: undefined, type: object.type });
    if (site) yield* passedFinding(kernel, crash, site.site, object.address, undefined);
  },
};

/** Returns the start of the object that the report names; undefined if it names none. */
function objectAddress({ texts }: ReportFacts): bigint | undefined {
  for (const text of texts) {
    const match =
      /belongs to the object at ([0-9a-f]{8,16})/.exec(text) ?? /^(?:INFO: )?Object 0x([0-9a-f]{8,16})/.exec(text);
    if (match) return BigInt(`0x${match[1]}`);
  }
  return undefined;
}

/** The call through which memory debugging checked the access. */
interface AccessSite {
  readonly site: Site;
  readonly place: MemoryOperand;
  readonly expression: Expression | undefined;
}

/**
 * Finds the argument of the guilty function's call that is the address, and how it was computed; undefined if the code
 * does not show it.
 */
function* accessSite(
  kernel: Kernel,
  { cpu, report }: CrashFacts,
  frame: CrashFacts["frames"][number],
  address: bigint,
): Generator<Step, AccessSite | undefined, void> {
  if (frame.exact) return undefined;
  const site = yield* siteOf(kernel, frame, cpu);
  const size = report?.access.size ?? kernel.arch.wordSize;
  for (const register of kernel.arch.argumentRegisters ?? []) {
    const [definition, ...more] = site.graph.definitions(register, site.index);
    if (definition?.kind !== "instruction" || more.length > 0) continue;
    const value = site.graph.effects[definition.index]?.writes.get(register);
    const sum =
      value?.kind === "register" && value.bits === 64
        ? { register: value.name, added: 0n }
        : value && sumOf(kernel, value);
    if (!sum) continue;
    const place = { base: sum.register, index: undefined, scale: 1, displacement: sum.added };
    if (addressAt(site, place, definition.index) !== address) continue;
    return { site, place, expression: placeExpression(site, place, size, definition.index) };
  }
  return undefined;
}

function accessFinding(
  kernel: Kernel,
  { access, headline, report, guilty }: ReportFacts,
  address: bigint,
  found: AccessSite | undefined,
): Finding {
  const { verb, size } = access;
  const pc = found?.site.frame.pc;
  return {
    id: "fault.access",
    severity: "cause",
    certainty: "certain",
    slots: { access: verb, address, size, expression: found?.expression?.text },
    text: [
      guilty?.place.name === undefined ? "The code" : guilty.place.name,
      ...(pc === undefined ? [] : sourceWords(kernel, pc - 1n)),
      ` ${verb === "write" ? "writes" : "reads"}${size === undefined ? "" : ` ${byteWords(size)}`} at `,
      addressOf(address),
      ...(found?.expression ? [": ", code(found.expression.text)] : []),
      ".",
    ],
    evidence: [{ kind: "log", line: report.at, text: headline }],
  };
}

/** Names in the source: of the guilty function, and of the memory that it accessed. */
interface Named {
  readonly function: string | undefined;
  readonly expression: Expression | undefined;
}

const byteWords = (count: number): string => `${count} byte${count === 1 ? "" : "s"}`;

/** Returns what was done to the object, by the words of the report; undefined for words that are not known. */
function wrongUse(
  { headline, report, access }: ReportFacts,
  address: bigint,
  object: ObjectState,
  named: Named,
): Finding | undefined {
  const { cache, state, size } = object;
  const evidence: [Evidence, ...Evidence[]] = [
    { kind: "log", line: report.at, text: headline },
    { kind: "object", cache, address: object.address, state },
  ];
  const common = { severity: "cause", certainty: "certain", evidence } as const;
  const fault = report.headline.groups["fault"] ?? "";
  const offset = Number(address - object.address);
  if (/use-after-free/.test(fault))
    return {
      ...common,
      id: "fault.freed-object",
      slots: { object: object.address, cache, type: object.type, member: named.expression?.member?.path },
      text: [`The object of ${cache} at `, addressOf(object.address), " had been freed: it was used after that."],
    };
  if (/out-of-bounds/.test(fault) && access.size !== undefined) {
    // An access that begins beyond the end lies beyond it with all its bytes.
    const beyond = Math.min(offset + access.size - size, access.size);
    return {
      ...common,
      id: "fault.out-of-bounds",
      slots: { object: object.address, cache, access: access.verb, size: access.size, offset, beyond },
      text: [
        access.size === 1 ? "The byte begins " : `The ${access.size} bytes begin `,
        offset < 0 ? `${byteWords(-offset)} before` : `${byteWords(offset)} into`,
        ` the object of ${cache} at `,
        addressOf(object.address),
        beyond > 0
          ? `, which has ${size} bytes: ${access.size === 1 ? "it lies" : `${beyond} of them ${beyond === 1 ? "lies" : "lie"}`} beyond its end.`
          : `, which has ${size} bytes.`,
      ],
    };
  }
  if (/double[- ]free|already free/i.test(fault))
    return {
      ...common,
      id: "fault.double-free",
      slots: { object: object.address, cache, function: named.function },
      text: [
        named.function ?? "The code",
        ` frees the object of ${cache} at `,
        addressOf(object.address),
        ", which was free already.",
      ],
    };
  return undefined;
}
