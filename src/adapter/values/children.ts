/** The children of a value in the Variables view. */
import { attempt, Fault } from "../../base/fault.ts";
import { bare, type CType, type Member, sizeOf, type StructType } from "../../debuginfo/ctype.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { containedIn } from "../../linux/containers.ts";
import { flagNames } from "../../linux/flagNames.ts";
import { perCpuAddress } from "../../kernel/percpu.ts";
import { Obj } from "../../model/object.ts";
import { elementsOf, isContainer } from "./elements.ts";
import { type VariableEntry, kernelExpression, type Unfolding } from "./unfolding.ts";

/** Maximum depth of nested anonymous structs. Real ones have three or four levels. */
const MAX_NESTING = 16;

/** Returns the children of an object; undefined for a scalar. Reads at most the pointer itself. */
export function childrenOf(entry: VariableEntry): Unfolding | undefined {
  if (entry.unfolding) return entry.unfolding;
  const { value: object } = entry;
  const expression = entry.reach ?? entry.expression;
  if (!(object instanceof Obj) || object.bitField) return undefined;
  const type = bare(object.type);
  switch (type.kind) {
    case "struct":
    case "union":
      if (type.members.length === 0) return undefined;
      return structChildren(object, type, entry, expression && accessOf(expression));
    case "array":
      return type.count ? arrayChildren(object, type.count, expression) : undefined;
    case "pointer":
      return pointerChildren(object, bare(type.target), entry);
    default:
      return undefined;
  }
}

/** @param access the text before a member's name: `task->`, `file.f_path.` */
function structChildren(object: Obj, type: StructType, entry: VariableEntry, access: string | undefined): Unfolding {
  const raw = { named: () => members(object, type, access, 0) };
  if (!isContainer(type)) return raw;
  return {
    *named() {
      yield* elementsOf(object, type, entry.contained);
      yield { name: "members", value: "", unfolding: raw, hint: { kind: "virtual" } };
    },
  };
}

/** Yields the members in order. Members of anonymous structs and unions are included in place, as C names them. */
function* members(object: Obj, type: StructType, access: string | undefined, depth: number): Generator<VariableEntry> {
  for (const member of type.members) {
    const { name } = member;
    if (name === undefined) {
      const inner = bare(member.type);
      if (depth < MAX_NESTING && (inner.kind === "struct" || inner.kind === "union")) {
        yield* members(anonymous(object, member), inner, access, depth + 1);
      }
      continue;
    }
    const value = attempt(() => object.at(name));
    const flags = value instanceof Fault ? undefined : attempt(() => flagNames(type.name, name, value));
    yield {
      name,
      value,
      expression: access && access + name,
      contained: containedIn(type.name, name),
      remark: typeof flags === "string" ? flags : undefined,
    };
  }
}

/** Returns an anonymous member as an object. */
function anonymous(object: Obj, member: Member): Obj {
  const offset = member.bitOffset >> 3;
  const { storage } = object;
  if (storage.kind === "bytes") {
    return new Obj(object.kernel, member.type, { kind: "bytes", bytes: storage.bytes.subarray(offset) });
  }
  return object.kernel.object(member.type, BigInt.asUintN(64, storage.address + BigInt(offset)));
}

function arrayChildren(object: Obj, count: number, expression: string | undefined): Unfolding {
  return {
    count,
    named: () => [],
    *indexed(start, wanted) {
      for (let i = start; i < Math.min(count, start + wanted); i++) {
        yield {
          name: `[${i}]`,
          value: attempt(() => object.index(i)),
          expression: expression && `${operand(expression)}[${i}]`,
        };
      }
    },
  };
}

function pointerChildren(object: Obj, target: CType, entry: VariableEntry): Unfolding | undefined {
  if (target.kind === "void" || target.kind === "function") return undefined;
  const address = attempt(() => object.value());
  if (address instanceof Fault || address === 0n) return undefined;
  const perCpu = perCpuChildren(object, address, target);
  if (perCpu) return perCpu;
  const pointee = object.kernel.object(target, object.kernel.memory.canonical(address));
  if (target.kind !== "struct" && target.kind !== "union") {
    return {
      named: () => [
        { name: `*${entry.name}`, value: pointee, expression: entry.expression && `*${operand(entry.expression)}` },
      ],
    };
  }
  if (target.incomplete || target.members.length === 0) return undefined;
  // A pointer to a struct has the struct's members as children.
  return structChildren(pointee, target, entry, entry.expression && `${operand(entry.expression)}->`);
}

/** An expression of ours that a postfix operator can follow without parentheses. */
const POSTFIX = /^(?:[\w$]+|\(\([^()]+\)0x[0-9a-f]+\))(?:->\w+|\.\w+|\[\d+\])*$/;

/** Returns the text before a member's name: `file.`, `((struct file *)0xffff...)->`. */
function accessOf(expression: string): string {
  const pointer = /^\*(\([^()]+\)0x[0-9a-f]+)$/.exec(expression)?.[1];
  return pointer === undefined ? `${operand(expression)}.` : `(${pointer})->`;
}

/** Adds parentheses if a postfix operator could not follow the expression. */
const operand = (expression: string): string => (POSTFIX.test(expression) ? expression : `(${expression})`);

/**
 * Returns each CPU's copy behind a `__percpu` pointer; undefined for another pointer. Such a pointer is an offset and
 * not an address, but DWARF does not keep the `__percpu` mark, so the value decides: it is not a mapped address, but
 * one in each CPU's area.
 */
function perCpuChildren(object: Obj, address: bigint, target: CType): Unfolding | undefined {
  const { kernel } = object;
  if (kernel.memory.isKernelAddress(address) || sizeOf(target) === 0) return undefined;
  const copies = attempt(() => possibleCpus(kernel).map((cpu) => ({ cpu, at: perCpuAddress(kernel, address, cpu) })));
  if (copies instanceof Fault || copies.length === 0) return undefined;
  if (!copies.every(({ at }) => kernel.memory.isKernelAddress(at) && !(kernel.memory.page(at) instanceof Fault)))
    return undefined;
  return {
    remark: "per CPU",
    *named() {
      for (const { cpu, at } of copies) {
        const value = kernel.object(target, at);
        yield { name: `[cpu ${cpu}]`, value, expression: kernelExpression(value) };
      }
    },
  };
}
