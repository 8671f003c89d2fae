import assert from "node:assert/strict";
import { test } from "node:test";
import { taskSocketRows } from "../../../src/crash/commands/net/sockets.ts";
import { taskAt } from "../../../src/linux/sched/task.ts";
import { lineText } from "../../../src/say/piece.ts";
import { taskAddress, toyTasks } from "../../builders/tasks.ts";

test("a search for a socket shows why the task's files cannot be read", () => {
  const kernel = toyTasks({
    cpus: [0],
    taskMembers: "struct files_struct *files;",
    tasks: [{ pid: 7, comm: "server", with: { files: 0xdead_0000n } }],
    more: {
      types: `struct file; struct fdtable { unsigned int max_fds; struct file **fd; unsigned long *open_fds; };
        struct files_struct { struct fdtable *fdt; };`,
    },
  });
  const task = taskAt(kernel, taskAddress(7));
  assert.ok(task);
  const lines = [...taskSocketRows(task, "5")].flatMap((piece) => ("lines" in piece ? piece.lines.map(lineText) : []));
  assert.match(lines.join("\n"), /net: .*dead0000/);
});
