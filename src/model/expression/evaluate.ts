/** Evaluates C expressions. */
import { UsageError } from "../../base/usageError.ts";
import { bare, type CType, type FunctionType, sizeOf, type VoidType } from "../../debuginfo/ctype.ts";
import type { Kernel } from "../kernel.ts";
import { findMember } from "../member.ts";
import { Obj } from "../object.ts";
import { typeName } from "../typeName.ts";
import { binary, converted, decay, numberOf, pointerTo, promoted, sizeOfTarget, type Warn } from "./arithmetic.ts";
import type { Expression } from "./ast.ts";
import { parseExpression } from "./parser.ts";

/** Names that have precedence over the kernel's: a frame's locals, registers as `$rip`, one CPU's per-CPU variables. */
export interface Scope {
  (name: string): Obj | undefined;
  /**
   * Calls a convenience function, such as `$lx_current`. @returns undefined if there is no function of that name @throws
   * UsageError for wrong arguments; Fault
   */
  readonly call?: ((name: string, values: readonly Obj[]) => Obj | undefined) | undefined;
}

/** The type of a symbol without declaration: its address is known, its value only after a cast. */
const UNTYPED: VoidType = { kind: "void" };

/** The type of a function of which only the symbol is known. */
const UNTYPED_FUNCTION: FunctionType = { kind: "function", returns: { kind: "void" }, parameters: [], variadic: true };

/** Returns the object if its type is known. @throws UsageError if only its symbol is known */
function requireType(object: Obj, position: number): Obj {
  if (object.type !== UNTYPED) return object;
  throw new UsageError(
    `the type of the symbol at column ${position + 1} is not known: cast it, or take its address`,
    position,
  );
}

/** Maximum depth of nested operators, far above what people write and below our stack. */
const MAX_DEPTH = 500;

/**
 * Evaluates a C expression: `init_task.mm->pgd`, `((struct page *)0xffff...)[3].flags & 0xff`. @param warn receives
 * gdb's warnings about behaviour that C leaves undefined @throws UsageError with its position when the expression is
 * wrong @throws Fault when the dump lacks a value, or a type is unknown
 */
export function evaluate(kernel: Kernel, text: string, scope: Scope = () => undefined, warn: Warn = () => {}): Obj {
  const context = { types: kernel.types.lookup, isVariable: (name: string) => scope(name) !== undefined };
  const expression = parseExpression(text, context);
  return requireType(new Evaluator(kernel, scope, warn).value(expression), expression.position);
}

class Evaluator {
  private readonly kernel: Kernel;
  private readonly scope: Scope;
  private readonly warn: Warn;
  private depth = 0;
  /** Set within `sizeof`, where nothing is read: pointers are 0, numbers are 1. */
  private typeOnly = false;

  constructor(kernel: Kernel, scope: Scope, warn: Warn) {
    this.kernel = kernel;
    this.scope = scope;
    this.warn = warn;
  }

  value(node: Expression): Obj {
    if (++this.depth > MAX_DEPTH)
      throw new UsageError(`the expression is nested deeper than ${MAX_DEPTH} levels`, node.position);
    const result = this.compute(node);
    this.depth--;
    return result;
  }

  private compute(node: Expression): Obj {
    const { kernel } = this;
    switch (node.kind) {
      case "number":
        return kernel.value(node.type, node.value);
      case "string":
        return this.string(node.text);
      case "name":
        return this.named(node.name, node.position);
      case "unary":
        return this.unary(node);
      case "binary":
        return this.binary(node);
      case "conditional":
        return this.isTrue(node.condition) ? this.value(node.yes) : this.value(node.no);
      case "member":
        return this.member(node);
      case "index":
        return this.index(node);
      case "cast":
        return this.cast(this.value(node.operand), node.type, node.position);
      case "sizeofType":
        return kernel.value("unsigned long", BigInt(sizeOfTarget(node.type)));
      case "sizeof":
        return kernel.value("unsigned long", BigInt(sizeOfTarget(this.typed(node.operand).type)));
      case "call":
        return this.call(node);
      case "containerOf":
        return this.containerOf(node);
    }
  }

  private call({ name, arguments: nodes, position }: Extract<Expression, { kind: "call" }>): Obj {
    const result = this.scope.call?.(
      name,
      nodes.map((one) => this.value(one)),
    );
    if (!result) throw new UsageError(`no function ${name} at column ${position + 1}`, position);
    return result;
  }

  private string(text: string): Obj {
    const bytes = Uint8Array.from(`${text}\0`, (character) => character.charCodeAt(0));
    const type: CType = { kind: "array", element: this.kernel.types.named("char"), count: bytes.length };
    return new Obj(this.kernel, type, { kind: "bytes", bytes });
  }

  private named(name: string, position: number): Obj {
    const { kernel } = this;
    const local = this.scope(name);
    if (local) return local;
    if (kernel.hasVariable(name)) return withLength(kernel.variable(name), name);
    const constant = kernel.types.enumerator(name);
    const symbol = kernel.symbols.find(name);
    if (constant && !symbol) return kernel.value(constant.type, constant.value);
    if (!symbol) throw new UsageError(`no symbol ${name} at column ${position + 1}`, position);
    const code = kernel.types.function(name) ?? (/^[tw]$/i.test(symbol.type) ? UNTYPED_FUNCTION : UNTYPED);
    return kernel.object(code, symbol.address);
  }

  private unary(node: Extract<Expression, { kind: "unary" }>): Obj {
    const { operator, position } = node;
    if (operator === "&") return this.addressOf(this.value(node.operand), position);
    const operand = decay(requireType(this.value(node.operand), node.operand.position));
    if (operator === "*") return this.pointee(operand, position);
    if (operator === "!") return this.int(this.number(operand, position) === 0n);
    const type = promoted(operand, position);
    const value = this.number(operand, position);
    return this.kernel.value(type, operator === "-" ? -value : operator === "~" ? ~value : value);
  }

  private addressOf(object: Obj, position: number): Obj {
    if (object.storage.kind !== "memory" || object.bitField)
      throw new UsageError(`& requires an object in memory, at column ${position + 1}`, position);
    return this.kernel.value(pointerTo(this.kernel, object.type), object.storage.address);
  }

  private pointee(pointer: Obj, position: number): Obj {
    const type = bare(pointer.type);
    // gdb treats `*` of a number as a read at that address.
    const target =
      type.kind === "pointer" ? type.target : type.kind === "int" ? this.kernel.types.named("long") : undefined;
    if (!target)
      throw new UsageError(`* requires a pointer, not ${typeName(pointer.type)}, at column ${position + 1}`, position);
    if (bare(target).kind === "void")
      throw new UsageError(`a void * has no value to read, at column ${position + 1}: cast it`, position);
    return this.kernel.object(
      target,
      this.typeOnly ? 0n : BigInt.asUintN(this.kernel.arch.wordSize * 8, pointer.value()),
    );
  }

  private binary(node: Extract<Expression, { kind: "binary" }>): Obj {
    const { operator, position } = node;
    if (operator === "&&") return this.int(this.isTrue(node.left) && this.isTrue(node.right));
    if (operator === "||") return this.int(this.isTrue(node.left) || this.isTrue(node.right));
    if (operator === "@") return this.repeated(this.value(node.left), this.value(node.right), position);
    const left = decay(requireType(this.value(node.left), node.left.position));
    const right = decay(requireType(this.value(node.right), node.right.position));
    return binary({ operator, left, right, read: (object) => this.number(object, position), position }, this.warn);
  }

  /** Evaluates gdb's `sym@3`: an array of three that starts at `sym`. */
  private repeated(first: Obj, count: Obj, position: number): Obj {
    const length = Number(this.number(count, position));
    if (first.storage.kind !== "memory" || !(length > 0 && length < 2 ** 31))
      throw new UsageError(`@ requires an object in memory and a length, at column ${position + 1}`, position);
    return this.kernel.object({ kind: "array", element: first.type, count: length }, first.storage.address);
  }

  private member({ object: node, name, position }: Extract<Expression, { kind: "member" }>): Obj {
    const value = requireType(this.value(node), node.position);
    const object = bare(value.type).kind === "pointer" ? this.pointee(value, position) : value;
    const type = bare(object.type);
    if (type.kind !== "struct" && type.kind !== "union")
      throw new UsageError(`${typeName(object.type)} has no members, at column ${position + 1}`, position);
    const found = findMember(type, name);
    if (!found) throw new UsageError(`${typeName(type)} has no member ${name}, at column ${position + 1}`, position);
    return object.part({ ...found.member, bitOffset: found.bitOffset });
  }

  private index({ object: node, index, position }: Extract<Expression, { kind: "index" }>): Obj {
    const object = requireType(this.value(node), node.position);
    const i = this.number(decay(this.value(index)), position);
    const { kind } = bare(object.type);
    if (kind !== "array" && kind !== "pointer")
      throw new UsageError(
        `[] requires an array or a pointer, not ${typeName(object.type)}, at column ${position + 1}`,
        position,
      );
    if (kind === "array" && object.storage.kind === "bytes") return object.index(Number(BigInt.asIntN(48, i)));
    const pointer = decay(object);
    return this.pointee(
      binary({
        operator: "+",
        left: pointer,
        right: this.kernel.value("long long", i),
        read: (one) => this.number(one, position),
        position,
      }),
      position,
    );
  }

  private cast(object: Obj, type: CType, position: number): Obj {
    const { kind } = bare(type);
    if (kind === "void") return new Obj(this.kernel, type, { kind: "bytes", bytes: new Uint8Array(0) });
    if (object.type === UNTYPED || kind === "struct" || kind === "union" || kind === "array") {
      const fits = object.type === UNTYPED || object.size === sizeOf(type) || bare(object.type).kind === "array";
      if (!fits)
        throw new UsageError(
          `${typeName(object.type)} cannot be cast to ${typeName(type)}, at column ${position + 1}`,
          position,
        );
      return object.as(type);
    }
    const value = this.number(decay(object), position);
    return kind === "float" || kind === "function" ? object.as(type) : this.kernel.value(type, converted(type, value));
  }

  private containerOf({ pointer: node, type, member, position }: Extract<Expression, { kind: "containerOf" }>): Obj {
    const pointer = decay(this.value(node));
    if (!this.kernel.object(type, 0n).has(member))
      throw new UsageError(`${typeName(type)} has no member ${member}, at column ${position + 1}`, position);
    const offset = this.kernel.object(type, 0n).at(member).address;
    return this.kernel.value(pointerTo(this.kernel, type), this.number(pointer, position) - offset);
  }

  private typed(node: Expression): Obj {
    const outer = this.typeOnly;
    this.typeOnly = true;
    try {
      return this.value(node);
    } finally {
      this.typeOnly = outer;
    }
  }

  private isTrue(node: Expression): boolean {
    return this.number(decay(this.value(node)), node.position) !== 0n;
  }

  private int(truth: boolean): Obj {
    return this.kernel.value("int", truth ? 1n : 0n);
  }

  private number(object: Obj, position: number): bigint {
    return this.typeOnly ? 1n : numberOf(requireType(object, position), position);
  }
}

/**
 * Returns an array of unknown length with the length from its declaration in the debuginfo, and other variables
 * unchanged.
 */
function withLength(variable: Obj, name: string): Obj {
  const type = bare(variable.type);
  if (type.kind !== "array" || type.count !== undefined) return variable;
  return variable.as(variable.kernel.types.exactVariable(name) ?? variable.type);
}
