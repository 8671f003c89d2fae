/** Effects of x86 instructions on registers and memory, from iced-x86's operand details. */
import type * as Iced from "iced-x86";
import {
  type MemoryAccess,
  type Comparison,
  type Effect,
  type EffectDecoder,
  lowerHalf,
  type Operator,
  type MemoryOperand,
  type Relation,
  type Value,
} from "../effect.ts";

/**
 * Loads the decoder of the effects of x86 instructions. It uses only the details that iced-x86 gives of operands, never
 * their text.
 */
export const loadX86Effects = (): Promise<EffectDecoder> => import("iced-x86").then((iced) => decoderOf(iced));

function decoderOf(iced: typeof Iced): EffectDecoder {
  const one = new iced.Instruction();
  const factory = new iced.InstructionInfoFactory();
  const reader = new Reader(iced, one, factory);
  return (bytes, address) => {
    const decoder = new iced.Decoder(64, bytes, iced.DecoderOptions.None);
    const all: Effect[] = [];
    try {
      decoder.ip = BigInt.asUintN(64, address);
      while (decoder.canDecode) {
        const at = decoder.position;
        decoder.decodeOut(one);
        if (one.isInvalid) break;
        all.push(reader.effect(BigInt.asUintN(64, address + BigInt(at))));
      }
    } finally {
      decoder.free();
    }
    return all;
  };
}

/** Arithmetic whose result is written to its first operand. */
const OPERATORS: Readonly<Record<string, Operator>> = {
  Add: "+",
  Sub: "-",
  And: "&",
  Or: "|",
  Xor: "^",
  Shl: "<<",
  Shr: ">>",
};

class Reader {
  private readonly iced: typeof Iced;
  private readonly one: Iced.Instruction;
  private readonly factory: Iced.InstructionInfoFactory;

  constructor(iced: typeof Iced, one: Iced.Instruction, factory: Iced.InstructionInfoFactory) {
    this.iced = iced;
    this.one = one;
    this.factory = factory;
  }

  effect(address: bigint): Effect {
    const { iced, one } = this;
    const name = iced.Mnemonic[one.mnemonic] ?? "";
    const { writes, access } = this.registersAndMemory(name);
    const value = this.result(name);
    const to = one.opCount > 0 && one.opKind(0) === iced.OpKind.Register ? one.opRegister(0) : undefined;
    if (to !== undefined && value) {
      const whole = this.whole(to);
      // Writing 8 or 16 bits leaves the rest of the register as it was.
      if (writes.has(whole) && iced.RegisterExt.size(to) >= 4) writes.set(whole, this.cut(value, to));
    }
    const through =
      one.isCallNearIndirect || one.isJmpNearIndirect
        ? one.opKind(0) === iced.OpKind.Register
          ? this.whole(one.opRegister(0))
          : undefined
        : undefined;
    return {
      address,
      length: one.length,
      access,
      writes,
      flow: name === "Int3" ? "trap" : this.flow(),
      target: one.nearBranchTarget === 0n ? undefined : one.nearBranchTarget,
      through,
      stores: name === "Mov" && one.opKind(0) === iced.OpKind.Memory ? this.operand(1) : undefined,
      compares: this.comparison(name),
      relation: RELATIONS[iced.ConditionCode[one.conditionCode] ?? ""],
      isSigned: SIGNED[iced.ConditionCode[one.conditionCode] ?? ""],
      setsFlags: one.rflagsModified !== 0,
      divisor: name === "Div" || name === "Idiv" ? this.operand(0) : undefined,
    };
  }

  /** Returns the value of the whole register after a write of `to`: `eax` is zero-extended. */
  private cut(value: Value, to: Iced.Register): Value {
    if (this.iced.RegisterExt.size(to) === 8) return value;
    const isExtended = (value.kind === "register" && value.bits < 32) || (value.kind === "load" && value.size < 4);
    if (isExtended && value.signed) return lowerHalf(value);
    if (value.kind === "register") return { ...value, bits: Math.min(value.bits, 32) };
    if (value.kind === "constant") return { kind: "constant", value: BigInt.asUintN(32, value.value) };
    return value;
  }

  private registersAndMemory(name: string): {
    writes: Map<string, Value | undefined>;
    access: MemoryAccess | undefined;
  } {
    const { iced, one } = this;
    const writes = new Map<string, Value | undefined>();
    const info = this.factory.info(one);
    try {
      const { Write, CondWrite, ReadWrite, ReadCondWrite } = iced.OpAccess;
      const isWrite = (access: Iced.OpAccess): boolean => [Write, CondWrite, ReadWrite, ReadCondWrite].includes(access);
      for (const used of info.usedRegisters() as Iced.UsedRegister[]) {
        if (isWrite(used.access)) writes.set(this.whole(used.register), undefined);
        used.free();
      }
      const at = [0, 1, 2].find((i) => i < one.opCount && one.opKind(i) === iced.OpKind.Memory);
      if (at === undefined || name === "Lea" || name === "Nop" || name.startsWith("Prefetch"))
        return { writes, access: undefined };
      const how = [info.op0Access, info.op1Access, info.op2Access][at] ?? iced.OpAccess.None;
      const isRead = how !== Write && how !== CondWrite;
      return {
        writes,
        access: {
          place: this.place(),
          size: iced.MemorySizeExt.size(one.memorySize),
          reads: isRead,
          writes: isWrite(how),
        },
      };
    } finally {
      info.free();
    }
  }

  private place(): MemoryOperand {
    const { iced, one } = this;
    const { None, RIP } = iced.Register;
    const isRelative = one.memoryBase === RIP;
    const named = (register: Iced.Register): string | undefined =>
      register === None ? undefined : this.whole(register);
    const segment = one.memorySegment;
    return {
      base: isRelative ? undefined : named(one.memoryBase),
      index: named(one.memoryIndex),
      scale: one.memoryIndexScale,
      displacement: isRelative ? one.ipRelMemoryAddress : BigInt.asIntN(64, one.memoryDisplacement),
      segment: segment === iced.Register.GS ? "gs" : segment === iced.Register.FS ? "fs" : undefined,
    };
  }

  /** Returns the value that the instruction writes to its first operand; undefined if it is not followed. */
  private result(name: string): Value | undefined {
    const { one } = this;
    if (name === "Mov") return this.operand(1);
    if (name === "Movzx") return this.operand(1);
    if (name === "Movsx" || name === "Movsxd") return this.operand(1, true);
    if (name === "Lea") return { kind: "address", place: this.place() };
    if (name === "Xor" && this.isSame()) return { kind: "constant", value: 0n };
    if (name === "Inc" || name === "Dec")
      return this.operation(name === "Inc" ? "+" : "-", { kind: "constant", value: 1n });
    const operator = OPERATORS[name];
    const right = operator && one.opCount === 2 ? this.operand(1) : undefined;
    return operator && right ? this.operation(operator, right) : undefined;
  }

  private comparison(name: string): Comparison | undefined {
    if (name !== "Cmp" && name !== "Test") return undefined;
    const [left, right] = [this.operand(0), this.operand(1)];
    return left && right && { left, right, by: name === "Cmp" ? "difference" : "conjunction" };
  }

  private operation(operator: Operator, right: Value): Value | undefined {
    const left = this.operand(0);
    const bits = this.iced.RegisterExt.size(this.one.opRegister(0)) * 8;
    return left && { kind: "operation", operator, left, right, bits };
  }

  private isSame(): boolean {
    const { one } = this;
    const { Register } = this.iced.OpKind;
    return one.opKind(0) === Register && one.opKind(1) === Register && one.opRegister(0) === one.opRegister(1);
  }

  private operand(at: number, signed = false): Value | undefined {
    const { iced, one } = this;
    const kind = one.opKind(at);
    if (kind === iced.OpKind.Register) {
      const register = one.opRegister(at);
      if (!iced.RegisterExt.isGPR(register) || HIGH_BYTES.has(iced.Register[register] ?? "")) return undefined;
      return { kind: "register", name: this.whole(register), bits: iced.RegisterExt.size(register) * 8, signed };
    }
    if (kind === iced.OpKind.Memory)
      return { kind: "load", place: this.place(), size: iced.MemorySizeExt.size(one.memorySize), signed };
    const isImmediate = kind >= iced.OpKind.Immediate8 && kind <= iced.OpKind.Immediate32to64;
    return isImmediate ? { kind: "constant", value: one.immediate(at) } : undefined;
  }

  private flow(): Effect["flow"] {
    const { FlowControl } = this.iced;
    switch (this.one.flowControl) {
      case FlowControl.UnconditionalBranch:
      case FlowControl.IndirectBranch:
        return "jump";
      case FlowControl.ConditionalBranch:
      case FlowControl.XbeginXabortXend:
        return "branch";
      case FlowControl.Call:
      case FlowControl.IndirectCall:
        return "call";
      case FlowControl.Return:
        return "return";
      // Execution continues after the ud2 of a WARN(). After that of a BUG() there is no code that could mislead.
      default:
        return "next";
    }
  }

  private whole(register: Iced.Register): string {
    const { iced } = this;
    return (iced.Register[iced.RegisterExt.fullRegister(register)] ?? "").toLowerCase();
  }
}

/** Conditions by iced-x86's names. Signed and unsigned comparisons are not distinguished. */
const RELATIONS: Readonly<Record<string, Relation>> = {
  e: "==",
  ne: "!=",
  b: "<",
  l: "<",
  be: "<=",
  le: "<=",
  a: ">",
  g: ">",
  ae: ">=",
  ge: ">=",
  s: "<",
  ns: ">=",
};

/** Conditions that compare signed numbers, and conditions that compare unsigned ones. */
const SIGNED: Readonly<Record<string, boolean>> = {
  ...{ l: true, le: true, g: true, ge: true, s: true, ns: true },
  ...{ b: false, be: false, a: false, ae: false },
};

const HIGH_BYTES: ReadonlySet<string> = new Set(["AH", "BH", "CH", "DH"]);
