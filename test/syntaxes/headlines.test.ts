/** The grammar and the manifest know the first lines of reports that the reader of logs knows. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { logHeadlines } from "../builders/logHeadlines.ts";

interface Grammar {
  repository: Record<string, { match?: string }>;
}
interface Manifest {
  contributes: { languages: { id: string; firstLine?: string }[] };
}

const { repository } = JSON.parse(readFileSync("syntaxes/kernel-log.tmLanguage.json", "utf8")) as Grammar;
const coloured = [repository.headline?.match, repository.warning?.match].map((match) => new RegExp(match ?? "$^"));
const { contributes } = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
const firstLine = new RegExp(contributes.languages.find(({ id }) => id === "kernel-log")?.firstLine ?? "$^");

test("the grammar colours every first line of a report, and no other", () => {
  const wrong = logHeadlines.filter(({ kind, text }) => coloured.some((one) => one.test(text)) !== (kind !== "none"));
  assert.deepEqual(wrong, []);
});

test("a text that begins with a report of a fault, a check or a watchdog is known as a log, what is none is not", () => {
  const known = [
    "soft-lockup",
    "workqueue-lockup",
    "rcu-stall",
    "hung-task",
    "bad-page",
    "bad-page-map",
    "list-corruption",
    "spinlock",
    "unhandled-fault",
    "xen-panic",
    "general-protection",
    "page-fault",
    "lock-cycle",
    "lock-order",
    "lock-context",
    "lock-freed",
    "lock-balance",
    "rcu-usage",
    "stack-corrupted",
    "panic",
    "warning",
    "kfence",
    "kcsan",
    "kmsan",
  ];
  assert.deepEqual(
    known.filter((kind) => !logHeadlines.some((one) => one.kind === kind)),
    [],
  );
  const of = (text: string): boolean => firstLine.test(text);
  const missed = logHeadlines.filter(
    ({ kind, text }) => known.includes(kind) && !of(text) && !/^(?:Kernel attempted|WARNING: \[)/.test(text),
  );
  assert.deepEqual(missed, []);
  assert.deepEqual(
    logHeadlines.filter(({ kind, text }) => kind === "none" && of(text)),
    [],
  );
});
