/**
 * Parses a whole command line: `command | filter | filter > file`. The front end opens the files and runs the shell.
 */
import { UsageError } from "../../base/usageError.ts";

export interface CommandLine {
  /** The command and its arguments; "" if the line names only a file of commands. */
  readonly command: string;
  /** The text after each `|`. */
  readonly filters: readonly string[];
  /** `> file` or `>> file`. */
  readonly output: { readonly path: string; readonly append: boolean } | undefined;
  /**
   * `< file`: a file of commands if `command` is "", otherwise a file of argument lines, each of which runs the
   * command.
   */
  readonly input: string | undefined;
  /** `!text`: a line for the user's shell. */
  readonly shell: string | undefined;
}

/** Distinguishes C operators from pipes and redirections. */
export interface LineGrammar {
  /** Whether the command of that line takes a C expression, in which these characters may be operators. */
  readonly isExpression: (line: string) => boolean;
  /** Whether the name is a variable or a constant. */
  readonly isValue: (name: string) => boolean;
}

const NO_EXPRESSIONS: LineGrammar = { isExpression: () => false, isValue: () => false };

/**
 * Parses a command line.
 * @throws UsageError if a redirection names no file, or a number, which looks like an operand
 */
export function parseLine(line: string, grammar = NO_EXPRESSIONS): CommandLine {
  const text = line.trim();
  const none = { command: "", filters: [], output: undefined, input: undefined, shell: undefined };
  if (text === "" || text.startsWith("#") || text.startsWith("//")) return none;
  if (text.startsWith("!")) return { ...none, shell: text.slice(1).trim() };
  const parts = operators(text, grammar);
  const [first] = parts;
  const filters: string[] = [];
  let output: CommandLine["output"];
  let input: string | undefined;
  for (const { operator, text: operand } of parts.slice(1)) {
    if (operand === "") throw new UsageError(`no file or command after ${operator}`);
    if (operator !== "|" && NUMBER.test(operand)) throw new UsageError(notAFile(operator, operand));
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

const NUMBER = /^(0x[\da-f]+|\d+)[ul]*$/i;

const notAFile = (operator: string, operand: string): string =>
  `${operator} ${operand} looks like an operator and a number: put the expression in parentheses, or quote the file's name`;

/** C operators that begin with one of the characters and are never a pipe or a redirection. */
const OPERATOR_OF_C = /->|<<=?|>>=|[<>]=|\|\|/y;
/** Text that can only be an operand: a number, `(`, a unary operator, `$1`. */
const OPERAND = /\s*(?:[(~*&!-]|\$\d|(?:0x[\da-f]+|\d+)[ul]*(?![\w./-]))/iy;

const matchesAt = (pattern: RegExp, text: string, at: number): string | undefined => {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
};

/** A name that is not the beginning of a path. */
const NAME = /\s*([a-z_]\w*)(?![\w/])/iy;

/**
 * Splits at `|`, `<`, `>` and `>>` outside quotes and brackets. If the command takes an expression, such a character
 * before an operand is a C operator, and so is `<` before the name of a variable. Before other names it is not: as in
 * crash, the expression has to be in parentheses.
 */
function operators(text: string, { isExpression, isValue }: LineGrammar): Part[] {
  const parts: Part[] = [];
  let operator = "";
  let start = 0;
  let depth = 0;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (quote !== "") {
      if (character === quote) quote = "";
      continue;
    }
    const ofC = matchesAt(OPERATOR_OF_C, text, at);
    if (ofC !== undefined) at += ofC.length - 1;
    else if (character === '"' || character === "'") quote = character;
    else if (character === "\\") at++;
    else if (character === "(" || character === "[") depth++;
    else if (character === ")" || character === "]") depth = Math.max(0, depth - 1);
    else if (depth === 0 && "|<>".includes(character)) {
      const sign = text.startsWith(">>", at) ? ">>" : character;
      const after = at + sign.length;
      const isOperand = (): boolean =>
        matchesAt(OPERAND, text, after) !== undefined ||
        (sign === "<" && isValue(matchesAt(NAME, text, after)?.trim() ?? ""));
      const isOfC = operator === "" && isExpression(text.slice(0, at)) && isOperand();
      if (!isOfC) {
        parts.push({ operator, text: text.slice(start, at).trim() });
        operator = sign;
        start = at + sign.length;
      }
      at += sign.length - 1;
    }
  }
  parts.push({ operator, text: text.slice(start).trim() });
  return parts;
}

const unquoted = (text: string): string => /^(["'])(.*)\1$/.exec(text)?.[2] ?? text;
