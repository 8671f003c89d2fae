/** Checks what list debugging reported, and what the list contains now. */
import { attempt, Fault } from "../../base/fault.ts";
import { poisonOf } from "../../log/poison.ts";
import { memberOffset } from "../../kernel/list.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Check } from "../check.ts";
import type { Evidence } from "../evidence.ts";
import { addressOf, type Finding } from "../finding.ts";
import { mayBeHash } from "../hashedAddress.ts";
import { objectFindings } from "../objectState.ts";
import { valueText } from "../values/words.ts";

/** Reports the corrupt link, what it contained at the report, and what it contains in the dump. */
export const listCorruption: Check = {
  id: "list-corruption",
  needs: [],
  about: ["list-corruption"],
  *run(kernel, { report }) {
    if (!report) return;
    const line = report.numbers.find((_, i) => /list_(?:add|del)/.test(report.texts[i] ?? "")) ?? report.report.at;
    const text = report.texts[report.numbers.indexOf(line)]?.trim() ?? report.headline;
    const found = readCorruption(text);
    if (!found) throw Fault.of("unknown", `the report of list debugging has an unknown form: ${text}`);
    // Kernels of v4.15 and v4.16 print hashes instead of addresses. The kernel has read both, so that they are its own.
    for (const address of [found.entry, found.neighbour])
      if (address !== undefined && mayBeHash(kernel, address) && !isConfirmed(kernel, found))
        throw Fault.of("unknown", `the report of list debugging has hashes instead of addresses: ${text}`);
    yield corruptionFinding(kernel, found, { kind: "log", line, text });
    const seen = new Set<bigint>();
    for (const address of [found.entry, found.neighbour]) {
      if (address === undefined || seen.has(address)) continue;
      seen.add(address);
      for (const one of objectFindings(kernel, address, { name: undefined, type: undefined })) yield one;
    }
  },
};

interface Corruption {
  readonly entry: bigint | undefined;
  /** Address of the list_head whose link is wrong: a neighbour of the entry, or the entry itself. */
  readonly neighbour: bigint | undefined;
  readonly link: "next" | "prev" | undefined;
  readonly found: bigint | undefined;
  readonly expected: bigint | undefined;
  readonly isDoubleAdd?: boolean;
}

const A = "([0-9a-f]{8,16})";

/** Messages of lib/list_debug.c, and how their addresses map to a corruption. */
const FORMS: readonly (readonly [RegExp, (values: readonly bigint[]) => Corruption])[] = [
  [
    new RegExp(`^list_del corruption\\. prev->next should be ${A}, but was ${A}(?:\\. \\(prev=${A}\\))?`),
    ([entry, found, neighbour]) => ({ entry, neighbour, link: "next", found, expected: entry }),
  ],
  [
    new RegExp(`^list_del corruption\\. next->prev should be ${A}, but was ${A}(?:\\. \\(next=${A}\\))?`),
    ([entry, found, neighbour]) => ({ entry, neighbour, link: "prev", found, expected: entry }),
  ],
  [
    new RegExp(`^list_add corruption\\. prev->next should be next \\(${A}\\), but was ${A}\\. \\(prev=${A}\\)`),
    ([expected, found, neighbour]) => ({ entry: undefined, neighbour, link: "next", found, expected }),
  ],
  [
    new RegExp(`^list_add corruption\\. next->prev should be prev \\(${A}\\), but was ${A}\\. \\(next=${A}\\)`),
    ([expected, found, neighbour]) => ({ entry: undefined, neighbour, link: "prev", found, expected }),
  ],
  [
    new RegExp(`^list_del corruption, ${A}->next is LIST_POISON1 \\(${A}\\)`),
    ([entry, found]) => ({ entry, neighbour: entry, link: "next", found, expected: undefined }),
  ],
  [
    new RegExp(`^list_del corruption, ${A}->prev is LIST_POISON2 \\(${A}\\)`),
    ([entry, found]) => ({ entry, neighbour: entry, link: "prev", found, expected: undefined }),
  ],
  [
    new RegExp(`^list_del corruption, ${A}->next is NULL`),
    ([entry]) => ({ entry, neighbour: entry, link: "next", found: 0n, expected: undefined }),
  ],
  [
    new RegExp(`^list_del corruption, ${A}->prev is NULL`),
    ([entry]) => ({ entry, neighbour: entry, link: "prev", found: 0n, expected: undefined }),
  ],
  [
    new RegExp(`^list_add double add: new=${A}, prev=${A}, next=${A}`),
    ([entry]) => ({
      entry,
      neighbour: undefined,
      link: undefined,
      found: undefined,
      expected: undefined,
      isDoubleAdd: true,
    }),
  ],
];

/** Returns whether the dump has the printed value in the link that was printed as wrong: a hash has no such link. */
function isConfirmed(kernel: Kernel, { neighbour, link, found }: Corruption): boolean {
  if (neighbour === undefined || link === undefined || found === undefined || found === 0n) return false;
  return kernel.memory.isKernelAddress(neighbour) && linkNow(kernel, neighbour, link)?.value === found;
}

function readCorruption(text: string): Corruption | undefined {
  for (const [pattern, read] of FORMS) {
    const match = pattern.exec(text);
    if (match) return read(match.slice(1).flatMap((digits) => (digits === undefined ? [] : [BigInt(`0x${digits}`)])));
  }
  return undefined;
}

function corruptionFinding(kernel: Kernel, corruption: Corruption, log: Evidence): Finding {
  const { entry, neighbour, link, found, expected, isDoubleAdd } = corruption;
  const slots = { entry, link, found, expected, neighbour: neighbour === entry ? undefined : neighbour };
  if (isDoubleAdd)
    return {
      id: "list.corrupt",
      severity: "cause",
      certainty: "certain",
      slots,
      text: ["The entry ", addressOf(entry ?? 0n), " was added beside itself: it is in this list already."],
      evidence: [log],
    };
  const now = neighbour === undefined || link === undefined ? undefined : linkNow(kernel, neighbour, link);
  const isOwnLink = link !== undefined && entry === neighbour;
  return {
    id: "list.corrupt",
    severity: "cause",
    certainty: "certain",
    slots,
    text: [
      ...(isOwnLink
        ? ["The entry "]
        : neighbour === undefined
          ? [`The entry ${link === "prev" ? "after" : "before"} `]
          : ["The neighbour "]),
      addressOf(neighbour ?? entry ?? 0n),
      ` has ${link ?? "a link"} = ${valueText(found ?? 0n)}`,
      ...(expected === undefined ? [] : [", where ", addressOf(expected), " has to be"]),
      ...(isOwnLink ? [wordsOf(found)] : []),
      ...(now === undefined
        ? []
        : [now.value === found ? ", and still contains that value" : `; now it contains ${valueText(now.value)}`]),
      ".",
    ],
    evidence: now ? [log, now] : [log],
  };
}

/** Returns the phrase for a value of LIST_POISON1 or LIST_POISON2, which mark a deleted entry. */
function wordsOf(found: bigint | undefined): string {
  const poison = found === undefined ? undefined : poisonOf(found);
  return poison?.offset === 0n && poison.name.startsWith("LIST_POISON") ? ": it was taken out of its list before" : "";
}

function linkNow(
  kernel: Kernel,
  address: bigint,
  link: "next" | "prev",
): Extract<Evidence, { kind: "memory" }> | undefined {
  const value = attempt(() => {
    const at = address + memberOffset(kernel, "struct list_head", link);
    return { kind: "memory", address: at, value: kernel.memory.word(at) } as const;
  });
  return value instanceof Fault ? undefined : value;
}
