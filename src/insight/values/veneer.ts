/** Finds the functions that calls reach through second entry points and veneers. */
import { type Effect, type EffectDecoder, type Value, wrap64 } from "../../arch/effect.ts";
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import { constantOf } from "./codeConstant.ts";

/** Maximum number of instructions at the start of a function that set a reserved register. */
const ENTRY_INSTRUCTIONS = 2;

/** Returns the reserved registers that the first instructions of a function set to constants, such as r2 of ppc64le. */
export function reservedConstants(
  { arch: { reserved = [] } }: Kernel,
  effects: readonly Effect[],
): Map<string, bigint> {
  const constants = new Map<string, bigint>();
  for (const { writes } of effects.slice(0, ENTRY_INSTRUCTIONS))
    for (const [name, value] of writes)
      if (reserved.includes(name) && value?.kind === "constant") constants.set(name, value.value);
  return constants;
}

/** Returns the function whose second entry point is at an address; the address itself if there is none. */
export function functionAt({ arch, memory, symbols }: Kernel, target: bigint | undefined): bigint | undefined {
  const symbol = target === undefined || !arch.localEntryBytes ? undefined : symbols.at(target);
  if (!symbol || symbol.address === target) return target;
  const code = attempt(() => memory.read(symbol.address, LOCAL_ENTRY_BYTES));
  const bytes = code instanceof Fault ? 0 : (arch.localEntryBytes?.(code) ?? 0);
  return symbol.address + BigInt(bytes) === target ? symbol.address : target;
}

/** Bytes that show whether a function has a second entry point. */
const LOCAL_ENTRY_BYTES = 8;

/** Length of the longest veneer in bytes: that of ppc64le modules (arch/powerpc/kernel/module_64.c). */
const VENEER_BYTES = 32;

/**
 * Returns the function that a call reaches through a veneer; if the target is no veneer, the target itself. A veneer is
 * a piece of code that loads the address of a function that is too far away for the call, and jumps there; the PLT of
 * arm64 modules has such.
 * @param known registers that hold constants at the call
 */
export function throughVeneer(
  kernel: Kernel,
  decode: EffectDecoder,
  target: bigint | undefined,
  known: ReadonlyMap<string, bigint>,
): bigint | undefined {
  if (target === undefined || kernel.symbols.at(target)?.address === target) return target;
  const code = attempt(() => decode(kernel.memory.read(target, VENEER_BYTES), target));
  const constants = new Map(known);
  for (const { flow, writes, through, target: to } of code instanceof Fault ? [] : code) {
    if (flow === "jump") return constants.get(through ?? "") ?? to ?? target;
    if (flow !== "next") return target;
    for (const [name, value] of writes) {
      const result = value && knownValue(kernel, value, constants);
      if (result === undefined) return target;
      constants.set(name, result);
    }
  }
  return target;
}

/** Evaluates a constant, a copy, a sum or a load with known registers; undefined for other values. */
const knownValue = (kernel: Kernel, value: Value, known: ReadonlyMap<string, bigint>): bigint | undefined =>
  constantOf(
    value,
    (name) => known.get(name),
    ({ place: { base, index, displacement }, size }) => {
      const at = base === undefined || index !== undefined ? undefined : known.get(base);
      const word =
        at === undefined || size !== 8 ? undefined : attempt(() => kernel.memory.word(wrap64(at + displacement)));
      return word instanceof Fault ? undefined : word;
    },
  );
