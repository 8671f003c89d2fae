/** Explains a bad value by the slab object that holds it. */
import type { Kernel } from "../model/kernel.ts";
import { bare, type CType } from "../debuginfo/ctype.ts";
import { poisonOf } from "../log/poison.ts";
import { addressOf, code, type Finding } from "./finding.ts";
import { type ObjectState, objectState } from "./objectState.ts";
import type { Evidence } from "./evidence.ts";
import { typeName } from "../model/typeName.ts";
import type { Expression } from "./values/expression.ts";
import { valueText } from "./values/words.ts";

/** A bad value that is stored in an object. */
interface StoredValue {
  readonly value: bigint;
  /** Address of the word that holds the value. */
  readonly address: bigint;
  /** Value of the pointer to the object. */
  readonly object: bigint;
  readonly name: string | undefined;
  /** Type that the code expects, for example "struct route"; undefined if it is not known. */
  readonly type: string | undefined;
  readonly member: string | undefined;
  readonly expression: Expression | undefined;
}

/** Yields what the state and the cache of the object say about how the bad value got there. */
export function* heldFindings(kernel: Kernel, held: StoredValue): Generator<Finding, void, void> {
  const state = objectState(kernel, held.address);
  if (!state) return;
  if (state.state === "free") yield freedFinding(held, state);
  if (state.state === "allocated") {
    const poison = poisonOf(held.value);
    if (poison && UNWRITTEN.has(poison.name)) yield uninitialisedFinding(held, state, poison.name);
    const wrong = wrongTypeFinding(kernel, held, state);
    if (wrong) yield wrong;
  }
}

/** Poison values of a slab object that was not written since it was allocated. */
const UNWRITTEN: ReadonlySet<string> = new Set(["POISON_FREE", "POISON_INUSE"]);

const evidenceOf = ({ address, value }: StoredValue, state: ObjectState): [Evidence, ...Evidence[]] => [
  { kind: "object", cache: state.cache, address: state.address, state: state.state },
  { kind: "memory", address, value },
];

/** Reports that the value was in a free object, and whether the pointer itself leads to that object. */
function freedFinding(held: StoredValue, state: ObjectState): Finding {
  const { value, object, name, type, member } = held;
  const isInside = object >= state.address && object < state.address + BigInt(state.size);
  return {
    id: "fault.freed-object",
    severity: "cause",
    certainty: isInside ? "certain" : "likely",
    slots: { value, object, cache: state.cache, type, member },
    text: [
      `The value ${valueText(value)} was read from an object of ${state.cache} that is free: `,
      ...(name === undefined ? [] : [code(name), " = "]),
      addressOf(object),
      ...(isInside
        ? [" was used after it was freed."]
        : [
            " is outside of that object, which begins at ",
            addressOf(state.address),
            ": the code read beyond what the pointer leads to, or computed the pointer from one to the freed object.",
          ]),
    ],
    evidence: evidenceOf(held, state),
  };
}

function uninitialisedFinding(held: StoredValue, state: ObjectState, poison: string): Finding {
  const { value, object, type, member } = held;
  return {
    id: "fault.uninitialised",
    severity: "cause",
    certainty: "likely",
    slots: { value, object, cache: state.cache, type, member },
    text: [
      "The object at ",
      addressOf(state.address),
      ` is allocated but still contains ${poison} there: the code has not written `,
      member ?? "that word",
      " since the object was allocated, or the word is left from an earlier use of the object.",
    ],
    evidence: evidenceOf(held, state),
  };
}

/**
 * Returns whether a structure has the type `name`, or has a member of that type at offset 0, so that a pointer to one
 * is a pointer to the other.
 */
function beginsWith(type: CType, name: string, depth = 0): boolean {
  const plain = bare(type);
  if (depth > 8 || (plain.kind !== "struct" && plain.kind !== "union")) return false;
  if (typeName(plain) === name) return true;
  return plain.members.some((member) => member.bitOffset === 0 && beginsWith(member.type, name, depth + 1));
}

/** Reports an object whose cache does not provide the type that the code expects; undefined for other objects. */
function wrongTypeFinding(kernel: Kernel, held: StoredValue, state: ObjectState): Finding | undefined {
  const { object, type, expression } = held;
  if (type === undefined || !expression || object !== state.address) return undefined;
  const expected = bare(kernel.types.named(type));
  if (expected.kind !== "struct" || expected.size === 0) return undefined;
  // A cache for exactly this type may have smaller objects, because some types end with a part that is allocated only
  // as far as the CPU supports it.
  if (state.type === type) return undefined;
  const isTooLarge = expected.size > state.size;
  const own = kernel.types.find("struct", state.cache);
  const isOthers = own?.kind === "struct" && !beginsWith(own, type) && !state.isMerged && own.size === state.size;
  if (!isTooLarge && !isOthers) return undefined;
  return {
    id: "fault.wrong-type",
    severity: "cause",
    certainty: "likely",
    slots: { value: object, object, expected: type, cache: state.cache },
    text: [
      "The code takes ",
      addressOf(object),
      ` for a ${type} (${expected.size} bytes), but it is an object of the slab cache ${state.cache} (${state.size} bytes)`,
      isTooLarge ? ", which is too small for one." : `, which is made for struct ${state.cache}.`,
    ],
    evidence: evidenceOf(held, state),
  };
}
