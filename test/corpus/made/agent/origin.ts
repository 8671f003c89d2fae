/** How the scripted agent follows a value backwards: through copies and additions to the load or to the caller. */
import type { Frames, Site } from "./frames.ts";
import type { Instruction, Operand } from "./instruction.ts";

/** Where a value came from. */
export interface Origin {
  /** The value before constants were added to it. */
  readonly value: bigint;
  /** The load that brought it; undefined if none was found. */
  readonly load: Load | undefined;
}

/** A load from memory, in a function that is on the stack. */
export interface Load {
  readonly operand: Operand;
  /** The register that it writes. */
  readonly writes: string;
  readonly site: Site;
  /** Index of the instruction in the code of the site. */
  readonly index: number;
}

const ARGUMENTS = new Set(["rdi", "rsi", "rdx", "rcx", "r8", "r9"]);
const MAX_CALLERS = 2;
const MAX_STEPS = 24;

/**
 * Follows the value of a register backwards from an instruction.
 * @param end index of the instruction in the code of the site; the ones before it are read
 */
export async function originOf(
  frames: Frames,
  site: Site,
  { name, value, end }: { readonly name: string; readonly value: bigint; readonly end: number },
): Promise<Origin> {
  let [at, register, now, before] = [site, name, value, end];
  for (let step = 0; step < MAX_STEPS; step++) {
    const index = at.code.slice(0, before).findLastIndex(({ writes }) => writes === register);
    const instruction = at.code[index];
    if (instruction) {
      const source = sourceOf(instruction);
      if (source?.kind === "load")
        return { value: now, load: { operand: source.operand, writes: register, site: at, index } };
      if (!source) return { value: now, load: undefined };
      now = BigInt.asUintN(64, now - source.added);
      register = source.register;
      before = index;
      continue;
    }
    const caller =
      ARGUMENTS.has(register) && at.index - site.index < MAX_CALLERS ? await frames.site(at.index + 1) : undefined;
    if (!caller || caller.code.length === 0) return { value: now, load: undefined };
    [at, before] = [caller, caller.code.length - 1];
  }
  return { value: now, load: undefined };
}

type Source =
  | { readonly kind: "load"; readonly operand: Operand }
  | { readonly kind: "register"; readonly register: string; readonly added: bigint };

/** Returns what an instruction puts into the register that it writes; undefined for what is not followed. */
function sourceOf({ mnemonic, memory, writes, reads, constant }: Instruction): Source | undefined {
  if (writes === undefined) return undefined;
  if (mnemonic.startsWith("lea"))
    return memory?.base !== undefined && memory.index === undefined
      ? { kind: "register", register: memory.base, added: memory.displacement }
      : undefined;
  if (mnemonic.startsWith("mov")) {
    if (memory) return { kind: "load", operand: memory };
    return reads === undefined ? undefined : { kind: "register", register: reads, added: 0n };
  }
  if (constant === undefined || !/^(?:add|sub)/.test(mnemonic)) return undefined;
  return { kind: "register", register: writes, added: mnemonic.startsWith("add") ? constant : -constant };
}
