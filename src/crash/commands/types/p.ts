/** The `p` command: prints the value of an expression. */
import { attempt, Fault } from "../../../base/fault.ts";
import { hex } from "../../../base/hex.ts";
import { UsageError } from "../../../base/usageError.ts";
import { bare, sizeOf } from "../../../debuginfo/ctype.ts";
import { possibleCpus } from "../../../kernel/cpumask.ts";
import { perCpuAddress, perCpuVariable } from "../../../kernel/percpu.ts";
import { taskCpu } from "../../../linux/sched/task.ts";
import { formatValue, type FormatOptions } from "../../../model/format.ts";
import type { Obj } from "../../../model/object.ts";
import { declare, typeName } from "../../../model/typeName.ts";
import { evaluateIn, evaluateOrVoid } from "../../language/address.ts";
import { command, type Context } from "../../language/command.ts";
import { changed } from "../../language/context.ts";
import { cpuSpec, isPerCpu } from "../../language/perCpu.ts";
import { addressJson, record, text, type Line, type Pieces, lazyRecord } from "../../../say/piece.ts";
import { lockLines } from "../../say/lockLines.ts";
import { printLetter } from "../gdb/gdbCommand.ts";
import { formatOptions } from "../../say/structView.ts";
import { currentUserSpace, inSpace } from "../../language/userSpace.ts";
import { valueJson } from "../../say/valueJson.ts";
import { WrongUse } from "../../language/wrongUse.ts";
import type { Fields } from "../../../say/table.ts";

export const p = command({
  name: "p",
  readsOnly: true,
  summary: "print the value of an expression",
  usage: "[-x|-d][-u] [expression | symbol[:cpuspec]]",
  takesExpression: true,
  options: [
    { flag: "-x", help: "numbers in hexadecimal" },
    { flag: "-d", help: "numbers in decimal" },
    { flag: "-u", help: "pointers are addresses in the current task's user memory" },
  ],
  description: `Prints the value of a C expression: symbols, casts to any named type, members, indexes, arithmetic, comparisons, sizeof. Each value is numbered, and $1, $2 and so on refer to earlier values.

For a per-CPU symbol, shows its type and addresses; with a list of CPUs after a colon, its values: all for ":a", some for ":0-3,7", the current task's CPU for ":". A member may follow.

"set radix" selects decimal or hexadecimal numbers, "set print_max" limits the elements of arrays and the characters of text.`,
  examples: [
    { line: "p jiffies", shows: "A variable." },
    { line: "p -x init_uts_ns", shows: "A struct in hexadecimal." },
    { line: "p ((struct task_struct *)init_task.tasks.next)->pid", shows: "A cast." },
    { line: "p current_task:a", shows: "A per-CPU variable on every CPU." },
    { line: "p runqueues:0.nr_running", shows: "A member of one CPU's copy." },
  ],
  records: () => [
    { line: "p jiffies", fields: printedFields },
    { line: "p runqueues", fields: { cpu: { kind: "number" }, address: { kind: "address" } } },
  ],
  needs: ["types"],
  *run(context, args) {
    const [, format, written] = /^(?:\/(\w+)\s+)?(.*)$/s.exec(args.rest[0] ?? "") ?? [];
    if (!written) throw new WrongUse("an expression is missing");
    const options: FormatOptions = {
      ...formatOptions(context, args),
      letter: printLetter(format ?? ""),
      top: true,
    };
    const { text: expression, member, cpus } = cpuSpec(context, written.trim(), () => taskCpu(context.task));
    const { kernel } = context;
    const [, ampersand = "", variable = ""] = /^(&?)\s*(.*)$/s.exec(expression) ?? [];
    const symbol = kernel.symbols.find(variable);
    const isPerCpuVariable = symbol !== undefined && isPerCpu(kernel, symbol);
    if (cpus && isPerCpuVariable) {
      for (const [i, cpu] of cpus.entries()) {
        const copy = perCpuVariable(kernel, variable, cpu);
        // In the rest of the expression the variable's name refers to the copy of this CPU.
        const value = evaluateIn(context, `${ampersand}${variable}${member}`, (name) =>
          name === variable ? copy : undefined,
        );
        const name = `${ampersand}per_cpu(${variable}, ${cpu})${member} = `;
        yield changed({ value });
        yield valuePiece(context.values.length + i + 1, value, name, options, { cpu });
      }
      return;
    }
    if (cpus && member !== "") throw new UsageError(`${variable} is not per-CPU: leave out the list of CPUs`);
    if (isPerCpuVariable && ampersand === "") return yield* places(context, expression);
    const inUser = args.has("-u") ? context.with({ kernel: inSpace(kernel, currentUserSpace(context)) }) : context;
    const warnings: string[] = [];
    const value = evaluateOrVoid(inUser, expression, (warning) => warnings.push(warning));
    // The variable is known not to be per-CPU only once it has a value.
    if (cpus) yield text([{ as: "bad", text: `${expression} is not per-CPU: the list of CPUs is ignored` }]);
    for (const warning of warnings) yield text([{ as: "bad", text: `warning: ${warning}` }]);
    const name = /^\w+(?=\s|$)/.exec(expression)?.[0];
    const isNamed = name !== undefined && kernel.symbols.find(name) !== undefined;
    yield changed({ value });
    yield valuePiece(context.values.length + 1, value, isNamed ? `${name} = ` : "", options, {
      expression,
      ...(warnings[0] !== undefined && { warning: warnings[0] }),
    });
    yield* lockLines(value);
  },
});

/** The fields of a value of an expression. */
const printedFields: Fields = {
  expression: { kind: "text" },
  cpu: { kind: "number", about: "of a copy of a per-CPU variable" },
  warning: { kind: "text", about: "if the expression was evaluated with doubts" },
  type: { kind: "text" },
  value: { kind: "data", about: "as `struct` gives it" },
};

/** Prints a value with gdb's number: `jiffies = $1 = 4294894042`. */
function valuePiece(
  number: number,
  value: Obj,
  name: string,
  options: FormatOptions,
  more: Readonly<Record<string, string | number>>,
) {
  const { kind } = bare(value.type);
  // As in crash, a named array or function starts on its own line.
  const startsLine =
    name !== "" && !/^&?per_cpu/.test(name) && (kind === "function" || (kind === "array" && !isText(value)));
  const lines = (): Line[] => {
    const [first = [], ...rest] = formatValue(value, options);
    return [
      startsLine ? [`${name}$${number} = `] : [`${name}$${number} = `, ...first],
      ...(startsLine ? [[" ", ...first]] : []),
      ...rest,
    ];
  };
  return lazyRecord(() => ({ ...more, type: typeName(value.type), value: valueJson(value) }), lines, {
    unread: unread(value),
  });
}

/**
 * Returns why no part of a value can be read; undefined if its first word can. For a struct that is partly readable,
 * its members show what cannot be read.
 */
function unread(value: Obj): Fault | undefined {
  const { kind } = bare(value.type);
  if (kind === "void" || kind === "function" || value.storage.kind !== "memory") return undefined;
  const bytes = attempt(() => value.bytes(Math.min(sizeOf(value.type), value.kernel.arch.wordSize)));
  return bytes instanceof Fault ? bytes : undefined;
}

function isText({ type }: Obj): boolean {
  const array = bare(type);
  if (array.kind !== "array") return false;
  const element = bare(array.element);
  return array.count === undefined || (element.kind === "int" && element.encoding === "char");
}

/** Prints a per-CPU variable without a list of CPUs: its declaration and the addresses of its copies. */
function* places({ kernel }: Context, name: string): Pieces {
  const variable = kernel.variable(name);
  yield text("PER-CPU DATA TYPE:", `  ${declare(variable.type, name)};`, "PER-CPU ADDRESSES:");
  for (const cpu of possibleCpus(kernel)) {
    const address = perCpuAddress(kernel, variable.address, cpu);
    yield record({ cpu, address: addressJson(address) }, [
      `  [${cpu}]: `,
      { as: "address", text: hex(address), address },
    ]);
  }
}
