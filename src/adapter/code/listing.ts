/** Disassembly as a document, for frames without a source. */
import { column } from "../../render/pad.ts";
import { derived } from "../../model/derived.ts";
import { basename } from "node:path";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { attempt, Fault } from "../../base/fault.ts";
import { hex, padHex } from "../../base/hex.ts";
import type { Job } from "../../base/job.ts";
import { type Code, functionCode, instructionWords } from "./instructions.ts";
import type { Target } from "../target.ts";

export interface Listing {
  readonly source: DebugProtocol.Source;
  /** The line of the requested address, from 1. */
  readonly line: number;
}

/** Number of lines before the first instruction. */
const HEADING = 1;

/** Maximum number of instructions of a function whose source lines are shown. Each look-up may decode a unit. */
const MAX_ANNOTATED = 5000;

/** Open listings by the start address of their code. */
const documents = derived("listings", () => new Map<bigint, ReturnType<Target["sources"]["document"]>>());

/**
 * Returns the disassembled function at an address as a document.
 *
 * @param exact whether `address` is the current instruction; else it is the return address after a call
 * @returns undefined when the code is not in the dump
 */
export function* listingOf(target: Target, address: bigint, exact: boolean): Job<Listing | undefined> {
  const code = yield* attemptCode(target, exact ? address : address - 1n);
  if (!code) return undefined;
  const place = exact ? address : address - 1n;
  const found = code.instructions.findLastIndex((one) => one.address <= place);
  const known = documents(target.kernel);
  let source = known.get(code.start);
  if (!source) {
    const name = code.symbol ? `${code.symbol.name}.s` : `0x${hex(code.start)}.s`;
    const text = (): Job<string> => listingText(target, code);
    known.set(code.start, (source = target.sources.document(name, { mimeType: "text/x-asm", text })));
  }
  return { source, line: HEADING + Math.max(0, found) + 1 };
}

function* attemptCode(target: Target, address: bigint): Job<Code | undefined> {
  try {
    return yield* functionCode(target.kernel, address);
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

/** Returns the text: one line per instruction, so that line numbers are known without the text. */
function* listingText({ kernel }: Target, { symbol, start, instructions }: Code): Job<string> {
  const module = symbol?.module === undefined ? "" : ` [${symbol.module}]`;
  const lines = [`${symbol?.name ?? `0x${hex(start)}`}${module}:`];
  const width = String(instructions.length > 0 ? hex((instructions.at(-1)?.address ?? start) - start) : "").length + 1;
  let last = "";
  for (const one of instructions) {
    const offset = column(`+${hex(one.address - start)}`, width, "right");
    let text = `  ${padHex(one.address, 16)} <${offset}>:  ${instructionWords(kernel, one)}`;
    if (instructions.length <= MAX_ANNOTATED) {
      const source = attempt(() => kernel.code.scopes(one.address)[0]?.source);
      const place = source && !(source instanceof Fault) ? `${basename(source.file)}:${source.line}` : "";
      if (place !== "" && place !== last) text = `${column(text, 80)}  ; ${place}`;
      last = place;
    }
    lines.push(text);
    yield;
  }
  return `${lines.join("\n")}\n`;
}
