/** Executes call frame instructions. */
import { Fault } from "../../../base/fault.ts";
import type { CfiRow, CfiRule } from "../../source.ts";
import type { Cie } from "./cie.ts";
import { Cursor } from "../cursor.ts";

// Call frame instructions of DWARF 5, section 7.24. The first three have an operand in their low six bits.
const DW_CFA_advance_loc = 0x40;
const DW_CFA_offset = 0x80;
const DW_CFA_restore = 0xc0;
const DW_CFA_nop = 0x00;
const DW_CFA_set_loc = 0x01;
const DW_CFA_advance_loc1 = 0x02;
const DW_CFA_advance_loc2 = 0x03;
const DW_CFA_advance_loc4 = 0x04;
const DW_CFA_offset_extended = 0x05;
const DW_CFA_restore_extended = 0x06;
const DW_CFA_undefined = 0x07;
const DW_CFA_same_value = 0x08;
const DW_CFA_register = 0x09;
const DW_CFA_remember_state = 0x0a;
const DW_CFA_restore_state = 0x0b;
const DW_CFA_def_cfa = 0x0c;
const DW_CFA_def_cfa_register = 0x0d;
const DW_CFA_def_cfa_offset = 0x0e;
const DW_CFA_def_cfa_expression = 0x0f;
const DW_CFA_expression = 0x10;
const DW_CFA_offset_extended_sf = 0x11;
const DW_CFA_def_cfa_sf = 0x12;
const DW_CFA_def_cfa_offset_sf = 0x13;
const DW_CFA_val_offset = 0x14;
const DW_CFA_val_offset_sf = 0x15;
const DW_CFA_val_expression = 0x16;
/** On arm64 it toggles whether the return address is signed; the row does not change. */
const DW_CFA_AARCH64_negate_ra_state = 0x2d;
const DW_CFA_GNU_args_size = 0x2e;
const DW_CFA_GNU_negative_offset_extended = 0x2f;

/** Maximum number of saved states; compilers nest two or three. */
const MAX_STATES = 64;

type Cfa = CfiRow["cfa"];

interface State {
  readonly cfa: Cfa | undefined;
  readonly rules: ReadonlyMap<number, CfiRule>;
}

/**
 * Returns the row that a function's instructions define for `pc`; undefined if they define no CFA. @param start start
 * of the function; `start` and `pc` are in bytes from the base of the image @throws Fault
 */
export function runCfi(cie: Cie, instructions: Cursor, start: number, pc: number): CfiRow | undefined {
  const program = new Program(cie, start);
  program.run(new Cursor(instructions.name, instructions.encoding, cie.instructions), Infinity);
  program.keepInitial();
  program.run(instructions, pc);
  return program.row();
}

class Program {
  private readonly cie: Cie;
  private location: number;
  private cfa: Cfa | undefined;
  private rules = new Map<number, CfiRule>();
  private initial: ReadonlyMap<number, CfiRule> = new Map();
  private readonly states: State[] = [];

  constructor(cie: Cie, start: number) {
    this.cie = cie;
    this.location = start;
  }

  /** Saves the rules that the CIE defines, because DW_CFA_restore sets a register back to its rule there. */
  keepInitial(): void {
    this.initial = new Map(this.rules);
  }

  row(): CfiRow | undefined {
    const { cfa, rules } = this;
    const { returnAddressRegister, signalFrame } = this.cie;
    return cfa && { cfa, rules, returnAddressRegister, signalFrame };
  }

  /** Executes instructions until the row for `pc` is complete. */
  run(cursor: Cursor, pc: number): void {
    while (cursor.at < cursor.end) {
      const opcode = cursor.u8();
      const operand = opcode & 0x3f;
      switch (opcode & 0xc0) {
        case DW_CFA_advance_loc:
          if (!this.advance(operand, pc)) return;
          break;
        case DW_CFA_offset:
          this.rules.set(operand, { kind: "offset", offset: cursor.uleb() * this.cie.dataAlignment });
          break;
        case DW_CFA_restore:
          this.restore(operand);
          break;
        default:
          if (!this.extended(cursor, opcode, pc)) return;
      }
    }
  }

  /** Advances by code units; false if that is beyond `pc`. */
  private advance(units: number, pc: number): boolean {
    this.location += units * this.cie.codeAlignment;
    return this.location <= pc;
  }

  private restore(register: number): void {
    const rule = this.initial.get(register);
    if (rule) this.rules.set(register, rule);
    else this.rules.delete(register);
  }

  private extended(cursor: Cursor, opcode: number, pc: number): boolean {
    switch (opcode) {
      case DW_CFA_set_loc:
        this.location = cursor.address(this.cie.addressSize);
        return this.location <= pc;
      case DW_CFA_advance_loc1:
        return this.advance(cursor.u8(), pc);
      case DW_CFA_advance_loc2:
        return this.advance(cursor.u16(), pc);
      case DW_CFA_advance_loc4:
        return this.advance(cursor.u32(), pc);
      case DW_CFA_nop:
      case DW_CFA_AARCH64_negate_ra_state:
        return true;
      case DW_CFA_GNU_args_size:
        cursor.skipLeb();
        return true;
      case DW_CFA_remember_state:
        if (this.states.length === MAX_STATES)
          throw Fault.of(
            "corrupt",
            `${cursor.name} nests more than ${MAX_STATES} DW_CFA_remember_state; the table is probably damaged`,
          );
        this.states.push({ cfa: this.cfa, rules: new Map(this.rules) });
        return true;
      case DW_CFA_restore_state: {
        const state = this.states.pop();
        if (!state) throw Fault.of("corrupt", `${cursor.name} restores a state that it did not remember`);
        this.cfa = state.cfa;
        this.rules = new Map(state.rules);
        return true;
      }
      default:
        if (!this.defineCfa(cursor, opcode)) this.defineRule(cursor, opcode);
        return true;
    }
  }

  private defineCfa(cursor: Cursor, opcode: number): boolean {
    const { dataAlignment } = this.cie;
    switch (opcode) {
      case DW_CFA_def_cfa:
        this.cfa = { kind: "register", register: cursor.uleb(), offset: cursor.uleb() };
        return true;
      case DW_CFA_def_cfa_sf:
        this.cfa = { kind: "register", register: cursor.uleb(), offset: cursor.sleb() * dataAlignment };
        return true;
      case DW_CFA_def_cfa_register:
        this.cfa = { kind: "register", register: cursor.uleb(), offset: this.cfaOffset };
        return true;
      case DW_CFA_def_cfa_offset:
        this.cfa = { kind: "register", register: this.cfaRegister(cursor), offset: cursor.uleb() };
        return true;
      case DW_CFA_def_cfa_offset_sf:
        this.cfa = { kind: "register", register: this.cfaRegister(cursor), offset: cursor.sleb() * dataAlignment };
        return true;
      case DW_CFA_def_cfa_expression:
        this.cfa = { kind: "expression", bytes: cursor.take(cursor.uleb()) };
        return true;
      default:
        return false;
    }
  }

  private get cfaOffset(): number {
    return this.cfa?.kind === "register" ? this.cfa.offset : 0;
  }

  private cfaRegister(cursor: Cursor): number {
    if (this.cfa?.kind === "register") return this.cfa.register;
    throw Fault.of("corrupt", `${cursor.name} sets an offset of the CFA before its register`);
  }

  private defineRule(cursor: Cursor, opcode: number): void {
    const { dataAlignment } = this.cie;
    const register = cursor.uleb();
    const set = (rule: CfiRule): void => void this.rules.set(register, rule);
    switch (opcode) {
      case DW_CFA_restore_extended:
        return this.restore(register);
      case DW_CFA_offset_extended:
        return set({ kind: "offset", offset: cursor.uleb() * dataAlignment });
      case DW_CFA_offset_extended_sf:
        return set({ kind: "offset", offset: cursor.sleb() * dataAlignment });
      case DW_CFA_GNU_negative_offset_extended:
        return set({ kind: "offset", offset: -cursor.uleb() * dataAlignment });
      case DW_CFA_val_offset:
        return set({ kind: "valueOffset", offset: cursor.uleb() * dataAlignment });
      case DW_CFA_val_offset_sf:
        return set({ kind: "valueOffset", offset: cursor.sleb() * dataAlignment });
      case DW_CFA_undefined:
        return set({ kind: "undefined" });
      case DW_CFA_same_value:
        return set({ kind: "same" });
      case DW_CFA_register:
        return set({ kind: "register", register: cursor.uleb() });
      case DW_CFA_expression:
        return set({ kind: "expression", bytes: cursor.take(cursor.uleb()) });
      case DW_CFA_val_expression:
        return set({ kind: "valueExpression", bytes: cursor.take(cursor.uleb()) });
      default:
        throw Fault.of("corrupt", `${cursor.name} has the unknown instruction 0x${opcode.toString(16)}`);
    }
  }
}
