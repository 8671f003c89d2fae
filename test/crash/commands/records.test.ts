/** Every record of `--json` is described in docs/json.md, and valid by the schemas of docs/schema. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import ts from "typescript";
import { z } from "zod";
import { commands } from "../../../src/crash/commands.ts";
import { run } from "../../../src/crash/language/language.ts";
import { disassembler } from "../../../src/arch/disassembler/disassembler.ts";
import { effectDecoder } from "../../../src/arch/disassembler/effects.ts";
import { drive } from "../../../src/base/job.ts";
import { openSession } from "../../../src/session/open/open.ts";
import { commandSchemas } from "../../../src/cli/docs.ts";
import { jsonText } from "../../../src/render/json.ts";
import { schemaFile } from "../../../src/render/jsonSchema.ts";
import type { Json } from "../../../src/say/piece.ts";
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

/** The checks of the published schemas, by command. */
const schemas = new Map(
  Object.keys(commandSchemas()).map((name) => [
    name,
    z.fromJSONSchema(JSON.parse(published(name)) as Parameters<typeof z.fromJSONSchema>[0]),
  ]),
);

/** Returns the schema of a command as it is in docs/schema. */
function published(name: string): string {
  return readFileSync(join("docs/schema", schemaFile(name)), "utf8");
}

/** Says why a record is in no document that a command may print; undefined if it is. */
function invalid(data: Json, name: string): string | undefined {
  const document: unknown = JSON.parse(`{"schema":1,"records":[${jsonText(data)}]}`);
  const named = RUNS_OTHERS.includes(name) ? [...schemas.values()] : [schemas.get(name)!];
  const errors = named.flatMap((schema) => schema.safeParse(document).error ?? []);
  return errors.length < named.length ? undefined : z.prettifyError(errors[0]!);
}

test("a schema refuses a record with a value of another kind, and one with an unknown key", () => {
  assert.equal(invalid({ pid: 1, comm: "init" }, "ps"), undefined);
  assert.ok(invalid({ pid: "1", comm: "init" }, "ps"));
  assert.ok(invalid({ pid: 1, colour: "red" }, "ps"));
  assert.ok(invalid({ task: "0x10" }, "ps"));
});

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
        const wrong = invalid(piece.data, name);
        assert.equal(wrong, undefined, `${line}: ${wrong}: ${JSON.stringify(piece.data).slice(0, 400)}`);
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
