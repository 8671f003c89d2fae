/** Every record of `--json` is described in docs/json.md. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import ts from "typescript";
import { commands } from "../../../src/crash/commands.ts";
import { run } from "../../../src/crash/language/language.ts";
import { disassembler } from "../../../src/arch/disassembler/disassembler.ts";
import { effectDecoder } from "../../../src/arch/disassembler/effects.ts";
import { drive } from "../../../src/base/job.ts";
import { openSession } from "../../../src/session/open/open.ts";
import { ANY_KEY, type Fields, type Records } from "../../../src/say/table.ts";

const session = openSession({ vmcore: ["sample/vmcore"] });
after(() => session.close());
await drive(disassembler(session.kernel.arch), new AbortController().signal);
await drive(effectDecoder(session.kernel.arch), new AbortController().signal);

const described = new Map(commands().map(({ name, records }) => [name, records?.() ?? []]));
const all: readonly Records[] = [...described.values()].flat();

/** Commands that run other commands. */
const RUNS_OTHERS: readonly string[] = ["foreach", "repeat", "gdb"];
/** Lines that answer what no example does. */
const more: Readonly<Record<string, readonly string[]>> = {
  bt: ["bt -O", "bt -v", "bt -n", "bt -l"],
  dis: ["dis -s schedule"],
  extend: ["extend"],
  gdb: ["gdb ptype struct list_head", "gdb x/2s linux_banner", "gdb x/2a init_task", "gdb info address schedule"],
  help: ["help input", "help all"],
  kmem: ["kmem (schedule)", "kmem (init_task)", "kmem (&runqueues)"],
  p: ["p runqueues", "p init_uts_ns"],
  set: ["set -c 0", "set -a", "set -p", "set"],
  struct: ["struct list_head init_task", "struct task_struct.pid,mm -p init_task", "struct list_head -r init_task"],
  sym: ["sym -q sysrq", "sym -l | head -3", "sym -M"],
  tree: ["tree -t maple -v -r mm_struct.mm_mt init_mm"],
  union: ["union thread_union"],
  whatis: ["whatis task_struct.comm", "whatis jiffies", "whatis list_head"],
};

/** Whether one description has all keys of the record. */
const isDescribed = (data: object, records: readonly Records[]): boolean => {
  const keys = Object.entries(data).flatMap(([key, value]) => (value === undefined ? [] : [key]));
  const has = (fields: Fields, key: string): boolean => Object.hasOwn(fields, key) || Object.hasOwn(fields, ANY_KEY);
  return records.some(({ fields }) => keys.every((key) => has(fields, key)));
};

for (const { name, examples } of commands()) {
  const lines = [...examples.map(({ line }) => line), ...(more[name] ?? [])];
  if (lines.length === 0) continue;
  test(`the records of ${name} are described`, () => {
    const records = RUNS_OTHERS.includes(name) ? all : described.get(name)!;
    for (const line of lines)
      for (const piece of run(session.context, line)) {
        // A filtered line, or one of the kernel's configuration, is a text.
        if (piece.kind !== "record" || typeof piece.data !== "object" || piece.data === null) continue;
        assert.ok(isDescribed(piece.data, records), `${line}: ${Object.keys(piece.data).join()}`);
      }
  });
}

const folder = "src/crash";
const sources = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));

/** The keys of each object that the sources give `record` or `lazyRecord` in place; variables are not followed. */
function* literalRecords(file: string): Generator<{ readonly keys: readonly string[]; readonly place: string }> {
  const source = ts.createSourceFile(file, readFileSync(join(folder, file), "utf8"), ts.ScriptTarget.Latest, true);
  const literal = (node: ts.Node | undefined): ts.ObjectLiteralExpression | undefined => {
    if (node && ts.isSatisfiesExpression(node)) return literal(node.expression);
    if (node && ts.isArrowFunction(node)) return literal(node.body);
    if (node && ts.isParenthesizedExpression(node)) return literal(node.expression);
    return node && ts.isObjectLiteralExpression(node) ? node : undefined;
  };
  const found: ts.ObjectLiteralExpression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /^(record|lazyRecord)$/.test(node.expression.getText())) {
      const object = literal(node.arguments[0]);
      if (object) found.push(object);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  for (const object of found) {
    const keys = object.properties.flatMap(({ name }) => (name && ts.isIdentifier(name) ? [name.text] : []));
    const { line } = source.getLineAndCharacterOfPosition(object.getStart());
    yield { keys, place: `${file}:${line + 1}` };
  }
}

test("every record that a command makes in place has its keys in one description", () => {
  const records = sources.flatMap((file) => [...literalRecords(file)]);
  assert.ok(records.length > 25, String(records.length));
  assert.deepEqual(
    records.filter(({ keys }) => !all.some(({ fields }) => keys.every((key) => Object.hasOwn(fields, key)))),
    [],
  );
});
