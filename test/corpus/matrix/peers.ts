/** What drgn and crash answered about a row's dump, in a few words. */
import { readFileSync } from "node:fs";
import { drgnAccount } from "./cells.ts";

/** Stacks of fewer frames end in __schedule() or before it. */
const LEAST_FRAMES = 3;

export function drgnSummary(file: string): string {
  const account = drgnAccount(file);
  if (account === undefined) return `does not open it: ${/\w+Error: (.*)/.exec(readFileSync(file, "utf8"))?.[1] ?? "no answer"}`; // prettier-ignore
  if (typeof account.tasks === "string") return `no tasks: ${account.tasks}`;
  const stacks = account.stacks?.filter((one) => typeof one === "number" && one >= LEAST_FRAMES).length ?? 0;
  const faults = [
    ["modules", account.modules] as const,
    ["log", account.log] as const,
    ["slabs", account.slabs] as const,
  ]
    .filter(([, answer]) => typeof answer === "string")
    .map(([what]) => `no ${what}`);
  return [`${account.tasks.length} tasks`, `${stacks} stacks`, ...faults].join(", ");
}

export function crashSummary(file: string): string {
  const text = readFileSync(file, "utf8");
  const part = (command: string): string => text.split(`=== ${command}\n`)[1]?.split(/^=== /m)[0] ?? "";
  const tasks = part("ps").match(/^>? +\d+ +\d+ +\d+ +[\da-f]+/gm)?.length ?? 0;
  if (tasks === 0) {
    const said = /FAILED: *(.*)/s.exec(text)?.[1] ?? text;
    return `does not open it: ${(/^crash: (.*)/m.exec(text)?.[1] ?? said)
      .replace(/ *\[.*/s, "")
      .replace(/ +/g, " ")
      .trim()}`;
  }
  const stacks = part("foreach bt").split(/^PID: /m).filter((stack) => stack.split(/^ *#\d+ /m).length > LEAST_FRAMES).length; // prettier-ignore
  const faults = ["mod", "mount", "kmem -i", "kmem -s", "log"]
    .filter((command) => part(command).trim() === "" || /invalid|cannot|error/i.test(part(command).slice(0, 200)))
    .map((command) => `no ${command}`);
  return [`${tasks} tasks`, `${stacks} stacks`, ...faults].join(", ");
}
