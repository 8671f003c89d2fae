/** Groups of dumps that show the same bug. */
import { markdownCode, markdownProse } from "../../base/markdown.ts";
import { column } from "../../render/pad.ts";
import { type Block, heading, paragraph } from "../../document/block.ts";
import type { TriageRecord } from "./triageRecord.ts";

/** Dumps with the same key; or all that could not be opened, or whose crash is not known. */
export interface Group {
  readonly key: string;
  /** The title of the newest dump. */
  readonly title: string;
  readonly kind: string;
  /** Newest first. */
  readonly records: readonly TriageRecord[];
  /** Time of the first and of the last crash, in seconds since the epoch; undefined if no dump has one. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  /** Number of dumps by host and by release. */
  readonly hosts: ReadonlyMap<string, number>;
  readonly releases: ReadonlyMap<string, number>;
}

/** Maximum number of dumps that are listed of a group. */
const MAX_DUMPS = 10;
/** Maximum number of hosts and releases that are named of a group. */
const MAX_NAMES = 5;
const UNKNOWN = "(unknown)";
const FAILED = "(not opened)";

/**
 * Groups records by the key of their crash, the largest group first. Dumps that could not be opened are one group, and so
 * are those whose crash is not known.
 */
export function groupsOf(records: Iterable<TriageRecord>): Group[] {
  const byKey = new Map<string, TriageRecord[]>();
  for (const record of records) {
    const key = record.failed === undefined ? groupKey(record) : FAILED;
    const group = byKey.get(key);
    if (group) group.push(record);
    else byKey.set(key, [record]);
  }
  return [...byKey].map(([key, members]) => groupOf(key, members)).sort((a, b) => b.records.length - a.records.length);
}

/** Returns the key of a crash. Dumps that do not tell whether the kernel crashed have a key that is no bug's. */
const groupKey = ({ kind, group }: TriageRecord): string => (kind === "unknown" || !group ? UNKNOWN : group);

function groupOf(key: string, members: readonly TriageRecord[]): Group {
  const records = members.toSorted((a, b) => (b.time ?? 0) - (a.time ?? 0));
  const times = records.flatMap(({ time }) => time ?? []);
  return {
    key,
    title: key === FAILED ? "the dump could not be opened" : (records[0]?.title ?? UNKNOWN),
    kind: key === FAILED ? "-" : (records[0]?.kind ?? UNKNOWN),
    records,
    first: times.at(-1),
    last: times[0],
    hosts: counted(records.map(({ host }) => host)),
    releases: counted(records.map(({ release }) => release)),
  };
}

function counted(values: readonly (string | undefined)[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value || UNKNOWN, (counts.get(value || UNKNOWN) ?? 0) + 1);
  return new Map([...counts].sort(([, a], [, b]) => b - a));
}

const COLUMNS = ["DUMPS", "FIRST", "LAST", "HOSTS", "RELEASES", "KIND", "TITLE"];

const cells = ({ records, first, last, hosts, releases, kind, title }: Group): string[] => [
  String(records.length),
  dateText(first),
  dateText(last),
  knownCount(hosts),
  knownCount(releases),
  kind,
  title,
];

/** Formats the number of names; "-" if none is known, because the dumps have none or it was erased. */
const knownCount = (counts: ReadonlyMap<string, number>): string =>
  String(counts.size - (counts.has(UNKNOWN) ? 1 : 0) || "-");

/** Formats groups as a table for a terminal. Below a group is its verdict, if its newest dump was read fully. */
export function groupLines(groups: readonly Group[]): string[] {
  const rows = [COLUMNS, ...groups.map(cells)];
  const widths = COLUMNS.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((cell, at) => column(cell, widths[at] ?? 0)).join("  ").trimEnd(); // prettier-ignore
  return [
    line(COLUMNS),
    ...groups.flatMap((group) => {
      const verdict = group.records.find((record) => record.verdict !== undefined)?.verdict;
      return [line(cells(group)), ...(verdict === undefined ? [] : [`    ${verdict}`])];
    }),
  ];
}

/** Returns the groups as a document. */
export function triagePage(groups: readonly Group[]): Block[] {
  const dumps = groups.reduce((sum, { records }) => sum + records.length, 0);
  const table = [
    `| ${COLUMNS.join(" | ")} |`,
    `| ${COLUMNS.map(() => "---").join(" | ")} |`,
    ...groups.map((group) => `| ${cells(group).map((cell) => markdownCode(cell, true)).join(" | ")} |`), // prettier-ignore
  ];
  return [
    heading(1, `Triage of ${dumps} dumps in ${groups.length} groups`),
    paragraph(table.join("\n")),
    ...groups.flatMap(groupBlocks),
  ];
}

function groupBlocks(group: Group): Block[] {
  const { records, hosts, releases, key, title } = group;
  const [newest] = records;
  const listed = records.slice(0, MAX_DUMPS).map(
    ({ path, time, host, failed }) =>
    [`- ${markdownCode(path)}`, dateText(time), host, failed].filter(Boolean).map((text, at) => (at === 0 ? text : markdownProse(text ?? ""))).join(", "), // prettier-ignore
  );
  if (records.length > MAX_DUMPS) listed.push(`- and ${records.length - MAX_DUMPS} more`);
  const facts = [
    `Key: ${markdownCode(key)}`,
    ...(newest?.verdict === undefined ? [] : [markdownProse(newest.verdict)]),
    ...(newest?.stack?.length ? [`Stack: ${newest.stack.map((name) => markdownCode(name)).join(" ← ")}`] : []),
    `Hosts: ${spread(hosts)}`,
    `Releases: ${spread(releases)}`,
  ];
  return [heading(2, title), paragraph(facts.join("\n\n")), paragraph(listed.join("\n"))];
}

function spread(counts: ReadonlyMap<string, number>): string {
  const named = [...counts].slice(0, MAX_NAMES).map(([name, count]) => `${markdownCode(name)} ${count}`);
  return counts.size > MAX_NAMES ? `${named.join(", ")} and ${counts.size - MAX_NAMES} more` : named.join(", ");
}

const dateText = (time: number | undefined): string =>
  time === undefined ? "-" : new Date(time * 1000).toISOString().slice(0, 16).replace("T", " ");
