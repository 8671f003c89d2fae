/**
 * Writes the transcripts of the scripted agent into docs/agents.md, behind its last heading:
 * `node test/corpus/made/agent/transcripts.ts`, after `npm run build`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { makeCrash } from "../make.ts";
import type { Call } from "./connection.ts";
import { type Investigation, investigate } from "./run.ts";

/** A use after free, a cycle of locks, and a bad pointer that the caller passed. */
const CRASHES = ["use-after-free-debug", "three-locks", "text-pointer"];
const PAGE = "docs/agents.md";
const HEADING = "## Transcripts of an agent without a model";
/** Maximum number of lines that are shown of an answer. */
const MAX_LINES = 12;

const INTRODUCTION = `A script follows the skill with these tools, without \`verdict\` and \`run\`, and without a model. It decides by the kind of the report, the roles of the frames, registers and locks. \`npm run nightly\` compares what it says of every crash of \`test/corpus/made\` with the known cause; here are three. Answers are cut to ${MAX_LINES} lines.`;

/** Returns the lines of a call and of its answer. @param folder is left out of paths */
function callLines({ tool, input, text }: Call, folder: string): string[] {
  const lines = text
    .replaceAll(folder, "/var/crash")
    .split("\n")
    .filter((line) => !line.startsWith("--- data from the dump"));
  const rest = lines.length - MAX_LINES;
  return [
    `> ${tool} ${JSON.stringify(input).replaceAll(folder, "/var/crash")}`,
    ...lines.slice(0, MAX_LINES).map((line) => (line.length > 200 ? `${line.slice(0, 200)}…` : line)),
    ...(rest > 0 ? [`(${rest} more lines)`] : []),
    "",
  ];
}

function section({ conclusion, calls, bytes }: Investigation, title: string, folder: string): string {
  const says = conclusion.findings.map(
    ({ id, slots }) =>
      `- ${id}${Object.entries(slots)
        .map(([name, value]) => ` ${name}=${Array.isArray(value) ? value.join(",") : String(value)}`)
        .join("")}`,
  );
  const body = calls
    .flatMap((call) => callLines(call, folder))
    .join("\n")
    .trimEnd();
  return [
    `### ${title}`,
    "",
    `${calls.length} calls, ${bytes} bytes.`,
    "",
    "```",
    body,
    "```",
    "",
    "It says:",
    "",
    `- kind ${conclusion.kind}`,
    ...says,
  ].join("\n");
}

const sections: string[] = [];
for (const name of CRASHES) {
  const { vmcore } = await makeCrash(name);
  const found = await investigate(vmcore, "hands");
  const opened = found.calls[0]?.answer?.data[0] as { readonly title: string };
  sections.push(section(found, opened.title, vmcore.replace(/\/[^/]*$/, "")));
}
const [before = ""] = readFileSync(PAGE, "utf8").split(HEADING);
writeFileSync(PAGE, `${before.trimEnd()}\n\n${HEADING}\n\n${INTRODUCTION}\n\n${sections.join("\n\n")}\n`);
console.log(`${relative(".", PAGE)} has ${sections.length} transcripts`);
