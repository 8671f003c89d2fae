/** Splits a command line into words and options. */
import type { Command, Option, Parsed, Word } from "./command.ts";
import { WrongUse } from "./wrongUse.ts";

/**
 * Splits a command line into words as crash does: at blanks, except within quotes and parentheses. An unclosed quote
 * extends to the end.
 */
export function words(text: string): Word[] {
  const found: Word[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && isBlank(text.charAt(at))) at++;
    if (at >= text.length) return found;
    const start = at;
    const first = text.charAt(at);
    if (first === '"' || first === "'") {
      const close = text.indexOf(first, at + 1);
      const end = close < 0 ? text.length : close;
      found.push({ text: text.slice(at + 1, end), quote: first, start });
      at = end + 1;
    } else {
      at = wordEnd(text, at);
      found.push({ text: text.slice(start, at).replaceAll('"', ""), quote: undefined, start });
    }
  }
}

const isBlank = (character: string): boolean => character === " " || character === "\t";

function wordEnd(text: string, from: number): number {
  let depth = 0;
  let quoted = false;
  let at = from;
  for (; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === "(") depth++;
    else if (character === ")") depth--;
    else if (isBlank(character) && depth <= 0) break;
  }
  return at;
}

type Grammar = Pick<Command, "options" | "takesExpression" | "takesText" | "takesOnlyOptions">;

/**
 * Parses the options among a command's words: getopt's combined letters (`-rl`), arguments that are attached (`-n5`),
 * separate (`-n 5`) or after `=` (`-i=shared`), and crash's longer flags (`-64`). An `=` with nothing after it is itself
 * the argument (`cut -d=`). Options may come after other words. A negative number is an option only if the command has
 * such a letter.
 * @throws WrongUse
 */
export function parseOptions(grammar: Grammar, line: string): Parsed {
  const given: (readonly [flag: string, value: string])[] = [];
  const rest: Word[] = [];
  const all = words(line);
  let optionsEnded = grammar.takesText === true;
  for (let i = 0; i < all.length; i++) {
    const word = all[i];
    if (!word) break;
    if (optionsEnded || word.quote !== undefined || !looksLikeOption(word.text, grammar.options)) {
      if (grammar.takesExpression) {
        rest.push({ text: line.slice(word.start).trim(), quote: undefined, start: word.start });
        break;
      }
      rest.push(word);
    } else if (word.text === "--") {
      optionsEnded = true;
    } else {
      const open = readOption(word.text, grammar.options, given);
      if (open) {
        const argument = all[++i];
        if (!argument) throw new WrongUse(`option ${open} needs an argument`);
        given.push([open, argument.text]);
      }
    }
  }
  const [surplus] = rest;
  if (grammar.takesOnlyOptions && surplus)
    throw new WrongUse(`invalid argument: ${surplus.text}; the command takes only options`);
  return parsed(given, rest, line);
}

function looksLikeOption(text: string, options: readonly Option[]): boolean {
  if (text.length < 2 || !text.startsWith("-")) return false;
  if (!/^-\d/.test(text)) return true;
  return options.some((option) => option.flag === text || option.flag === text.slice(0, 2));
}

/** Records the options of one word. @returns the flag whose argument is the next word, if there is one */
function readOption(
  text: string,
  options: readonly Option[],
  given: (readonly [string, string])[],
): string | undefined {
  const [name = "", value] = split(text);
  const whole = options.find((option) => option.flag === name);
  if (whole && (whole.argument === undefined || whole.optional) && value === undefined) {
    given.push([name, ""]);
    return undefined;
  }
  if (whole?.argument !== undefined && value !== undefined) {
    given.push([name, value === "" && !whole.optional ? "=" : value]);
    return undefined;
  }
  if (whole?.argument !== undefined && !whole.optional && name.length > 2) return name;
  for (let i = 1; i < text.length; i++) {
    const flag = `-${text.charAt(i)}`;
    const option = options.find((one) => one.flag === flag);
    if (!option) throw new WrongUse(`unknown option ${flag}`);
    if (option.argument === undefined) given.push([flag, ""]);
    else if (option.optional) {
      const attached = text.charAt(i + 1) === "=";
      given.push([flag, attached ? text.slice(i + 2) : ""]);
      if (attached) return undefined;
    } else if (i + 1 < text.length) {
      given.push([flag, text.slice(i + 1)]);
      return undefined;
    } else return flag;
  }
  return undefined;
}

function split(text: string): [string, string | undefined] {
  const equals = text.indexOf("=");
  return equals < 0 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
}

function parsed(given: readonly (readonly [string, string])[], rest: readonly Word[], line: string): Parsed {
  return {
    has: (flag) => given.some(([name]) => name === flag),
    value: (flag) => given.findLast(([name]) => name === flag)?.[1],
    values: (flag) => given.filter(([name]) => name === flag).map(([, value]) => value),
    rest: rest.map((word) => word.text),
    words: rest,
    line,
  };
}
