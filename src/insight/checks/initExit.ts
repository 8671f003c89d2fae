/** Checks why init exited. */
import { signalName } from "../../linux/sched/signal.ts";
import type { Check } from "../check.ts";

/** Reports the exit status of init, or the signal that killed it, from the exit code that the panic prints. */
export const initExit: Check = {
  id: "init-exit",
  needs: [],
  about: ["panic"],
  *run(_kernel, { panic, pid, task, comm }) {
    const [, digits] = /Attempted to kill init! exitcode=0x([0-9a-f]{8})/.exec(panic?.text ?? "") ?? [];
    if (!panic || digits === undefined) return;
    const code = Number.parseInt(digits, 16);
    // The exit code is encoded as wait(2) returns it: the status in bits 15 to 8, the signal in bits 6 to 0.
    const signal = code & 0x7f;
    const status = (code >> 8) & 0xff;
    const name = signal === 0 ? undefined : signalName(signal);
    yield {
      id: "init.exit",
      severity: "cause",
      certainty: "certain",
      slots: { code, signal: name, status: signal === 0 ? status : undefined, pid: pid ?? 1 },
      text: [
        // Another thread of init may be the last one to exit.
        ...(task && pid === 1
          ? [{ kind: "task", address: task.address, pid, comm: comm ?? "?" } as const, ", the first process, "]
          : ["init, the first process, "]),
        name === undefined ? `ended with exit status ${status}.` : `was killed by ${name} (signal ${signal}).`,
      ],
      evidence: [{ kind: "log", line: panic.line, text: panic.text.trim() }],
    };
  },
};
