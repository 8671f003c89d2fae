/** Explanations of data races that KCSAN found. */
import type { ReportFacts } from "../facts.ts";
import { particular } from "./naming.ts";

/** The line for one of the two accesses (kernel/kcsan/report.c, print_report()). */
const SIDE = /^((?:read|write)[a-z(), -]{0,40} to 0x[0-9a-f]{1,16} of \d{1,8} bytes by .{1,80}):$/;

/** The same line for an assertion about the memory, which is not an access. */
const ASSERTED =
  /^(assert no (?:writes|accesses))(?: \(reordered\))? to 0x[0-9a-f]{1,16} of \d{1,8} bytes by .{1,80}:$/;

/** Explains a report of KCSAN: the two accesses, or the one that it saw. */
export function explainRace(facts: ReportFacts): string {
  const change = particular(facts, "change");
  const value = change === undefined ? "" : ` The value changed while KCSAN watched it: ${change}.`;
  const unknown =
    /^race at unknown origin, with (read-write|read|write|assert no writes|assert no accesses)(?: \([a-z, ]{1,20}\))? to (0x[0-9a-f]{1,16}) of (\d+) bytes? by (.{1,60}?) on cpu (\d+)/;
  const [, verb, address, size, who, cpu] = facts.texts.map((text) => unknown.exec(text.trim())).find(Boolean) ?? [];
  if (verb?.startsWith("assert") === true)
    return `${size} byte${size === "1" ? "" : "s"} at ${address} changed while CPU ${cpu} (${who}) asserted that no other code ${verb === "assert no writes" ? "writes" : "accesses"} ${size === "1" ? "it" : "them"} (\`ASSERT_EXCLUSIVE\`). KCSAN did not see the other access.${value}`;
  if (verb !== undefined)
    return `${size} byte${size === "1" ? "" : "s"} at ${address} changed while CPU ${cpu} (${who}) was about to ${verb} ${size === "1" ? "it" : "them"}. KCSAN did not see the write: it came for example from code that is not instrumented, or from a device (DMA).${value} The effect depends on the code; the race may be harmless.`;
  const sides = facts.texts.flatMap((text) => SIDE.exec(text.trim())?.[1] ?? []);
  const asserted = facts.texts.map((text) => ASSERTED.exec(text.trim())?.[1]).find(Boolean);
  if (asserted !== undefined)
    return `Code asserted that no other code ${asserted === "assert no writes" ? "writes" : "accesses"} some memory (\`ASSERT_EXCLUSIVE\`), and other code did.${sides[0] === undefined ? "" : ` It is: ${sides[0]}.`}${value}`;
  const side =
    sides.length === 0
      ? ""
      : ` ${sides
          .slice(0, 2)
          .map((one, i) => `${i === 0 ? "One" : "The other"}: ${one}.`)
          .join(" ")}`;
  return `Two accesses to the same memory ran at the same time. At least one of them writes, and at least one is a plain access (without \`READ_ONCE\`, \`WRITE_ONCE\` or an atomic operation).${side}${value} The effect depends on the code; the race may be harmless.`;
}
