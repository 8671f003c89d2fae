import type { Kernel } from "../model/kernel.ts";
import { bare, type CType } from "../debuginfo/ctype.ts";
import { poisonOf } from "../log/poison.ts";
import { addressOf, code, type Finding } from "./finding.ts";
import { type ObjectState, objectState } from "./objectState.ts";
import type { Evidence } from "./evidence.ts";
import { typeName } from "../model/typeName.ts";
import type { Expression } from "./values/expression.ts";
import { valueText } from "./values/words.ts";

/** A bad value that an object holds. */
interface Held {
  readonly value: bigint;
  /** The word that holds it. */
  readonly address: bigint;
  /** What the pointer to the object was. */
  readonly object: bigint;
  readonly name: string | undefined;
  /** "struct route", where the code says what the object is. */
  readonly type: string | undefined;
  readonly member: string | undefined;
  readonly expression: Expression | undefined;
}

/** What the state and the cache of the object that held a bad value say of how it came there. */
export function* heldFindings(kernel: Kernel, held: Held): Generator<Finding, void, void> {
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

/** Poison of slab objects that nobody has written to since they were allocated. */
const UNWRITTEN: ReadonlySet<string> = new Set(["POISON_FREE", "POISON_INUSE"]);

const evidenceOf = ({ address, value }: Held, state: ObjectState): [Evidence, ...Evidence[]] => [
  { kind: "object", cache: state.cache, address: state.address, state: state.state },
  { kind: "memory", address, value },
];

function freedFinding(held: Held, state: ObjectState): Finding {
  const { value, object, name, type, member } = held;
  return {
    id: "fault.freed-object",
    severity: "cause",
    certainty: "certain",
    slots: { value, object, cache: state.cache, type, member },
    text: [
      `The value ${valueText(value)} was read from an object of ${state.cache} that is free: `,
      ...(name === undefined ? [] : [code(name), " = "]),
      addressOf(object),
      " was used after it was freed.",
    ],
    evidence: evidenceOf(held, state),
  };
}

function uninitialisedFinding(held: Held, state: ObjectState, poison: string): Finding {
  const { value, object, type, member } = held;
  return {
    id: "fault.uninitialised",
    severity: "cause",
    certainty: "likely",
    slots: { value, object, cache: state.cache, type, member },
    text: [
      "The object at ",
      addressOf(state.address),
      ` is allocated, and holds ${poison} there: nobody wrote `,
      member ?? "that word",
      " since it was allocated, or an earlier owner's word survived.",
    ],
    evidence: evidenceOf(held, state),
  };
}

/** Whether a structure is of a type, or begins with a member of it: a pointer to either is the same. */
function beginsWith(type: CType, name: string, depth = 0): boolean {
  const at = bare(type);
  if (depth > 8 || (at.kind !== "struct" && at.kind !== "union")) return false;
  if (typeName(at) === name) return true;
  return at.members.some((member) => member.bitOffset === 0 && beginsWith(member.type, name, depth + 1));
}

/** The code takes the object for a type that its cache does not give out. */
function wrongTypeFinding(kernel: Kernel, held: Held, state: ObjectState): Finding | undefined {
  const { object, type, expression } = held;
  if (type === undefined || !expression || object !== state.address) return undefined;
  const expected = bare(kernel.types.named(type));
  if (expected.kind !== "struct" || expected.size === 0) return undefined;
  // What is at the end of some types is allotted only as far as the CPU has it.
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
