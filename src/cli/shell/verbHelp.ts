/** The help of each verb: usage, options, examples and exit statuses, from one table. */
import { column } from "../../render/pad.ts";
import { SUMMARIES, synopses } from "./synopsis.ts";

/** The parts of the help of a verb that are not in the usage text. */
interface VerbHelp {
  /** The verb's own options by flag. */
  readonly options?: Readonly<Record<string, string>>;
  readonly examples: readonly (readonly [line: string, shows: string])[];
  /** Exit statuses besides 0 and 2, by number. */
  readonly exits?: Readonly<Record<number, string>>;
  /** Whether the verb has the options of the program: it opens a dump. */
  readonly opensDump?: true;
}

const FAULTS = { 1: "a part of the answer could not be read", 3: "the dump or the vmlinux could not be opened" };

/** The help of each verb, by its name. A test compares the verbs and their options with the usage text. */
export const VERB_HELP: Readonly<Record<string, VerbHelp>> = {
  analyze: {
    options: {
      "-v": "also the evidence, and the commands that print it",
      "--markdown": "as Markdown, with the evidence and the source lines",
      "--fixes": "also later commits that change the guilty function; needs a git repository as --source",
    },
    examples: [
      ["analyze vmcore", "what happened, where and why"],
      ["analyze --json vmcore", "the same as data"],
    ],
    exits: FAULTS,
    opensDump: true,
  },
  compare: {
    examples: [["compare monday/vmcore friday/vmcore", "whether both crashed by the same bug"]],
    exits: { 3: "one of the dumps could not be opened" },
    opensDump: true,
  },
  completions: { examples: [["completions bash >/etc/bash_completion.d/vmcore-debug", "completions for all users"]] },
  dap: {
    options: { "--listen": "listen on a port or a socket instead of standard input and output; sessions only read" },
    examples: [
      ["dap", "a debug adapter for an editor that starts it"],
      ["dap --listen 4711", "one that an editor connects to"],
    ],
  },
  debuginfo: {
    examples: [
      ["debuginfo vmcore", "which vmlinux and module files were found, and where"],
      ["debuginfo --download vmcore", "downloads what is missing from the servers of DEBUGINFOD_URLS"],
    ],
    exits: { 1: "no vmlinux was found", 3: "the dump could not be opened" },
    opensDump: true,
  },
  distill: {
    options: {
      "-o": "the file to write",
      "--for": "also what these commands read, separated by semicolons",
      "--keep": "also this range of kernel addresses, the end exclusive",
      "--scrub": "remove user pages, keys, command lines and registers of programs",
      "--scrub-names": "remove the names of the host and of files as well",
    },
    examples: [
      ["distill vmcore -o small", "a dump that still answers the usual commands"],
      [
        'distill vmcore -o small --scrub --for "files 1; mount"',
        "without secrets, and with what two more commands read",
      ],
    ],
    exits: { 1: "the file could not be written", 3: "the dump or the vmlinux could not be opened" },
    opensDump: true,
  },
  docs: {
    examples: [
      ["docs", "the page of all commands, as Markdown"],
      ["docs json", "the page of the records of --json"],
    ],
  },
  doctor: {
    options: { "--json": "as data" },
    examples: [
      ["doctor", "whether this machine can write a dump"],
      ["doctor config-6.12", "whether a kernel of this configuration can"],
    ],
    exits: { 1: "a requirement is missing" },
  },
  info: {
    options: { "--json": "as data", "--base": "the ranges of memory without a header" },
    examples: [["info vmcore", "format, dump level, pages and notes, from the headers alone"]],
    exits: { 3: "the dump could not be opened" },
  },
  log: {
    options: {
      "--json": "as data",
      "--resolve": "print the log with file and line after each entry of its call traces",
      "--vmlinux": "add source lines and members, from this kernel",
    },
    examples: [
      ["log console.log", "what the reports in a log mean"],
      ["log --resolve vmlinux console.log", "the log with source lines"],
    ],
    exits: { 1: "the log has no report, or no entry was resolved", 3: "the log or the vmlinux could not be read" },
  },
  man: { examples: [["man | man -l -", "the manual page"]] },
  mcp: {
    options: { "--root": "a directory below which dumps may be opened; may be repeated" },
    examples: [["mcp --root /var/crash", "serves tools for a language model on standard input and output"]],
    exits: { 3: "the dump or the vmlinux could not be opened" },
    opensDump: true,
  },
  notebook: {
    options: { "-o": "the file for the notebook with its answers" },
    examples: [["notebook run case.crashnb vmcore", "runs the commands of a notebook"]],
    exits: FAULTS,
    opensDump: true,
  },
  query: {
    options: {
      "--json": "as data",
      "--tables": "list tables and columns",
      "--time-limit": "seconds after which a statement is ended: default 600, 0 for none",
    },
    examples: [
      ["query \"select pid, comm from tasks where state = 'UN'\" vmcore", "tasks that wait uninterruptibly"],
      ["query --tables", "the tables with their columns"],
    ],
    exits: { ...FAULTS, 1: "a value could not be read and is NULL" },
    opensDump: true,
  },
  report: {
    options: {
      "-o": "the file; its name ends in .md or .html",
      "--check": "run the commands of a report again and name each answer that differs",
    },
    examples: [
      ["report -o crash.html vmcore", "a document about the crash"],
      ["report --check crash.md vmcore", "whether its answers are those of the dump"],
    ],
    exits: { ...FAULTS, 1: "a part could not be read, or the checked report differs" },
    opensDump: true,
  },
  sample: { examples: [["sample", "opens the dump that ships with the program"]], exits: FAULTS, opensDump: true },
  symbols: {
    options: {
      "--json": "the list as data",
      "--older": "remove what was not used for this many days",
      "--all": "remove everything",
    },
    examples: [
      ["symbols", "what sessions keep on disk"],
      ["symbols remove --older 30", "removes what was not used for 30 days"],
    ],
    exits: { 1: "a file could not be removed" },
  },
  triage: {
    options: {
      "--jobs": "number of worker processes: default one for each CPU",
      "--json": "a record for each dump, as a line of JSON",
      "--full": "also verdict, waits and health, which take seconds for each dump",
      "--redact": "leaves out user memory, keys, command lines and the host's name",
      "--db": "an SQLite file that keeps the records; without a PATH its groups are printed",
      "--shard": "only each Nth dump, beginning with the Ith, counted from 0",
      "-o": "write the groups to a page as well: .md or .html",
    },
    examples: [
      ["triage /var/crash", "the dumps below a directory, grouped by bug"],
      ["triage --db crashes.db", "the groups of a database"],
    ],
    exits: { 1: "a file could not be written", 3: "a PATH does not exist" },
  },
};

const WIDTH = 22;

/** Returns the help of a verb; undefined if there is no such verb. */
export function verbHelp(name: string): string | undefined {
  const help = Object.hasOwn(VERB_HELP, name) ? VERB_HELP[name] : undefined;
  const synopsis = synopses().find(({ verb }) => verb === name);
  if (!help || !synopsis) return undefined;
  const { options = {}, examples, exits = {}, opensDump } = help;
  const values = new Map(synopsis.flags.map(({ names: [flag = ""], value }) => [flag, value]));
  const rows = (entries: readonly (readonly [string, string])[]): string[] =>
    entries.map(([label, text]) =>
      label.length < WIDTH ? `  ${column(label, WIDTH)}${text}` : `  ${label}\n  ${column("", WIDTH)}${text}`,
    );
  const option = ([flag, text]: readonly [string, string]): readonly [string, string] => [
    [flag, values.get(flag)].filter(Boolean).join(" "),
    text,
  ];
  const own = Object.entries(options);
  const statuses = { 0: "success", ...exits, 2: "wrong usage" };
  return [
    ...synopsis.lines.map((line, i) => `${i === 0 ? "Usage: " : "       "}vmcore-debug ${line}`),
    "",
    `Purpose: ${SUMMARIES[name] ?? ""}.`,
    ...(own.length > 0 ? ["", "Options:", ...rows(own.map(option))] : []),
    ...(opensDump ? ["", 'Options that all verbs with a dump have: "vmcore-debug --help".'] : []),
    "",
    "Examples:",
    ...examples.flatMap(([line, shows]) => [`  vmcore-debug ${line}`, `      ${shows}`]),
    "",
    "Exit status:",
    ...rows(Object.entries(statuses).map(([status, text]) => [status, text])),
    "",
  ].join("\n");
}
