/** Disassembles machine code of every supported machine. */
import { Fault } from "../../base/fault.ts";
import type { Arch } from "../arch.ts";
import { loadCapstone } from "./capstoneDecoder.ts";
import { loadIced } from "./icedDecoder.ts";

export interface Instruction {
  readonly address: bigint;
  readonly bytes: Uint8Array;
  /** Mnemonic with prefixes, as GNU's disassembler prints it on x86: `lock cmpxchg`. */
  readonly mnemonic: string;
  /** Operands as the assembler writes them; on x86 as GNU's disassembler does, by default in AT&T syntax. */
  readonly operands: string;
}

export interface Disassembler {
  /**
   * Returns the instructions from the first byte on, up to `limit` or up to an incomplete one. Invalid bytes become
   * `(bad)` with the length of their encoding, or else of the shortest instruction, and decoding continues after them.
   */
  instructions(bytes: Uint8Array, address: bigint, limit?: number): Instruction[];
}

export type Syntax = "att" | "intel";

/** Loads the WebAssembly of a decoder. */
type Load = () => Promise<(syntax: Syntax) => Disassembler>;

/**
 * Returns the loader of a machine's decoder: iced-x86 for x86, Capstone for the other machines; undefined for a machine
 * without a decoder. Each WebAssembly is loaded only for its machines.
 */
function loadOf({ decoder }: Arch): Load | undefined {
  if (decoder === undefined) return undefined;
  return "bits" in decoder ? () => loadIced(decoder) : () => loadCapstone(decoder);
}

/** Whether AT&T syntax is the machine's default. */
export const hasAttSyntax = ({ decoder }: Arch): boolean => decoder !== undefined && "bits" in decoder;

/**
 * Progress of a job that waits about 40 ms for the WebAssembly. The job need not be resumed before `until` resolves.
 */
export interface Loading {
  readonly kind: "progress";
  readonly what: string;
  readonly done: number;
  readonly total: number;
  readonly until: Promise<unknown>;
}

interface Loaded {
  make?: (syntax: Syntax) => Disassembler;
  failure?: string;
  readonly ended: Promise<unknown>;
}

const loading = new Map<string, Loaded>();
const made = new Map<string, Disassembler>();

/**
 * Returns the disassembler of a machine. It is a job because the WebAssembly is loaded at the first use. @throws Fault
 * unknown if there is none, or if it cannot be loaded
 */
export function* disassembler(arch: Arch, syntax: Syntax = "att"): Generator<Loading, Disassembler, void> {
  const load = loadOf(arch);
  if (!load) throw Fault.of("unknown", `no disassembler for ${arch.name}`);
  const make = yield* loaded(arch.name, load);
  const key = `${arch.name} ${syntax}`;
  let result = made.get(key);
  if (!result) made.set(key, (result = make(syntax)));
  return result;
}

function* loaded(name: string, load: Load): Generator<Loading, (syntax: Syntax) => Disassembler, void> {
  let state = loading.get(name);
  if (!state) loading.set(name, (state = beginLoading(load)));
  if (!state.make && state.failure === undefined)
    yield { kind: "progress", what: "the disassembler", done: 0, total: 0, until: state.ended };
  if (state.failure !== undefined) throw Fault.of("unknown", `the disassembler could not be loaded: ${state.failure}`);
  if (!state.make) throw Fault.of("unknown", "the disassembler is still loading");
  return state.make;
}

function beginLoading(load: Load): Loaded {
  const ended = load().then(
    (make) => (state.make = make),
    (failure: unknown) => (state.failure = failure instanceof Error ? failure.message : "unknown reason"),
  );
  const state: Loaded = { ended };
  return state;
}
