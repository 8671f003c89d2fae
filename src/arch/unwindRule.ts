/** How a machine is unwound: its rules, and where the registers of a task that is not running are. */

/** A way to step from a frame to its caller. `unwind/` implements each. */
export type UnwindRule =
  | "trampoline"
  | "called nothing"
  | "thunk"
  | "ORC"
  | "call frame information"
  | "detour"
  | "push prologue"
  | "frame pointer"
  | "entry record"
  | "frame record"
  | "entry code"
  | "back chain"
  | "saved registers"
  | "frame below"
  | "marked registers"
  | "unwind index"
  | "linkage area"
  | "interrupt stack"
  | "storing prologue";

/** Where `switch_to` saves the registers of a task that is not running. */
export type SwitchFrame =
  /** The struct at the task's saved stack pointer `sp`. Its return address follows it in memory. */
  | {
      readonly kind: "on stack";
      readonly sp: string;
      readonly type: string;
      readonly returnAddress: string;
      /** Register to member. */
      readonly registers: ReadonlyMap<string, string>;
    }
  /** A member of `task_struct` whose members are registers; `aliases` maps registers with other names. */
  | { readonly kind: "in task"; readonly path: string; readonly aliases: ReadonlyMap<string, string> }
  /** The stack pointer in `task_struct`, which points to a frame whose save area has the return address. */
  | { readonly kind: "back chain"; readonly sp: string }
  /** The stack pointer in `task_struct`, which points to a frame whose caller has the return address. */
  | { readonly kind: "linkage area"; readonly sp: string };
