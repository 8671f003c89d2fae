import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { readLine, resolve } from "../../../src/crash/language/language.ts";
import { parseOptions } from "../../../src/crash/language/parse.ts";
import { commands } from "../../../src/crash/commands.ts";
import { editorPage, pages, revivedEditor } from "../../../src/extension/panel/pages.ts";
import type { Fields } from "../../../src/say/table.ts";
import { openSession } from "../../../src/session/open/open.ts";

const session = openSession({ vmcore: ["sample/vmcore"] });
after(() => session.close());

interface Manifest {
  contributes: { views: Record<string, { id: string }[]>; commands: { command: string }[] };
}
const { contributes } = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;

for (const { title, line } of pages) {
  test(`the command of ${title} exists and has its options`, () => {
    const { command, filters } = readLine(session.context, line);
    assert.deepEqual(filters, []);
    const found = resolve(session.context, command);
    parseOptions(found.command, found.line);
  });
}

/** Names of the columns of records: their keys, and those of the list within. */
const columnsOf = (fields: Fields): string[] =>
  Object.entries(fields).flatMap(([key, field]) => [key, ...(field.fields ? columnsOf(field.fields) : [])]);

for (const { title, line, lead } of pages.filter(({ kind }) => kind === "grid")) {
  test(`the first columns of ${title} are keys of its command's records`, () => {
    const [name = "", option] = line.replace(/^foreach user /, "").split(" ");
    const { records = () => [] } = commands().find((one) => one.name === name) ?? {};
    const declared = records().filter(({ line }) => line.startsWith(option === undefined ? name : `${name} ${option}`));
    const keys = new Set(declared.flatMap(({ fields }) => columnsOf(fields)));
    assert.deepEqual(
      lead?.filter((key) => !keys.has(key)),
      [],
    );
  });
}

test("an editor is restored after a reload from the state that its page stored", () => {
  const session = { id: "gone", name: "vmcore", release: "6.1.0", dump: ["/crash/vmcore"] };
  const revived = revivedEditor({ editor: { line: "kmem -S task_struct", page: "grid", session } });
  assert.deepEqual(revived?.page, editorPage("kmem -S task_struct", "grid"));
  // A page of the panel can be an editor too.
  const tasks = revivedEditor({ editor: { line: "ps", page: "tasks", session } });
  assert.equal(tasks?.page.title, "Tasks");
  assert.equal(revivedEditor({ editor: { line: "bt", page: "tasks", session } }), undefined);
  assert.equal(revived?.page.opens?.kind, "object");
  assert.deepEqual(revived?.session, { ...session, id: "" });
});

test("a state that none of our pages stored restores no editor", () => {
  const session = { name: "vmcore", dump: ["/crash/vmcore"] };
  for (const state of [
    undefined,
    {},
    { editor: { line: 1, page: "grid", session } },
    { editor: { line: "ps", page: "log", session } },
    { editor: { line: "ps", page: "grid" } },
    { editor: { line: "ps", page: "grid", session: { ...session, dump: [1] } } },
  ]) {
    assert.equal(revivedEditor(state), undefined);
  }
});

test("pages have distinct names", () => {
  assert.equal(new Set(pages.map(({ id }) => id)).size, pages.length);
  assert.equal(new Set(pages.map(({ title }) => title)).size, pages.length);
});

test("the manifest has the view, and each of its commands is registered", () => {
  assert.deepEqual(
    contributes.views["vmcore"]?.map(({ id }) => id),
    ["vmcore.kernel"],
  );
  const registered = readFileSync("src/extension/panel/crashDumpPanel.ts", "utf8");
  const ours = contributes.commands.map(({ command }) => command).filter((one) => one.startsWith("vmcore.panel."));
  assert.ok(ours.length > 0);
  for (const command of ours) assert.ok(registered.includes(`"${command}"`), command);
});
