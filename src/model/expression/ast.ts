/** Syntax trees of C expressions. */
import type { CType } from "../../debuginfo/ctype.ts";

export type UnaryOperator = "*" | "&" | "-" | "+" | "~" | "!";
export type BinaryOperator =
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "<<"
  | ">>"
  | "<"
  | ">"
  | "<="
  | ">="
  | "=="
  | "!="
  | "&"
  | "|"
  | "^"
  | "&&"
  | "||"
  | "@";

/** A C expression. `position` is its offset in the user's text, for messages. */
export type Expression = { readonly position: number } & (
  | { readonly kind: "number"; readonly value: bigint; readonly type: string }
  /** `text` has the bytes of the string, one per character, without the NUL. */
  | { readonly kind: "string"; readonly text: string }
  /** A variable, function, enumerator or name of the scope; `$rip` includes its dollar sign. */
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "unary"; readonly operator: UnaryOperator; readonly operand: Expression }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: "conditional"; readonly condition: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly kind: "member"; readonly object: Expression; readonly name: string }
  | { readonly kind: "index"; readonly object: Expression; readonly index: Expression }
  | { readonly kind: "cast"; readonly type: CType; readonly operand: Expression }
  | { readonly kind: "sizeofType"; readonly type: CType }
  | { readonly kind: "sizeof"; readonly operand: Expression }
  /** A call of a macro of per-CPU variables, or of one of gdb's convenience functions: `$lx_current()` with its dollar sign. */
  | { readonly kind: "call"; readonly name: string; readonly arguments: readonly Expression[] }
  /** `member` is a path: `se.run_node`. */
  | { readonly kind: "containerOf"; readonly pointer: Expression; readonly type: CType; readonly member: string }
);
