/**
 * Computes the operators of C on numbers without a size, because the text of a print format does not give the types of
 * its operands: what wraps in C, such as the difference of a small and a large unsigned number, is negative here.
 */
import { Fault } from "../../base/fault.ts";

/** Computes `-`, `~` or `!`; returns the value for another operator, such as `+`. */
export function unaryValue(operator: string, value: bigint): bigint {
  if (operator === "-") return -value;
  if (operator === "~") return ~value;
  return operator === "!" ? flag(value === 0n) : value;
}

const flag = (is: boolean): bigint => (is ? 1n : 0n);

/**
 * Computes an operation. Shifts and products are cut, so that a hostile format makes no huge number. @throws Fault for a
 * division by zero
 */
export function binaryValue(operator: string, left: bigint, right: bigint): bigint {
  if ((operator === "/" || operator === "%") && right === 0n) throw Fault.of("corrupt", "division by zero");
  switch (operator) {
    case "||":
      return flag(left !== 0n || right !== 0n);
    case "&&":
      return flag(left !== 0n && right !== 0n);
    case "|":
      return left | right;
    case "^":
      return left ^ right;
    case "&":
      return left & right;
    case "==":
      return flag(left === right);
    case "!=":
      return flag(left !== right);
    case "<":
      return flag(left < right);
    case ">":
      return flag(left > right);
    case "<=":
      return flag(left <= right);
    case ">=":
      return flag(left >= right);
    case "<<":
      return left >= 0n ? BigInt.asUintN(64, left << (right & 63n)) : BigInt.asIntN(64, left << (right & 63n));
    case ">>":
      return left >> (right & 63n);
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return BigInt.asIntN(128, left * right);
    case "/":
      return left / right;
    case "%":
      return left % right;
    default:
      throw Fault.of("corrupt", `${operator} is not an operator of C`);
  }
}
