/** Checks whether the console lock is held, or a console that does without it is owned. */
import { type OwnedConsole, ownedConsoles } from "../../linux/printk/nbcon.ts";
import type { Finding } from "../finding.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { waitGraph } from "../waits/waitGraph.ts";
import { countWords } from "./amounts.ts";

/** Reports whether the console lock is held and who waits for it, and the consoles that a CPU owns. */
export const consoleLock: HealthCheck = {
  id: "console-lock",
  title: "console lock",
  shows: "p console_sem",
  *run(kernel) {
    const owned = ownedConsoles(kernel);
    for (const one of owned) yield ownedFinding(one);
    const lock = kernel.variable("console_sem").as("struct semaphore");
    if (lock.at("count").number() > 0) return owned.length > 0 ? "" : "The console lock is free.";
    const { blocked } = yield* waitGraph(kernel);
    const waiters = blocked.filter(({ wait }) => wait.resource?.address === lock.address);
    const [first] = waiters;
    yield observed(
      "console-lock",
      first ? "suspect" : "note",
      { waiters: waiters.length },
      [
        "The console lock (console_sem) is held, for printing messages or for a change of a console.",
        ...(first
          ? [
              ` ${countWords(waiters.length, "task")} wait${waiters.length === 1 ? "s" : ""} for it, first `,
              { kind: "task", address: first.task.address, pid: first.pid, comm: first.comm } as const,
              ".",
            ]
          : []),
      ],
      { kind: "field", type: "struct semaphore", address: lock.address, path: "count", value: "0" },
    );
    return "";
  },
};

/** Reports a console that a CPU owns, which prints without the console lock. */
const ownedFinding = ({ console, name, cpu, priority, isUnsafe }: OwnedConsole): Finding =>
  observed(
    "console-lock",
    "note",
    { console: name, cpu, priority },
    [
      `The console ${name} is owned by `,
      { kind: "cpu", cpu },
      ` with priority ${priority}${isUnsafe ? ", in a section in which the console must not be taken over" : ""}.`,
    ],
    { kind: "field", type: "struct console", address: console.address, path: "nbcon_state", value: `prio ${priority}, cpu ${cpu}` }, // prettier-ignore
  );
