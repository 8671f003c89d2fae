/** The title of a report in the scheme of syzkaller. */
import type { Verdict } from "./guilty.ts";
import type { Report } from "./reports.ts";

/** Maximum length of a title in characters, as in syzkaller, because a title can contain text that a user chose. */
const MAX_TITLE = 120;

/** Text that differs between occurrences of the same bug, and so is not part of a title: addresses, lines, numbers. */
const CHANGING: readonly (readonly [RegExp, string])[] = [
  [/([^a-zA-Z0-9])(?:0x)?[0-9a-f]{6,}/g, "$1ADDR"],
  [/[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}/g, "IP"],
  [/(\.\w+)(?::[0-9]+)+/g, "$1:LINE"],
  [/(?<![\w.])([\w.]{2,})\+0x[0-9a-z]+\/0x[0-9a-z]+/g, "$1"],
  [/CPU#[0-9]+/g, "CPU"],
  [/(\W)\d+(?=\W|$)/g, "$1NUM"],
  [/\d{7,}/g, "NUM"],
];

/**
 * Returns the title of a report in the scheme of syzkaller. Occurrences of the same bug have the same title. @param
 * values further words of the title, by their names in its row
 */
export function titleOf(
  report: Report,
  { name }: Verdict,
  values: Readonly<Record<string, string | undefined>>,
): string {
  const { row, groups } = report.headline;
  const text = row.title.replace(/ in \{where\}|\{(\w+)\}/g, (_, key: string | undefined) => {
    if (key === undefined) return name === undefined ? "" : ` in ${name}`;
    const value = key === "where" ? name : (groups[key] ?? values[key]);
    return value ?? "";
  });
  const title = clean(text);
  return title === "" || title.startsWith("in ")
    ? clean(`${row.kind}${name === undefined ? "" : ` in ${name}`}`)
    : title;
}

function clean(text: string): string {
  let title = text;
  for (const [pattern, replacement] of CHANGING) title = title.replace(pattern, replacement);
  return title
    .replaceAll("\t", " ")
    .replace(/[^\x20-\x7e]/g, "")
    .slice(0, MAX_TITLE)
    .replace(/ {2,}/g, " ")
    .replace(/ in\s*$/, "")
    .trim();
}
