/** What `waits` tells of a guest in which each task waits for something else: against the truth file. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { alone } from "./alone.ts";
import { cli, corpus, made, vmlinuxOf } from "./corpus.ts";

const here = join(import.meta.dirname, "waitkinds");

interface Expected {
  readonly type: string | null;
  readonly phrase: string;
  /** "comm certainty" of each task that must be named; a `*` at the end of a comm stands for anything. */
  readonly holders: readonly string[];
  /** The same of tasks that may be named, because the lock still names them. */
  readonly last?: readonly string[];
  /** The tasks of the deadlock that it is in, each of which waits for the next; none if it is in none. */
  readonly cycle?: readonly string[];
  /** Why there may be no such task. */
  readonly may?: string;
}

interface Truth {
  readonly tasks: Readonly<Record<string, Expected>>;
  /** Tasks that hold something, and sleep in the same queue. */
  readonly every: readonly string[];
}

interface Wait {
  readonly pid: number;
  readonly comm: string;
  readonly type: string | null;
  readonly waitsFor: string | null;
  readonly holders: readonly { readonly comm: string; readonly certainty: string }[];
  readonly waiters: readonly (number | null)[];
  readonly cycle: readonly number[] | null;
  readonly unknown: string | null;
}

const truth = JSON.parse(readFileSync(join(here, "truth.json"), "utf8")) as Truth;

/** What prevents the comparison; undefined if nothing does. */
function missing(): string | undefined {
  if (!existsSync(join(corpus, "make"))) return "the corpus is absent";
  return spawnSync("qemu-system-x86_64", ["--version"]).error ? "there is no qemu-system-x86_64" : undefined;
}

/** The dump of the guest, made when it is missing or was made from other sources. */
function dump(): string {
  const vmcore = join(made, "waitkinds", "vmcore.elf");
  const sources = ["Makefile", "init", "run", "kinds.c", "lab_kinds.c", "make.sh"].map((file) => join(here, file));
  const hash = createHash("sha256");
  for (const file of sources) hash.update(readFileSync(file));
  const digest = hash.digest("hex");
  const stamp = join(made, "waitkinds", "sources.sha256");
  alone(() => {
    if (existsSync(vmcore) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
    execFileSync(join(here, "make.sh"), [corpus], { stdio: ["ignore", "ignore", "inherit"], timeout: 900_000 });
    writeFileSync(stamp, digest);
  });
  return vmcore;
}

/** What is wrong with the rows, one line each. */
function wrong(rows: readonly Wait[]): string[] {
  const lines: string[] = [];
  for (const [comm, { type, phrase, holders, last = [], may }] of Object.entries(truth.tasks)) {
    const same = rows.filter((row) => row.comm === comm);
    if (same.length === 0 && may === undefined) lines.push(`${comm} is in no row`);
    for (const { type: actual, waitsFor, holders: named, unknown } of same) {
      if (actual !== type) lines.push(`${comm}: type ${actual}, not ${type} (${unknown})`);
      if (!new RegExp(phrase).test(waitsFor ?? "")) lines.push(`${comm}: "${waitsFor}", not ${phrase}`);
      const told = named.map(({ comm: other, certainty }) => `${other} ${certainty}`);
      for (const one of holders)
        if (!told.some((other) => isSame(one, other))) lines.push(`${comm}: not ${one}: ${told.join(", ")}`);
      for (const one of told)
        if (![...holders, ...last].some((other) => isSame(other, one))) lines.push(`${comm}: FALSE ${one}`);
    }
  }
  for (const comm of truth.every) {
    const row = rows.find((one) => one.comm === comm);
    if (row?.waitsFor !== "wait queue lab_idle [lab_kinds]") lines.push(`${comm}: ${row?.waitsFor}`);
  }
  const commOf = new Map(rows.map(({ pid, comm }) => [pid, comm]));
  for (const { comm, cycle } of rows) {
    const wanted = truth.tasks[comm]?.cycle ?? [];
    const told = (cycle ?? []).map((pid) => commOf.get(pid) ?? "?");
    // Any task of a cycle can come first.
    const isEqual = told.length === wanted.length && (told.length === 0 || wanted.some((_, turn) => told.every((one, at) => one === wanted[(at + turn) % wanted.length]))); // prettier-ignore
    if (!isEqual) lines.push(`${comm}: cycle ${told.join(" ")}, not ${wanted.join(" ")}`);
  }
  return lines;
}

const isSame = (wanted: string, actual: string): boolean => {
  const [comm = "", certainty] = wanted.split(/ (?=\w+$)/);
  const [name = "", told] = actual.split(/ (?=\w+$)/);
  return certainty === told && (comm.endsWith("*") ? name.startsWith(comm.slice(0, -1)) : name === comm);
};

const reason = missing();
if (reason !== undefined) test(`every kind of wait: NOT RUN`, { skip: reason }, () => {});
else
  for (const how of ["the dump alone", "a vmlinux"])
    test(`each task of the guest waits for what its source says, with ${how}`, (context) => {
      const vmcore = dump();
      const vmlinux = how === "a vmlinux" ? vmlinuxOf("x86_64-6.1") : undefined;
      if (how === "a vmlinux" && vmlinux === undefined) return context.skip("NOT RUN: no vmlinux of this kernel");
      const options = vmlinux === undefined ? [] : ["--vmlinux", vmlinux];
      const { stdout } = cli("--json", ...options, vmcore, "-c", "waits -a");
      const { records } = JSON.parse(stdout) as { records: readonly Wait[] };
      const lines = wrong(records);
      assert.equal(lines.length, 0, lines.join("\n"));
    });
