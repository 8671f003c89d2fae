/**
 * A command line as a whole: `command | filter | filter > file`. Opening files and running a shell is the face's
 * business; here they are only told apart.
 */
import { UsageError } from "../base/usageError.ts";

export interface CommandLine {
  /** The command and its arguments; "" where only a file of commands is named. */
  readonly command: string;
  /** What follows each `|`. */
  readonly filters: readonly string[];
  /** `> file` or `>> file`. */
  readonly output: { readonly path: string; readonly append: boolean } | undefined;
  /** `< file`: commands when `command` is "", else lines of arguments, one run of the command each. */
  readonly input: string | undefined;
  /** `!text`: for the user's shell. */
  readonly shell: string | undefined;
}

/** @throws UsageError when a redirection names no file */
export function parseLine(line: string): CommandLine {
  const text = line.trim();
  const none = { command: "", filters: [], output: undefined, input: undefined, shell: undefined };
  if (text === "" || text.startsWith("#") || text.startsWith("//")) return none;
  if (text.startsWith("!")) return { ...none, shell: text.slice(1).trim() };
  const parts = operators(text);
  const [first] = parts;
  const filters: string[] = [];
  let output: CommandLine["output"];
  let input: string | undefined;
  for (const { operator, text: operand } of parts.slice(1)) {
    if (operand === "") throw new UsageError(`nothing follows ${operator}`);
    if (operator === "|") filters.push(operand);
    else if (operator === "<") input = unquoted(operand);
    else output = { path: unquoted(operand), append: operator === ">>" };
  }
  return { command: first?.text ?? "", filters, output, input, shell: undefined };
}

interface Part {
  readonly operator: string;
  readonly text: string;
}

/**
 * Splits at `|`, `<`, `>` and `>>` outside quotes and brackets. `->` is C's. As in crash, an expression with one of
 * these operators has to stand in parentheses.
 */
function operators(text: string): Part[] {
  const parts: Part[] = [];
  let operator = "";
  let start = 0;
  let depth = 0;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (quote !== "") {
      if (character === quote) quote = "";
    } else if (character === '"' || character === "'") quote = character;
    else if (character === "\\") at++;
    else if (character === "(" || character === "[") depth++;
    else if (character === ")" || character === "]") depth = Math.max(0, depth - 1);
    else if (depth === 0 && "|<>".includes(character) && !(character === ">" && text.charAt(at - 1) === "-")) {
      parts.push({ operator, text: text.slice(start, at).trim() });
      operator = text.startsWith(">>", at) ? ">>" : character;
      at += operator.length - 1;
      start = at + 1;
    }
  }
  parts.push({ operator, text: text.slice(start).trim() });
  return parts;
}

const unquoted = (text: string): string => /^(["'])(.*)\1$/.exec(text)?.[2] ?? text;
