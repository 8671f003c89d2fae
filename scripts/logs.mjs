// Measures the log reader on a fetched copy of syzkaller's test data (pkg/report/testdata/linux/report) and on any folder
// of logs: `npm run logs -- DIR [--wrong] [--traces] [--sample SEED]`. Nothing of the texts is kept.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { factsOf } from "../src/log/facts.ts";
import { KernelLog } from "../src/log/kernelLog.ts";
import { splitLines } from "../src/log/lines.ts";
import { summaryOf } from "../src/log/summary.ts";
import { entryOf } from "../src/log/trace.ts";
import { codeDecoder } from "../src/session/open/codeDecoder.ts";

const [folder, ...flags] = process.argv.slice(2);
const has = (flag) => flags.includes(`--${flag}`);
if (folder === undefined) throw new Error("usage: npm run logs -- DIR [--wrong] [--traces] [--sample SEED]");

const HEADERS = ["TITLE", "ALT", "TYPE", "FRAME", "START", "END", "CORRUPTED", "SUPPRESSED", "PANICKED", "EXECUTOR"];
/** Titles of things that exist in syzkaller's tests only: its own programs, other systems, a word for a reboot. */
const EXCEPTED = /^(?:SYZ|go runtime error|trusty: |unexpected kernel reboot|panic: |WARNING: foo)/;

/** A file of syzkaller's tests: headers, an empty line, the log, and after "REPORT:" what is made of it. */
function parse(text) {
  const lines = splitLines(text);
  /** @type {Record<string, string>} */
  const header = {};
  let at = 0;
  for (let line = lines[0]; line !== undefined && line !== ""; line = lines[++at]) {
    const key = HEADERS.find((name) => line?.startsWith(`${name}: `));
    if (key === undefined && !line.startsWith("#")) return { header: undefined, lines };
    if (key !== undefined) header[key] ??= line.slice(key.length + 2);
  }
  const report = lines.findIndex((line, i) => i > at && line === "REPORT:" && lines[i - 1] === "");
  return { header, lines: lines.slice(at + 1, report < 0 ? undefined : report) };
}

const files = readdirSync(folder, { recursive: true })
  .map(String)
  .filter((file) => statSync(join(folder, file)).isFile())
  .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));

const counts = {
  titled: 0,
  seen: 0,
  whole: 0,
  title: 0,
  both: 0,
  corrupted: 0,
  named: 0,
  excepted: 0,
  untitled: 0,
  found: 0,
};
const explained = [];
const entries = { lines: 0, parsed: 0 };
const ENTRY = /\+0x[0-9a-f]+\/0x[0-9a-f]+|\[<[0-9a-f]{8,16}>\]/;
const say = (what, file, ...rest) => has("wrong") && console.log(what, file, ...rest);

for (const file of files) {
  const { header, lines } = parse(readFileSync(join(folder, file), "utf8"));
  const log = KernelLog.of(lines);
  const facts = log.reports.map((report) => factsOf(log, report));
  for (const { text } of log.lines) {
    // What can be nothing but an entry: a place with its size, and nothing but marks around it.
    if (!/^\s*(?:\(?\[<[0-9a-f]+>\]|\[[0-9a-f]{8,16}\] \[|\? |[\w.]+\+0x[0-9a-f]+\/)/.test(text) || !ENTRY.test(text))
      continue;
    if (/^\s*#\d|: /.test(text)) continue;
    entries.lines++;
    if (entryOf(text)) entries.parsed++;
    else if (has("traces")) console.log(file, JSON.stringify(text));
  }
  const context = { disassemble: await codeDecoder(facts.map(({ machine }) => machine)) };
  log.reports.forEach((report, i) => {
    const { kind, title, explanation } = summaryOf(log, report, context);
    explained.push({ file, line: report.at + 1, kind, title, explanation, i });
  });
  if (header?.TITLE === undefined || header.TITLE === "") {
    counts.untitled++;
    const first = facts.find(({ severity }) => severity !== "notice");
    if (first) {
      counts.found++;
      say("untitled", file, "|", first.title);
    }
    continue;
  }
  if (EXCEPTED.test(header.TITLE)) {
    counts.excepted++;
    continue;
  }
  counts.titled++;
  const first = facts.find(({ severity }) => severity !== "notice");
  if (!first) {
    say("unseen", file, "|", header.TITLE);
    continue;
  }
  counts.seen++;
  if (header.CORRUPTED === "Y") {
    counts.corrupted++;
    if (first.guilty) {
      counts.named++;
      say("named", file, "|", first.title, "|", header.TITLE);
    }
    continue;
  }
  counts.whole++;
  const isTitle = first.title === header.TITLE;
  if (isTitle) counts.title++;
  const isType = first.type === (header.TYPE ?? "");
  if (isTitle && isType) counts.both++;
  if (!isTitle) say("title", file, "|", first.title, "|", header.TITLE);
  else if (!isType) say("type", file, "|", first.type, "|", header.TYPE, "|", first.title);
}

if (has("sample")) {
  // The same 60 for a seed: each kind in turn, so that rare ones are there too.
  let seed = Number(flags[flags.indexOf("--sample") + 1] ?? 1) >>> 0;
  const random = () => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) / 2 ** 32;
  const byKind = new Map();
  for (const one of explained) byKind.set(one.kind, [...(byKind.get(one.kind) ?? []), one]);
  const lists = [...byKind.values()].map((list) => list.map((one) => [random(), one]).sort(([a], [b]) => a - b));
  const sample = [];
  for (let round = 0; sample.length < 60 && round < 60; round++) {
    for (const list of lists) if (list[round] && sample.length < 60) sample.push(list[round][1]);
  }
  for (const { file, line, title, explanation } of sample) console.log(`${file}:${line} ${title}\n    ${explanation}`);
}

const percent = (part, of) => `${part} of ${of} (${of === 0 ? "-" : ((100 * part) / of).toFixed(1)} %)`;
console.log(`files                        ${files.length}`);
console.log(`titled, not excepted         ${counts.titled} (excepted: ${counts.excepted})`);
console.log(`seen                         ${percent(counts.seen, counts.titled)}`);
console.log(`whole: title equal           ${percent(counts.title, counts.whole)}`);
console.log(`whole: title and type equal  ${percent(counts.both, counts.whole)}`);
console.log(`corrupted, a function named  ${percent(counts.named, counts.corrupted)}`);
console.log(`untitled, a report found     ${percent(counts.found, counts.untitled)}`);
console.log(`lines of traces parsed       ${percent(entries.parsed, entries.lines)}`);
