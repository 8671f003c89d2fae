/**
 * A command line as a whole: `command | filter | filter > file`. Opening files and running a shell is the face's
 * business; here they are only told apart.
 */
import { UsageError } from "../../base/usageError.ts";

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

/** What tells operators of C from pipes and redirections. */
export interface LineGrammar {
  /** Whether the command of that line takes an expression of C, in which these signs may be operators. */
  readonly isExpression: (line: string) => boolean;
  /** Whether a name is a variable's or a constant's. */
  readonly isValue: (name: string) => boolean;
}

const NO_EXPRESSIONS: LineGrammar = { isExpression: () => false, isValue: () => false };

/** @throws UsageError when a redirection names no file, or a file that looks like an operand */
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
    if (operand === "") throw new UsageError(`nothing follows ${operator}`);
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

/** C's operators that begin with one of the signs and are never meant for a pipe or a redirection. */
const OPERATOR_OF_C = /->|<<=?|>>=|[<>]=|\|\|/y;
/** What can only be an operand: a number, `(`, a unary operator, `$1`. */
const OPERAND = /\s*(?:[(~*&!-]|\$\d|(?:0x[\da-f]+|\d+)[ul]*(?![\w./-]))/iy;

const matchesAt = (pattern: RegExp, text: string, at: number): string | undefined => {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
};

/** A name that is not the beginning of a path. */
const NAME = /\s*([a-z_]\w*)(?![\w/])/iy;

/**
 * Splits at `|`, `<`, `>` and `>>` outside quotes and brackets. Where the command takes an expression, such a sign
 * before an operand is C's, and so is `<` before the name of a variable. Before other names it is not: as in crash the
 * expression has to stand in parentheses.
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
