/** The verb `debuginfo`: reports which debuginfo was found, and downloads what is missing. */
import { Cancelled } from "../base/job.ts";
import { column } from "../render/pad.ts";
import { UsageError } from "../base/usageError.ts";
import { printable, printableJson } from "../base/printable.ts";
import { type DebuginfoReport, searchingDebuginfo, type ModuleReport } from "../session/find/debuginfoReport.ts";
import { OpenError } from "../session/open/openError.ts";
import { ABSENT, type Try } from "../session/find/vmlinuxSearch.ts";
import { download, hasServers } from "./download.ts";
import { EXIT_ANSWERED, EXIT_CANCELLED, EXIT_FAILED, EXIT_OPEN, EXIT_USAGE } from "./exit.ts";
import { budgetOf, searchOf, withProgress } from "./openAndRun.ts";
import { readOptions, usageText } from "./options.ts";
import { unpackPackages } from "./unpackPackages.ts";

/**
 * Runs `vmcore-debug debuginfo [options] VMCORE...`: prints all files that were tried as the dump's debuginfo, why each
 * was taken or refused, and what to install. With --download, missing debuginfo is first fetched from debuginfod
 * servers.
 * @returns the exit status: EXIT_FAILED if there is no vmlinux
 */
export async function debuginfo(argv: readonly string[]): Promise<number> {
  try {
    const options = readOptions(argv);
    if (options.help) {
      process.stdout.write(usageText);
      return EXIT_ANSWERED;
    }
    const wanted = await unpackPackages({ ...options, budget: budgetOf(options), search: searchOf(options) });
    let report = await withProgress(searchingDebuginfo(wanted));
    if (options.downloads && (await downloadMissing(report)) > 0)
      report = await withProgress(searchingDebuginfo(wanted));
    process.stdout.write(
      options.json ? `${printableJson(JSON.stringify(report, undefined, 2))}\n` : reportText(report),
    );
    return report.vmlinux === undefined ? EXIT_FAILED : EXIT_ANSWERED;
  } catch (error) {
    if (error instanceof Cancelled) return EXIT_CANCELLED;
    if (!(error instanceof UsageError) && !(error instanceof OpenError)) throw error;
    process.stderr.write(`vmcore-debug: ${printable(error.message)}\n`);
    return error instanceof UsageError ? EXIT_USAGE : EXIT_OPEN;
  }
}

/** @throws UsageError if DEBUGINFOD_URLS names no server */
function downloadMissing({ hasDwarf, buildId, modules }: DebuginfoReport): Promise<number> {
  if (!hasServers()) throw new UsageError("--download needs servers: set DEBUGINFOD_URLS");
  const missing = modules.filter(({ path }) => path === undefined);
  const wanted = [...(hasDwarf ? [] : [{ name: "vmlinux", buildId }]), ...missing];
  return download(wanted.flatMap(({ name, buildId: id }) => (id === undefined ? [] : [{ name, buildId: id }])));
}

/** Formats the report as text. */
export function reportText(report: DebuginfoReport): string {
  const unknown = "(not in the dump)";
  const lines = [
    `     dump: ${report.vmcore.join(" ")}`,
    `   kernel: ${report.release ?? unknown} on ${report.architecture}`,
    `  version: ${report.version ?? unknown}`,
    ` build ID: ${report.buildId ?? unknown}`,
    ...(report.wrongBuildId === undefined
      ? []
      : [
          `           (VMCOREINFO has ${report.wrongBuildId}, which some stable kernels of autumn 2024 computed wrongly)`,
        ]),
    `  vmlinux: ${report.vmlinux ?? "none found"}`,
    `  symbols: ${report.symbolSources.join(", ") || "none"}`,
    `    types: ${report.typeSources.join(", ") || "none"}`,
    `    lines: ${report.hasDwarf ? "DWARF" : "none, nor locals"}`,
    "",
    ...(report.tries.length > 0 ? ["Files tried for vmlinux:", ...report.tries.map(tryLine), ""] : []),
    ...(report.mapTries.length > 0 ? ["Files tried for a System.map:", ...report.mapTries.map(tryLine), ""] : []),
    ...moduleLines(report),
    ...adviceLines(report),
  ];
  return `${lines.map(printable).join("\n").trimEnd()}\n`;
}

const tryLine = ({ path, outcome, why }: Try): string =>
  `  ${column(outcome, 7)}  ${path}${why === ABSENT ? "" : ` ${why}`}`;

function moduleLines({ modules, modulesFault }: DebuginfoReport): string[] {
  const missing = modules.filter(({ path }) => path === undefined);
  const lines = modules.flatMap((module) => {
    const { name, path, buildId, tries } = module;
    const id = buildId === undefined ? "" : ` (build ID ${buildId})`;
    return [
      `  ${name}: ${path ?? `no debuginfo${id}`}`,
      ...tries.filter(({ outcome, why }) => outcome !== "taken" || why.includes(";")).map((one) => `  ${tryLine(one)}`),
    ];
  });
  const broken = modulesFault === undefined ? [] : [`The list of modules ends early: ${modulesFault}`];
  if (modules.length === 0) return broken.length > 0 ? [...broken, ""] : [];
  return [`Modules, ${modules.length - missing.length} of ${modules.length} with debuginfo:`, ...lines, ...broken, ""];
}

function adviceLines({ vmcore, advice, vmlinux, hasDwarf, buildId, modules }: DebuginfoReport): string[] {
  const missing = modules.filter(({ path }) => path === undefined);
  const isInstalled = hasDwarf && missing.every(({ outOfTree }) => outOfTree);
  const lines: string[] = [];
  if (!isInstalled) {
    const what = hasDwarf ? "the modules' debuginfo" : vmlinux === undefined ? "the vmlinux" : "a vmlinux with DWARF";
    lines.push(`To get ${what}${advice.distribution === undefined ? "" : ` of this ${advice.distribution} kernel`}:`);
    lines.push(...advice.steps.map((step) => `  ${step}`));
    if (advice.debuginfod !== undefined && buildId !== undefined)
      lines.push(`  or: DEBUGINFOD_URLS=${advice.debuginfod} vmcore-debug debuginfo --download ${vmcore.join(" ")}`);
    lines.push("  If you unpack a package elsewhere, name its usr/lib/debug with --debuginfo DIR.");
  }
  return [...lines, ...outOfTreeLines(missing)];
}

function outOfTreeLines(missing: readonly ModuleReport[]): string[] {
  const names = missing.filter(({ outOfTree }) => outOfTree).map(({ name }) => name);
  if (names.length === 0) return [];
  return [
    `Not of the kernel's own tree: ${names.join(", ")}. Name the directory of the .ko files as they were built, with -g and not stripped, by --modules DIR.`,
  ];
}
