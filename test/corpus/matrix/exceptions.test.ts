/**
 * Exceptions in kernel mode on each machine: modules of the corpus crash guests by a NULL dereference and by BUG(), and what
 * `bt` and `analyze` say is compared with the report that the kernel printed. A part of `npm run matrix`.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { madeCrash, type Scenario } from "./make.ts";
import { missing } from "./missing.ts";
import { rows } from "./rows.ts";

/** Rows whose guests crash; "values" if the verdict follows values there, "types" if the dump has BTF. */
const crashed: Readonly<Record<string, readonly ("values" | "types")[]>> = {
  "riscv64-6.12-sv57": ["values", "types"],
  "ppc64le-6.12": ["values", "types"],
  "s390x-6.12": ["types"],
  "arm-6.12": [],
  "i386-6.1": [],
};
const chosen = process.env["MATRIX"]?.split(",");

function cli(...args: string[]): string {
  const { stdout } = spawnSync("node_modules/.bin/node", ["dist/cli.js", "--no-rc", ...args], { encoding: "utf8" });
  return stdout;
}

/** The kernel's report: its lines from the headline to the panic. */
function reportOf(log: string): string[] {
  const lines = log.split("\n").map((line) => line.replace(/^\[ *\d+\.\d+\] ?/, ""));
  const at = lines.findLastIndex(
    (line) => /^(?:epc|NIP)? ?.*\blab_(?:apply|withdraw)\+0x/.test(line) && !line.includes("from"),
  );
  const start = lines.findLastIndex((line, i) => i < at && /^(?:Oops|Kernel BUG|Internal error|monitor event|invalid opcode|BUG:)/.test(line)); // prettier-ignore
  return lines.slice(
    start,
    lines.findIndex((line, i) => i > start && line.includes("Kernel panic")),
  );
}

/** The first line of the call trace; riscv64 has no line before it. */
const traceAt = (report: readonly string[]): number => report.findIndex((line) => /^(?:Call [Tt]race:|\[<)/.test(line));

/** Lines of the call trace, up to the user's registers. */
function traceOf(report: readonly string[]): string {
  const lines = report.slice(traceAt(report));
  const end = lines.findIndex((line) => /^(?:--- interrupt|EIP: |Last Breaking|Exception stack|Code:)/.test(line));
  return lines.slice(0, end < 0 ? undefined : end).filter((line) => !/^ *\? /.test(line)).join("\n"); // prettier-ignore
}

/** Functions of the modules and those that called them. The names of system calls differ by alias. */
const ours = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => /\b(lab_\w+|hello_init|do_one_initcall|do_init_module)\b/.exec(line)?.[1])
    .filter((name): name is string => name !== undefined && name !== "lab_nullderef" && name !== "lab_bugdev")
    .filter((name, i, all) => name !== all[i - 1]);

/** Values of registers that the report prints. */
const registersOf = (report: readonly string[]): string[] =>
  report
    .slice(0, traceAt(report))
    .filter((line) => REGISTERS.test(line) && !/GS:|information/.test(line))
    .flatMap((line) => line.match(/\b(?:[\da-f]{16}|[\da-f]{8})\b/g) ?? []);

const REGISTERS =
  /^ *(?:(?:epc|ra|gp|t\d|s\d+|a\d) *: |GPR\d\d: |Krnl GPRS: |[\da-f]{16} [\da-f]{16} |r\d+ *:|pc :|sp :|E[A-Z]{2}: )/;

for (const [name, abilities] of Object.entries(crashed))
  for (const scenario of ["nullderef", "bugon"] as const satisfies readonly Scenario[])
    test(
      `${name}: the stack, registers and verdict of ${scenario} are those of the kernel's report`,
      { skip: missing() ?? (chosen && !chosen.includes(name) ? "not chosen" : false) },
      () => {
        const made = madeCrash(
          rows.find((row) => row.name === name)!,
          scenario,
        );
        const report = reportOf(readFileSync(made.console, "utf8"));
        assert.ok(report.length > 10, "the console has a report");
        const modes = [
          ...(made.vmlinux === undefined ? [] : [["--vmlinux", made.vmlinux]]),
          ...(abilities.includes("types") ? [[]] : []),
        ];
        for (const given of modes) {
          const bt = cli(...given, made.vmcore, "-c", "bt");
          const [, site] = /\b(lab_(?:apply|withdraw))\+0x/.exec(report.join("\n"))!;
          const exception = bt.slice(bt.indexOf("[exception"));
          const frame = exception.slice(0, exception.search(/^ *#\d/m));
          const offset = new RegExp(`${site}\\+0x([\\da-f]+)`).exec(report.join("\n"))![1]!;
          assert.match(frame, new RegExp(`: ${site}\\+${parseInt(offset, 16)}\\]`));
          for (const value of registersOf(report)) assert.ok(frame.includes(value), `${value} is a saved register`);
          const frames = [site, ...ours(exception.slice(frame.length))];
          const printed = ours(traceOf(report));
          // The kernel for ppc64le leaves out the caller of a function without a frame, which LR has.
          const link = /^LR \[\w+\] (\w+)/m.exec(report.join("\n"))?.[1];
          const all = [site, ...(link === undefined || printed.includes(link) ? [] : [link]), ...printed];
          assert.deepEqual(frames, all.filter((name, i) => name !== all[i - 1])); // prettier-ignore
          const verdict = cli(...given, made.vmcore, "-c", "analyze");
          assert.match(verdict, new RegExp(`It happened in ${site}, of module lab_`));
          if (!abilities.includes("values")) continue;
          assert.match(verdict, scenario === "bugon" ? /The check was reached because / : /with \w+ = NULL\.\n.*->target, the word at .*which hello_init called/); // prettier-ignore
          assert.doesNotMatch(verdict, /not analysed on this machine/);
        }
      },
    );
