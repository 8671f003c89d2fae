/** Decodes instructions with Capstone. */
import type { CapstoneModule } from "@alexaltea/capstone-js";
import type { CapstoneMachine } from "../decoder.ts";
import { type Addition, arm64Addition } from "./additions.ts";
import type { Disassembler, Instruction } from "./disassembler.ts";

/** Loads Capstone. @returns a function that makes a disassembler of the machine */
export const loadCapstone = (machine: CapstoneMachine): Promise<() => Disassembler> =>
  import("@alexaltea/capstone-js").then(({ default: load }) => load()).then((module) => () => wrap(module, machine));

function wrap(module: CapstoneModule, { arch, modes, step, longest }: CapstoneMachine): Disassembler {
  const mode = modes.reduce((sum, name) => sum + (module[name] ?? 0), 0);
  const decoder = new module.Capstone(module[arch] ?? 0, mode);
  const addition = arch === "ARCH_ARM64" ? arm64Addition : undefined;
  const decode = (bytes: Uint8Array, address: bigint, limit: number): Instruction[] => {
    try {
      return decoder.disasm(bytes, BigInt.asUintN(64, address), limit).map((one) => ({
        address: BigInt.asUintN(64, one.address),
        bytes: Uint8Array.from(one.bytes),
        ...(arch === "ARCH_ARM64"
          ? gnuConditions(one.mnemonic, one.op_str)
          : arch === "ARCH_SYSZ"
            ? gnuNoOperation(one.mnemonic, one.op_str)
            : { mnemonic: one.mnemonic, operands: one.op_str }),
      }));
    } catch (error) {
      // Capstone throws a string if the first bytes are not an instruction.
      if (typeof error === "string") return [];
      throw error;
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
        // Fewer bytes than the longest instruction at the end can be a truncated instruction. It is left out after a decoded
        // instruction; otherwise it is printed as bad, so that something is printed for these bytes.
        if (bytes.length - at < longest && good.length > 0) break;
        all.push({ address: address + BigInt(at), bytes: bytes.slice(at, at + step), mnemonic: "(bad)", operands: "" });
        at += step;
      }
      return all;
    },
  };
}

/**
 * Renames a relative branch of s390x on no condition as GNU's disassembler does. The compiler puts one at the start of
 * each traceable function, with an arbitrary target (z/Architecture Principles of Operation, "BRANCH RELATIVE ON
 * CONDITION").
 */
function gnuNoOperation(mnemonic: string, operands: string): { mnemonic: string; operands: string } {
  const never = /^br(cl?)$/.exec(mnemonic);
  if (!never || !operands.startsWith("0, ")) return { mnemonic, operands };
  return { mnemonic: never[1] === "cl" ? "jgnop" : "jnop", operands: operands.slice(3) };
}

const CONDITIONS: Readonly<Record<string, string>> = { lo: "cc", hs: "cs" };

/**
 * Replaces the names of conditions by those of GNU's disassembler: carry clear for unsigned lower, carry set for higher
 * or same (Arm ARM C1.2.4).
 */
function gnuConditions(mnemonic: string, operands: string): { mnemonic: string; operands: string } {
  const renamed = (text: string): string => text.replace(/\b(?:lo|hs)$/, (name) => CONDITIONS[name] ?? name);
  return { mnemonic: mnemonic.startsWith("b.") ? renamed(mnemonic) : mnemonic, operands: renamed(operands) };
}
