/** The variables of `set`. */
import { UsageError } from "../../base/usageError.ts";
import type { Change, Context } from "./command.ts";
import { anyNumber, symbolAddress } from "./number.ts";

/** A variable of `set`. */
export interface Variable {
  readonly name: string;
  readonly initial: string;
  /** The accepted values, for messages. */
  readonly accepts: string;
  /** Whether `set` does not list it, because crash does not: a setting of gdb. */
  readonly isOfGdb?: boolean;
  /**
   * Why the variable has no effect: it controls a feature that only crash has. It is kept and shown for scripts that
   * set it.
   */
  readonly idle?: string;
  /** Returns the value to store; undefined if the text is not accepted. */
  read(context: Context, text: string): string | undefined;
}

const choice = (name: string, initial: string, ...values: readonly string[]): Variable => ({
  name,
  initial,
  accepts: values.join(" | "),
  read: (_context, text) => (values.includes(text) ? text : undefined),
});

const switched = (name: string, initial: "on" | "off"): Variable => choice(name, initial, "on", "off");

const numeric = (name: string, initial: number): Variable => ({
  name,
  initial: String(initial),
  accepts: "number",
  read: (_context, text) => anyNumber(text)?.toString(),
});

const anything = (name: string, initial: string): Variable => ({
  name,
  initial,
  accepts: "text",
  read: (_context, text) => text,
});

const idle = (why: string, of: Variable): Variable => ({ ...of, idle: why });

/** Maps the arguments of `set radix` to the value that is stored. */
export const RADIXES: Readonly<Record<string, string>> = { 10: "10", 16: "16", dec: "10", hex: "16" };

/** All variables, in crash's order. */
export const variables: readonly Variable[] = [
  choice("scroll", "on", "on", "off", "less", "more", "CRASHPAGER"),
  {
    name: "radix",
    initial: "10",
    accepts: "10 | 16 | dec | hex",
    read: (_context, text) => RADIXES[text],
  },
  idle("the tasks of a dump do not change", switched("refresh", "on")),
  numeric("print_max", 256),
  switched("print_array", "off"),
  idle("it is for debugging crash", anything("console", "(not assigned)")),
  idle("it is for debugging crash", numeric("debug", 0)),
  idle("it is for debugging crash", switched("core", "off")),
  idle("lists are always checked", switched("hash", "on")),
  idle("give -s when you start", switched("silent", "off")),
  idle("lines are edited as in emacs", choice("edit", "emacs", "vi", "emacs")),
  idle("stacks are always unwound", switched("unwind", "off")),
  idle("missing pages are always reported", switched("zero_excluded", "off")),
  switched("null-stop", "off"),
  switched("gdb", "off"),
  {
    name: "scope",
    idle: "types are found by name",
    initial: "0",
    accepts: "text-addr",
    read: (context, text) => (symbolAddress(context, text) ?? anyNumber(text))?.toString(),
  },
  choice("offline", "show", "show", "hide"),
  idle("addresses are those of objects", switched("redzone", "on")),
  anything("error", "default"),
  anything("prompt", "vmcore-debug> "),
  { ...choice("disassembly-flavor", "att", "att", "intel"), isOfGdb: true },
];

export const findVariable = (name: string): Variable | undefined => variables.find((one) => one.name === name);

/** Returns the current value of a variable. */
export function variable(context: Context, name: string): string {
  if (name === "radix") return String(context.radix);
  return context.variables.get(name) ?? findVariable(name)?.initial ?? "";
}

/** Returns the change that sets a variable. @throws UsageError when the variable does not accept the value */
export function setting(context: Context, name: string, text: string): Change {
  const found = findVariable(name);
  const value = found?.read(context, text);
  if (!found || value === undefined)
    throw new UsageError(`${name} takes ${found?.accepts ?? "nothing"}, not "${text}"`);
  return name === "radix" ? { radix: value === "16" ? 16 : 10 } : { variables: new Map([[name, value]]) };
}
