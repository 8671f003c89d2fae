/** Loads the decoder of instruction effects of a machine. */
import { Fault } from "../../base/fault.ts";
import type { Arch } from "../arch.ts";
import type { EffectDecoder } from "../effect.ts";
import type { Loading } from "./disassembler.ts";
import { loadX86Effects } from "./x86Effects.ts";

let decoder: EffectDecoder | undefined;
let failure: string | undefined;
let loading: Promise<void> | undefined;

/**
 * Returns the decoder of the effects of instructions on registers and memory. For x86 it takes the details of operands
 * from iced-x86, whose WebAssembly is loaded at the first use. Capstone's build for JavaScript gives no details of
 * operands, so other machines have a decoder of our own. @throws Fault unknown if the architecture has no decoder, or if
 * it cannot be loaded
 */
export function* effectDecoder({ name, effects, decoder: text }: Arch): Generator<Loading, EffectDecoder, void> {
  if (effects) return effects;
  if (name !== "x86_64") {
    const lacks = text === undefined ? "not decoded" : "disassembled only";
    throw Fault.of("unknown", `not analysed on this machine: instructions of ${name} are ${lacks}`);
  }
  loading ??= loadX86Effects().then(
    (loaded) => void (decoder = loaded),
    (reason: unknown) => void (failure = reason instanceof Error ? reason.message : "unknown reason"),
  );
  if (!decoder && failure === undefined)
    yield { kind: "progress", what: "the decoder", done: 0, total: 0, until: loading };
  if (failure !== undefined)
    throw Fault.of("unknown", `the decoder of x86 instructions could not be loaded: ${failure}`);
  if (!decoder) throw Fault.of("unknown", "the decoder of x86 instructions is still being loaded: repeat the command");
  return decoder;
}
