import type { CapstoneModule } from "@alexaltea/capstone-js";
import { Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { type Addition, arm64Addition, x86Addition } from "./additions.ts";
import type { Arch } from "../arch.ts";

export interface Instruction {
  readonly address: bigint;
  readonly bytes: Uint8Array;
  readonly mnemonic: string;
  /** As the assembler writes them; on x86 in AT&T syntax unless asked otherwise. */
  readonly operands: string;
}

export interface Disassembler {
  /**
   * Instructions from the first byte on, up to `limit` of them or to where no whole one is left. Bytes that are no
   * instruction come as `(bad)` of the smallest size, and decoding goes on behind them.
   */
  instructions(bytes: Uint8Array, address: bigint, limit?: number): Instruction[];
}

export type Syntax = "att" | "intel";

interface Machine {
  readonly arch: `ARCH_${string}`;
  readonly mode: `MODE_${string}`;
  /** Bytes to go on by where there is no instruction. */
  readonly step: number;
}

/** Capstone's names for the architectures that we open. */
const MACHINES: Readonly<Record<string, Machine>> = {
  x86_64: { arch: "ARCH_X86", mode: "MODE_64", step: 1 },
  arm64: { arch: "ARCH_ARM64", mode: "MODE_ARM", step: 4 },
  arm: { arch: "ARCH_ARM", mode: "MODE_ARM", step: 4 },
  s390x: { arch: "ARCH_SYSZ", mode: "MODE_BIG_ENDIAN", step: 2 },
};

/** Whether the machine is written in AT&T syntax unless asked otherwise. */
export const hasAttSyntax = ({ name }: Arch): boolean => MACHINES[name]?.arch === "ARCH_X86";

/** A step of a job that waits for the WebAssembly, some 40 ms: nothing comes of resuming it before `until`. */
export interface Loading {
  readonly kind: "progress";
  readonly what: string;
  readonly done: number;
  readonly total: number;
  readonly until: Promise<unknown>;
}

let loading: { module?: CapstoneModule; failure?: string; readonly ended: Promise<unknown> } | undefined;
const made = new Map<string, Disassembler>();

/**
 * The disassembler of an architecture. Its WebAssembly is loaded when first asked for, which is why this is a job.
 * @throws Fault unknown where there is none
 */
export function* disassembler(arch: Arch, syntax: Syntax = "att"): Generator<Loading, Disassembler, void> {
  const machine = MACHINES[arch.name];
  if (!machine) throw Fault.of("unknown", `no disassembler for ${arch.name}`);
  const module = yield* capstone();
  const key = `${arch.name} ${syntax}`;
  let result = made.get(key);
  if (!result) made.set(key, (result = wrap(module, machine, syntax)));
  return result;
}

function* capstone(): Generator<Loading, CapstoneModule, void> {
  const state = (loading ??= begin());
  if (!state.module && state.failure === undefined)
    yield { kind: "progress", what: "the disassembler", done: 0, total: 0, until: state.ended };
  if (state.failure !== undefined) throw Fault.of("unknown", `the disassembler did not load: ${state.failure}`);
  if (!state.module) throw Fault.of("unknown", "the disassembler is still loading");
  return state.module;
}

function begin(): NonNullable<typeof loading> {
  const ended = import("@alexaltea/capstone-js")
    .then(({ default: load }) => load())
    .then(
      (module) => (state.module = module),
      (failure: unknown) => (state.failure = failure instanceof Error ? failure.message : "unknown reason"),
    );
  const state: NonNullable<typeof loading> = { ended };
  return state;
}

function wrap(module: CapstoneModule, { arch, mode, step }: Machine, syntax: Syntax): Disassembler {
  const constant = (name: `${"ARCH" | "MODE" | "OPT"}_${string}`): number => module[name] ?? 0;
  const decoder = new module.Capstone(constant(arch), constant(mode));
  if (arch === "ARCH_X86") {
    decoder.option(constant("OPT_SYNTAX"), constant(syntax === "att" ? "OPT_SYNTAX_ATT" : "OPT_SYNTAX_INTEL"));
  }
  const addition = arch === "ARCH_X86" ? x86Addition : arch === "ARCH_ARM64" ? arm64Addition : undefined;
  const decode = (bytes: Uint8Array, address: bigint, limit: number): Instruction[] => {
    try {
      return decoder.disasm(bytes, BigInt.asUintN(64, address), limit).map((one) => ({
        address: BigInt.asUintN(64, one.address),
        bytes: Uint8Array.from(one.bytes),
        mnemonic: one.mnemonic,
        // Large immediates come in decimal.
        operands: one.op_str
          .replace(/(?<=\$)\d{10,20}\b/g, (number) => hex0x(BigInt(number)))
          // Intel's syntax has addresses of the kernel as negative numbers.
          .replace(/(?<=^|, )-0x[0-9a-f]{8,16}$/, (number) => hex0x(BigInt.asUintN(64, -BigInt(number.slice(1))))),
      }));
    } catch {
      // It throws when not even the first instruction is one.
      return [];
    }
  };
  return {
    instructions(bytes, address, limit = Infinity) {
      const all: Instruction[] = [];
      let at = 0;
      while (at < bytes.length && all.length < limit) {
        const left = limit - all.length;
        const good = decode(bytes.subarray(at), address + BigInt(at), Number.isFinite(left) ? left : 0);
        let added: Addition | undefined;
        for (const one of good) {
          added = addition?.(bytes.subarray(at));
          if (added) break;
          all.push(one);
          at += one.bytes.length;
        }
        added ??= at < bytes.length && all.length < limit ? addition?.(bytes.subarray(at)) : undefined;
        if (added) {
          const { length, mnemonic, operands } = added;
          all.push({ address: address + BigInt(at), bytes: bytes.slice(at, at + length), mnemonic, operands });
          at += length;
          continue;
        }
        if (at >= bytes.length || all.length >= limit) break;
        // The longest instruction of any of them has 15 bytes: a shorter rest may only be cut off.
        if (bytes.length - at < 15 && good.length > 0) break;
        all.push({ address: address + BigInt(at), bytes: bytes.slice(at, at + step), mnemonic: "(bad)", operands: "" });
        at += step;
      }
      return all;
    },
  };
}
