/** The sections of the report: which commands are run for which crash, with a comment before and after each. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { markdownCode as code, markdownProse as plain } from "../../base/markdown.ts";
import type { Verdict } from "../../insight/analyze.ts";
import { type CrashFacts, crashFacts } from "../../insight/crashFacts.ts";
import { commandOf } from "../../insight/evidence.ts";
import { guiltyFrame } from "../../insight/guiltyFrame.ts";
import { type Finding, sentenceText } from "../../insight/finding.ts";
import { sinceLastRun, type WaitGraph, type WaitingTask } from "../../insight/waits/waitGraph.ts";
import { isLock } from "../../linux/locks/resource.ts";
import { agoText } from "../../render/quantity.ts";
import { heldBy, relationTo, taskName, waitWords } from "../../insight/waits/words.ts";
import type { Context } from "../language/command.ts";
import type { Shortening } from "../../document/shortening.ts";

/** A command of the report. The comments are in Markdown; every number in them is in the output of the section. */
export interface Step {
  /** What the command is for. */
  readonly before: string;
  readonly command: string;
  /** What the output shows. */
  readonly after?: string;
  readonly shortening?: Shortening;
}

export interface Section {
  readonly title: string;
  readonly steps: readonly Step[];
}

export interface Subject {
  readonly context: Context;
  readonly verdict: Verdict;
  /** Undefined if the tasks cannot be read. */
  readonly graph: WaitGraph | undefined;
}

/** Returns the sections for a dump, those that say most about it first. */
export function sectionsOf(subject: Subject): readonly Section[] {
  return [verdictSection(subject), waitsSection(subject), stackSection(subject), ...machineSections(subject)].filter(
    ({ steps }) => steps.length > 0,
  );
}

function verdictSection({ verdict }: Subject): Section {
  const causes = verdict.findings.filter(({ severity }) => severity === "cause");
  const shown = causes.map((finding) => ({ finding, command: evidenceCommand(finding) }));
  const listed = shown
    .filter(({ command }) => command === undefined)
    .map(({ finding }) => `- ${causeSentence(finding)}`);
  const steps = new Map<string, Step>();
  for (const { finding, command } of shown)
    if (command !== undefined && !steps.has(command))
      steps.set(command, { before: causeSentence(finding), command, shortening: { head: 20, tail: 5 } });
  return {
    title: "What happened",
    steps: [
      {
        before:
          "`analyze` reads the log, the stacks and the memory. A sentence without a mark is certain: it follows from data that was read.",
        command: "analyze",
        after: listed.join("\n"),
        shortening: { head: 120, tail: 20 },
      },
      ...steps.values(),
    ],
  };
}

/**
 * Returns the command for the first evidence that is not a stack, because the stacks have a section of their own;
 * undefined if there is none.
 */
function evidenceCommand({ evidence }: Finding): string | undefined {
  const shown = evidence.find(({ kind }) => kind !== "frame" && kind !== "register" && kind !== "task");
  return shown && commandOf(shown);
}

const causeSentence = ({ text, certainty }: Finding): string =>
  `${certainty === "certain" ? "" : `${certainty}: `}${plain(sentenceText(text))}`;

/** Maximum number of waiting tasks with a stack of their own. */
const MAX_STACKS = 6;
/** Maximum number of stacks of tasks that have waited longest. */
const MAX_LONGEST = 3;

/** Returns the tasks of cycles; without a cycle, those that have waited longest. */
function shownStacks(graph: WaitGraph | undefined): readonly WaitingTask[] {
  const deadlocked = graph?.cycles.flatMap(({ tasks }) => tasks) ?? [];
  return deadlocked.length > 0 ? deadlocked.slice(0, MAX_STACKS) : (graph?.blocked.slice(0, MAX_LONGEST) ?? []);
}

/** Returns the section of blocked tasks. Without a graph, the answer of the command says why there is none. */
function waitsSection({ graph }: Subject): Section {
  if (graph?.blocked.length === 0) return { title: "Who waits for whom", steps: [] };
  const shown = shownStacks(graph);
  return {
    title: "Who waits for whom",
    steps: [
      {
        before: "`waits` lists the blocked tasks, what each waits for, and who holds it; the longest wait comes first.",
        command: "waits",
        ...(graph && { after: cycleText(graph) }),
        shortening: { head: 60, tail: 10 },
      },
      ...shown.map(waiterStep),
      ...ownerSteps(shown),
    ],
  };
}

function cycleText(graph: WaitGraph): string {
  if (graph.cycles.length === 0) {
    const [longest] = graph.blocked;
    return `These tasks form no cycle.${longest ? ` ${code(taskName(longest))} is the one that has not run for the longest time.` : ""}`;
  }
  return graph.cycles
    .map(({ tasks, certainty }) => {
      const edges = tasks.map((one, at) => {
        const next = tasks[(at + 1) % tasks.length] ?? one;
        return `${code(taskName(one))} waits for ${code(waitWords(one))}, ${relationTo(next, one)} ${code(taskName(next))}`;
      });
      const verb = certainty === "certain" ? "This is a deadlock" : "This is possibly a deadlock";
      return `${verb}: ${edges.join("; ")}. ${certainty === "certain" ? "None of them can continue." : "It is one if those that are named as likely or possible holders hold what they are named for."}`;
    })
    .join("\n\n");
}

const waiterStep = (one: WaitingTask): Step => ({
  before: `The stack of ${code(taskName(one))} shows where it waits.`,
  command: `bt -l ${hex0x(one.task.address)}`,
  after: `${waitText(one)}${agoSentence(one)}`,
});

function waitText(one: WaitingTask): string {
  const { resource, unknown, function: where } = one.wait;
  if (!resource) return `What it waits for is not known${unknown === undefined ? "" : `: ${plain(unknown)}`}.`;
  const held = heldBy(one);
  const [holder, unrecorded] = isLock(resource.kind)
    ? ["The holder", "its holder"]
    : ["It depends on", "which task it depends on"];
  return `It waits for ${code(waitWords(one))}${where === undefined ? "" : ` in ${code(where)}`}. ${
    held === undefined ? `Nothing records ${unrecorded}.` : `${holder}: ${plain(held)}.`
  }`;
}

/** Returns a sentence about how long a task has not run, as in the column LAST RAN of `waits`; "" if that is not known. */
function agoSentence(one: WaitingTask): string {
  const since = attempt(() => sinceLastRun(one));
  return since instanceof Fault
    ? ""
    : ` It last ran ${code(agoText(since))} (days hours:minutes:seconds) before its CPU's last clock update.`;
}

/** Returns one step for each resource with recorded state: the fields that show it. */
function ownerSteps(waiting: readonly WaitingTask[]): Step[] {
  const locks = new Map<bigint, WaitingTask>();
  for (const one of waiting) {
    const address = one.wait.resource?.address;
    if (address !== undefined && (one.wait.state?.fields ?? []).length > 0 && !locks.has(address))
      locks.set(address, one);
  }
  return [...locks.values()].map((one) => ({
    before: `The memory of ${code(waitWords(one))} ${namesOwner(one) ? "names its owner. The lowest bits of the word are flags." : "shows its state."}`,
    command: (one.wait.state?.fields ?? []).map((field) => `${commandOf({ kind: "field", ...field })} -x`).join("\n"),
    after: one.holders
      .map(
        ({ task, pid, comm, certainty }) =>
          `${code(hex0x(task))} is the \`task_struct\` of ${code(taskName({ pid, comm }))}${certainty === "certain" ? "" : ` (${certainty})`}.`,
      )
      .join(" "),
  }));
}

/** Whether the memory of a resource has a holder's `task_struct`, with flags in its lowest bits (mutex, rwsem, rt_mutex). */
const namesOwner = ({ wait, holders }: WaitingTask): boolean =>
  holders.length > 0 && (wait.state?.fields ?? []).some(({ path }) => /\bowner\b/.test(path));

function stackSection(subject: Subject): Section {
  const crash = crashFacts(subject.context.kernel);
  const steps: Step[] = [];
  if (crash.task && crash.stack && !shownStacks(subject.graph).some((one) => one.task.address === crash.task?.address))
    steps.push({
      before: "The stack of the task that crashed.",
      command: `bt -l ${hex0x(crash.task.address)}`,
      ...guiltyText(crash),
    });
  steps.push({
    before: "What each CPU was doing when the machine stopped.",
    command: "bt -a",
    shortening: { head: 80, tail: 20 },
  });
  return { title: "The stacks that matter", steps };
}

/** Names the frame at which the search for the cause begins. */
function guiltyText(crash: CrashFacts): { after?: string } {
  const guilty = guiltyFrame(crash);
  return guilty ? { after: `The frame to look at first is ${code(guilty.function)}.` } : {};
}

function machineSections({ context }: Subject): Section[] {
  const has = (name: string): boolean => context.commands.some((one) => one.name === name);
  return [
    {
      title: "The health of the machine",
      steps: has("health")
        ? [
            {
              before: "`health` checks the state of the whole machine; checks that pass are not listed.",
              command: "health",
            },
          ]
        : [],
    },
    {
      title: "The machine",
      steps: [
        { before: "The kernel, the dump, and how the machine was loaded.", command: "sys" },
        { before: "The use of memory. TOTAL is the memory that the kernel manages.", command: "kmem -i" },
        {
          before: "Who uses the memory, the largest first.",
          command: "kmem -A",
          shortening: { head: 25, tail: 0 },
        },
        {
          before: "Modules that taint the kernel: from out of tree, unsigned, proprietary or forced.",
          command: "mod -t",
        },
      ],
    },
    {
      title: "The log",
      steps: [
        {
          before:
            "The kernel's own messages: the first ones name the kernel and its command line, the last ones the crash.",
          command: "log",
          shortening: { head: 5, tail: 100 },
        },
      ],
    },
  ];
}
