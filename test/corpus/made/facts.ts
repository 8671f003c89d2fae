import { readFileSync } from "node:fs";
import { join } from "node:path";
import { taskComm, taskPid, tasks } from "../../../src/linux/sched/task.ts";
import type { Kernel } from "../../../src/model/kernel.ts";
import type { Facts } from "./truth.ts";

const TOKEN = /\s*(?:(?<number>0x[0-9a-f]+|\d+)|(?<symbol>[A-Za-z_][\w.]*)|(?<sign>[[\]+-]))/iy;

/** What truth files name, as it is in one dump. */
export function factsOf(kernel: Kernel): Facts {
  const pids = new Map<string, number[]>();
  for (const task of tasks(kernel)) pids.set(taskComm(task), [...(pids.get(taskComm(task)) ?? []), taskPid(task)]);
  return {
    address: (expression) => valueOf(kernel, expression),
    pids: (comm) => pids.get(comm) ?? [],
    line: (file, text) => {
      const [wanted, name] = text.split(/ in (?=\w+$)/);
      const lines = readFileSync(join(import.meta.dirname, "modules", file), "utf8").split("\n");
      const begin =
        name === undefined ? 0 : lines.findIndex((line) => line.includes(`${name}(`) && !line.endsWith(";"));
      const end = lines.findIndex((line, i) => i > begin && line === "}");
      const at = lines.flatMap((line, i) =>
        line.trim() === wanted && (name === undefined || (i > begin && i < end)) ? [i + 1] : [],
      );
      if (at.length !== 1) throw new Error(`${file} has ${at.length} lines "${text}"`);
      return at[0]!;
    },
  };
}

/** "[recent]+0x20": addresses of symbols and numbers are added up, `[...]` is the word at an address. */
function valueOf(kernel: Kernel, expression: string): bigint {
  TOKEN.lastIndex = 0;
  const sum = (): bigint => {
    let total = 0n;
    let factor = 1n;
    for (let token; TOKEN.lastIndex < expression.length && (token = TOKEN.exec(expression));) {
      const { number, symbol, sign } = token.groups!;
      if (sign === "]") return total;
      if (sign === "+" || sign === "-") factor = sign === "-" ? -1n : 1n;
      else total += factor * (number ? BigInt(number) : symbol ? addressOf(kernel, symbol) : kernel.memory.word(sum())); // prettier-ignore
    }
    return total;
  };
  return BigInt.asUintN(64, sum());
}

function addressOf(kernel: Kernel, name: string): bigint {
  // The modules' own before a namesake of the kernel's.
  const named = kernel.symbols.named(name);
  const symbol = named.find(({ module }) => module !== undefined) ?? named[0];
  if (!symbol) throw new Error(`the dump has no symbol ${name}`);
  return symbol.address;
}
