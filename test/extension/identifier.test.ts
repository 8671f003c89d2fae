import assert from "node:assert/strict";
import { test } from "node:test";
import { declaredType, identifierAt } from "../../src/extension/identifier.ts";

const FILE = `static int other(struct page *task)
{
	return 0;
}

static int lab_walk(struct task_struct *task, const char __user *buf,
		    unsigned long count)
{
	struct list_head *next, *prev;
	struct mm_struct *mm = task->mm;
	pid_t pid = task_pid_nr(task);

	/* task->comm is text */
	printk("task->comm %s", task->comm);
	return mm->owner->files->fdt.max_fds + get(task)->state + init_task.tasks.next;
}
`;
const lines = FILE.split("\n");
const lineAt = (line: number): string => lines[line] ?? "";

/** The identifier under the first character of `piece` behind `before`. */
function at(before: string, piece: string) {
  const line = lines.findIndex((text) => text.includes(before + piece));
  return identifierAt(lineAt, line, lineAt(line).indexOf(before + piece) + before.length)?.identifier;
}

test("a member is returned with its expression and the type of the root", () => {
  assert.deepEqual(at("mm->owner->", "files"), {
    name: "files",
    tag: undefined,
    expression: "mm->owner->files",
    root: "mm",
    members: ["owner", "files"],
    declared: "struct mm_struct *",
  });
  assert.equal(at('%s", task->', "comm")?.declared, "struct task_struct *");
});

test("tags, plain names and members of calls", () => {
  assert.equal(at("struct ", "mm_struct")?.tag, "struct");
  assert.deepEqual(at("+ ", "init_task")?.members, []);
  assert.deepEqual([at("get(task)->", "state")?.root, at("get(task)->", "state")?.members], ["", ["state"]]);
});

test("comments and strings have no identifiers", () => {
  assert.equal(at("/* task->", "comm"), undefined);
  assert.equal(at('"task->', "comm"), undefined);
});

test("declarations are found only in the same function", () => {
  const last = lines.findIndex((text) => text.includes("return mm"));
  const types = ["task", "buf", "count", "next", "prev", "mm", "pid", "absent"].map((name) =>
    declaredType(lineAt, last, name),
  );
  assert.deepEqual(types, [
    "struct task_struct *",
    "char *",
    "unsigned long",
    "struct list_head *",
    "struct list_head *",
    "struct mm_struct *",
    "pid_t",
    undefined,
  ]);
});
