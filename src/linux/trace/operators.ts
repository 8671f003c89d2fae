/** Computes the operators of C on 64-bit numbers. */
import { Fault } from "../../base/fault.ts";

/** Computes `-`, `~` or `!`; returns the value for another operator, such as `+`. */
export function unaryValue(operator: string, value: bigint): bigint {
  if (operator === "-") return -value;
  if (operator === "~") return ~value;
  return operator === "!" ? flag(value === 0n) : value;
}

const flag = (is: boolean): bigint => (is ? 1n : 0n);

/** Computes an operation of C on 64-bit numbers. @throws Fault for a division by zero */
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
