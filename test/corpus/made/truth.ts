/** What is known of a made crash from its source, and what of a verdict disagrees with it. */

export type Certainty = "certain" | "likely" | "possible";
export type SlotValue = string | number | boolean | null;

/** A finding as `analyze --json` and `waits --json` print it. */
export interface Finding {
  readonly id: string;
  readonly certainty: Certainty;
  readonly slots: Readonly<Record<string, SlotValue | readonly SlotValue[] | undefined>>;
}

/** What a slot has to hold: see `Facts` for the strings that stand for values of this dump. "*" is anything. */
export type Wanted = SlotValue | readonly SlotValue[];

export interface Expected {
  readonly id: string;
  /** In `must` the certainty itself, "certain" by default; in `may` the highest, any by default. */
  readonly certainty?: Certainty | "any";
  readonly slots?: Readonly<Record<string, Wanted>>;
}

export interface Lists {
  readonly must?: readonly Expected[];
  readonly may?: readonly Expected[];
  readonly mustNot?: readonly Expected[];
}

/** A truth file. `with` and `without` hold what is to be said only with a vmlinux, and only without one. */
export interface Truth {
  /** What the source does, for readers. */
  readonly says: string;
  readonly kind: string;
  readonly title: string;
  /** What arm64 calls it, where that is another kind: it has no general protection fault. */
  readonly arm64?: { readonly kind: string; readonly title: string };
  readonly both?: Lists;
  readonly with?: Lists;
  readonly without?: Lists;
  /** The same of `waits --json`; what `both` says of waiting is no part of it. */
  readonly waits?: Lists;
}

/** What a truth file names and only the dump can tell. */
export interface Facts {
  /** Value of "=[recent]+0x20": symbols and numbers are added up, `[...]` is the word at an address; " or " separates two. */
  address(expression: string): bigint;
  /** PIDs of "@comm". */
  pids(comm: string): readonly number[];
  /** Line of "#file.c:some text of the line in function"; " or " separates two, " in function" is left out where the text is unique. */
  line(file: string, text: string): number;
}

const ORDER: readonly Certainty[] = ["possible", "likely", "certain"];

/** Whether a slot holds what is wanted; "~" starts a regular expression, "?" what may be absent as well. */
function holds(wanted: SlotValue, actual: SlotValue | undefined, facts: Facts): boolean {
  if (typeof wanted === "string" && wanted.startsWith("?"))
    return actual === undefined || actual === null || holds(wanted.slice(1), actual, facts);
  if (wanted === "*") return actual !== undefined;
  if (wanted === null || actual === undefined || actual === null) return wanted === (actual ?? null);
  if (typeof wanted === "string") {
    const rest = wanted.slice(1);
    switch (wanted[0]) {
      case "=":
        return rest.split(" or ").some((expression) => isSameNumber(facts.address(expression), actual));
      case "@":
        return facts.pids(rest).includes(Number(actual));
      case "#": {
        const colon = rest.indexOf(":");
        return rest
          .slice(colon + 1)
          .split(" or ")
          .some((text) => facts.line(rest.slice(0, colon), text) === Number(actual));
      }
      case "~":
        return new RegExp(rest).test(String(actual));
      default:
        break;
    }
  }
  return isNumber(wanted) && isNumber(actual)
    ? isSameNumber(BigInt(wanted), actual)
    : String(wanted).replace(/\s+/g, " ") === String(actual).replace(/\s+/g, " ");
}

const isNumber = (value: SlotValue): value is string | number =>
  /^(?:0x[0-9a-f]+|-?\d+)$/i.test(String(value)) && typeof value !== "boolean";

const isSameNumber = (wanted: bigint, actual: SlotValue): boolean =>
  isNumber(actual) && BigInt.asUintN(64, BigInt(actual)) === BigInt.asUintN(64, wanted);

/** Whether the slot of a finding is as wanted. Of a cycle any place may come first. */
function isSlot(id: string, wanted: Wanted, actual: Finding["slots"][string], facts: Facts): boolean {
  if (wanted === "*" || wanted === "?*") return wanted === "?*" || actual !== undefined;
  if (!Array.isArray(wanted)) return !Array.isArray(actual) && holds(wanted as SlotValue, actual as SlotValue, facts);
  if (!Array.isArray(actual) || actual.length !== wanted.length) return false;
  const turns = id === "wait.cycle" ? wanted.length : 1;
  for (let turn = 0; turn < turns; turn++)
    if (wanted.every((one, i) => holds(one as SlotValue, actual[(i + turn) % actual.length] as SlotValue, facts)))
      return true;
  return false;
}

/** Slots of a finding that are not as wanted. */
function differing({ id, slots = {} }: Expected, finding: Finding, facts: Facts): string[] {
  return Object.entries(slots).flatMap(([name, wanted]) =>
    isSlot(id, wanted, finding.slots[name], facts)
      ? []
      : [`${name} is ${JSON.stringify(finding.slots[name] ?? null)}, not ${JSON.stringify(wanted)}`],
  );
}

/** Slots that nobody has looked at. */
const strange = ({ slots = {} }: Expected, finding: Finding): string[] =>
  Object.keys(finding.slots).filter((name) => finding.slots[name] !== undefined && !(name in slots));

/** What of these findings disagrees with the lists: one line each; none when they agree. */
export function disagreements(
  findings: readonly Finding[],
  lists: readonly (Lists | undefined)[],
  facts: Facts,
): string[] {
  const all = (list: keyof Lists): Expected[] => lists.flatMap((one) => one?.[list] ?? []);
  const [must, may, mustNot] = [all("must"), all("may"), all("mustNot")];
  const wrong: string[] = [];
  const looked = new Set<Finding>();
  for (const expected of must) {
    const same = findings.filter(({ id }) => id === expected.id);
    const found = same.find((finding) => differing(expected, finding, facts).length === 0);
    const certainty = expected.certainty ?? "certain";
    if (!found) {
      const near = same.map((finding) => differing(expected, finding, facts).join("; "));
      wrong.push(`MISSING ${describe(expected)}${near.length > 0 ? `: ${near.join(" | ")}` : ""}`);
      continue;
    }
    looked.add(found);
    if (certainty !== "any" && found.certainty !== certainty)
      wrong.push(`CERTAINTY ${describe(expected)}: ${found.certainty}, not ${certainty}`);
    for (const name of strange(expected, found))
      wrong.push(`UNLOOKED ${found.id} ${name} = ${JSON.stringify(found.slots[name])}`);
  }
  for (const finding of findings) {
    const forbidden = mustNot.find((one) => one.id === finding.id && differing(one, finding, facts).length === 0);
    if (forbidden) wrong.push(`FALSE ${describe(finding)}`);
    if (forbidden || looked.has(finding)) continue;
    const allowed = may.find(
      (one) =>
        one.id === finding.id &&
        differing(one, finding, facts).length === 0 &&
        ORDER.indexOf(finding.certainty) <=
          ORDER.indexOf(!one.certainty || one.certainty === "any" ? "certain" : one.certainty),
    );
    if (!allowed) wrong.push(`UNLOOKED ${finding.certainty} ${describe(finding)}`);
    else for (const name of strange(allowed, finding)) wrong.push(`UNLOOKED ${finding.id} ${name} = ${JSON.stringify(finding.slots[name])}`); // prettier-ignore
  }
  return wrong;
}

const describe = ({ id, slots }: { readonly id: string; readonly slots?: object }): string =>
  `${id} ${JSON.stringify(slots ?? {})}`;
