/** The arithmetic of `eval`. */
import { UsageError } from "../../../../base/usageError.ts";
import type { Context } from "../../../language/command.ts";
import { anyNumber } from "../../../language/number.ts";

/** Maximum depth of parentheses. */
const MAX_DEPTH = 100;

const LEVELS: readonly (readonly string[])[] = [["|"], ["^"], ["&"], ["<<", ">>"], ["+", "-"], ["*", "/", "%"]];

/**
 * Evaluates an expression in crash's arithmetic: unsigned 64-bit, a symbol is its address, numbers may be hexadecimal
 * without 0x.
 * @throws UsageError
 */
export function calculate(context: Context, expression: string): bigint {
  const tokens = expression.match(/<<|>>|[-+*/%&|^~()]|[^\s\-+*/%&|^~()<>]+|\S/g) ?? [];
  let at = 0;
  const wrong = (): UsageError => new UsageError(`invalid expression: (${expression})`);

  const level = (depth: number, nesting: number): bigint => {
    const operators = LEVELS[depth];
    if (!operators) return operand(nesting);
    let value = level(depth + 1, nesting);
    for (let operator = tokens[at]; operator !== undefined && operators.includes(operator); operator = tokens[at]) {
      at++;
      value = BigInt.asUintN(64, apply(operator, value, level(depth + 1, nesting)));
    }
    return value;
  };

  const operand = (nesting: number): bigint => {
    const token = tokens[at++];
    if (token === undefined || nesting > MAX_DEPTH) throw wrong();
    if (token === "~" || token === "-") {
      const value = operand(nesting + 1);
      return BigInt.asUintN(64, token === "~" ? ~value : -value);
    }
    if (token === "(") {
      const value = level(0, nesting + 1);
      if (tokens[at++] !== ")") throw wrong();
      return value;
    }
    const value = numberOrSymbol(context, token);
    if (value === undefined) throw wrong();
    return value;
  };

  const value = level(0, 0);
  if (at < tokens.length) throw wrong();
  return value;
}

function apply(operator: string, left: bigint, right: bigint): bigint {
  switch (operator) {
    case "|":
      return left | right;
    case "^":
      return left ^ right;
    case "&":
      return left & right;
    case "<<":
      return right > 63n ? 0n : left << right;
    case ">>":
      return right > 63n ? 0n : left >> right;
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    default:
      if (right === 0n) throw new UsageError("division by zero");
      return operator === "/" ? left / right : left % right;
  }
}

const UNITS: Readonly<Record<string, bigint>> = { k: 1n << 10n, m: 1n << 20n, g: 1n << 30n };

function numberOrSymbol({ kernel }: Context, token: string): bigint | undefined {
  const [, digits = "", unit = ""] = /^(.*?)([kmgKMG]?)$/.exec(token) ?? [];
  const number = anyNumber(digits);
  if (number !== undefined) return BigInt.asUintN(64, number * (UNITS[unit.toLowerCase()] ?? 1n));
  return kernel.symbols.find(token)?.address;
}
