/** Describes the word under the mouse. */
import { basename } from "node:path";
import { hex0x } from "../base/hex.ts";
import { fileUri, markdownCode, markdownText } from "../base/markdown.ts";
import { demangled } from "../base/rust/demangle.ts";
import type { Identified } from "../protocol/custom.ts";
import type { Landmarks } from "../log/landmarks.ts";
import type { Knowledge, Known } from "./knowledge.ts";
import type { Session } from "./session.ts";
import type { PlaceDescription } from "../session/open/staticKernel.ts";
import { moduleFlags, wellKnown } from "./wellKnown.ts";
import type { Word } from "../log/words.ts";

/**
 * Describes a word in Markdown: facts from the session or the kernel's files, and from the log itself.
 * @param returns whether the word is a return address
 */
export async function hoverText(word: Word, returns: boolean, log: Landmarks, knowledge: Knowledge): Promise<string> {
  const known = await knowledge.of(log);
  const { match, file } = known;
  const description = await descriptionLines(word, returns, known, knowledge.session);
  const lines = [...staticLines(word, log), ...description];
  if (file !== undefined && description.length > 0) lines.push(`*From ${markdownText(basename(file))}.*`);
  if (match === "other kernel") {
    const release = (await knowledge.session.about())?.release ?? "another kernel";
    lines.push(
      `*The open dump is of ${markdownText(release)}, this log of ${markdownText(log.release ?? "another kernel")}.*`,
    );
  } else if (match === "kernel" && (word.kind === "address" || word.kind === "register")) {
    lines.push(
      "*The open dump is of the same kernel, but of another boot: addresses in this log are not valid in the dump.*",
    );
  }
  return lines.join("\n\n");
}

/** Returns the facts that need no kernel. */
function staticLines(word: Word, log: Landmarks): string[] {
  switch (word.kind) {
    case "address":
      return [`**${hex0x(word.value)}**`, ...valueLines(word.value, log)];
    case "register":
      return [`**${markdownText(word.name)}** = ${hex0x(word.value)}`, ...valueLines(word.value, log)];
    case "symbol": {
      const size = word.size === undefined ? "" : ` of ${word.size}`;
      const ofModule = word.module === undefined ? "" : ` of module ${moduleText(word.module, log)}`;
      const plain = demangled(word.name);
      const mangled = plain === word.name ? [] : [`Mangled ${markdownText(word.name)}.`];
      return [`**${markdownText(plain)}**${ofModule}`, `Byte ${word.offset}${size}.`, ...mangled];
    }
    case "task": {
      const name = log.tasks.get(word.pid);
      return [`**Task ${word.pid}**${name === undefined ? "" : ` ${markdownText(name)}`}`];
    }
    case "module":
      return [`**Module** ${moduleText(word.name, log)}`];
    case "source":
      return [`**${markdownText(word.file)}** line ${word.line}`];
  }
}

function moduleText(name: string, { modules }: Landmarks): string {
  const flags = moduleFlags(modules.get(name) ?? "");
  return `**${markdownText(name)}**${flags.length > 0 ? `: ${flags.join(", ")}` : ""}`;
}

/** Maximum size of the kernel's image in bytes (KERNEL_IMAGE_SIZE of x86_64). A module can be at its end. */
const IMAGE_REACH = 0x40000000n;

function valueLines(value: bigint, { kaslr }: Landmarks): string[] {
  const known = wellKnown(value);
  if (known !== undefined) return [known];
  if (kaslr?.base === undefined || kaslr.offset === 0n) return [];
  const start = kaslr.base + kaslr.offset;
  if (value < start || value >= start + IMAGE_REACH) return [];
  return [
    `Linked at ${hex0x(value - kaslr.offset)} (Kernel Offset ${hex0x(kaslr.offset)}), if it is of the kernel itself.`,
  ];
}

async function descriptionLines(word: Word, returns: boolean, known: Known, session: Session): Promise<string[]> {
  const { match } = known;
  if (word.kind === "task") return match === "boot" ? runLines(session, `ps ${word.pid}`) : [];
  if (word.kind === "module") return match === "boot" ? runLines(session, "mod", word.name) : [];
  if (word.kind === "register" && wellKnown(word.value) !== undefined) return [];
  const [description] = await known.describe([{ word, returns }]);
  if (!description) return [];
  const lines = placeLines(description);
  if (description.code || description.address === undefined || match !== "boot") return lines;
  const identified = await session.ask("vmcore/identify", { text: description.address });
  return identified ? [...lines, ...identifiedLines(identified)] : lines;
}

function placeLines({ address, symbol, what, places }: PlaceDescription): string[] {
  const named = symbol ?? what;
  const head = [
    ...(address === undefined ? [] : [address]),
    ...(named === undefined ? [] : [markdownCode(named)]),
    ...(symbol === undefined || what === undefined ? [] : [`(${markdownText(what)})`]),
  ];
  return [
    head.join(" "),
    ...places.map(({ function: name, file, line, path }, i) => {
      const text = `${markdownText(file)}:${line}`;
      const link = path === undefined ? text : `[${text}](${fileUri(path)}#L${line})`;
      return `${i === places.length - 1 ? "" : "inlined "}${markdownCode(name)} ${link}`;
    }),
  ];
}

function identifiedLines({ containers }: Identified): string[] {
  return containers.map(({ kind, facts }) => {
    const text = facts.map((fact) => `${markdownText(fact.name)} ${markdownCode(fact.text)}`).join(", ");
    return `*${markdownText(kind)}*: ${text}`;
  });
}

/** Formats one row of a command's output as a list of facts. */
async function runLines(session: Session, line: string, name?: string): Promise<string[]> {
  const grid = await session.ask("vmcore/run", { line });
  const table = grid?.tables[0];
  const row = table?.rows.find((cells) => name === undefined || cells.includes(name));
  if (!table || !row) return [];
  const facts = table.columns.flatMap((column, i) => {
    const cell = row[i];
    return cell === null || cell === undefined || typeof cell === "object"
      ? []
      : [`- ${markdownText(column.name)}: ${markdownCode(String(cell))}`];
  });
  return [facts.join("\n")];
}
