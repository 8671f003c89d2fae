import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { readLine, resolve } from "../../src/crash/language.ts";
import { parseOptions } from "../../src/crash/parse.ts";
import { panels } from "../../src/extension/panels.ts";
import { openSession } from "../../src/session/open.ts";

const session = openSession({ vmcore: ["sample/vmcore"] });
after(() => session.close());

interface Manifest {
  contributes: { views: Record<string, { id: string }[]>; commands: { command: string }[] };
}
const { contributes } = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;

for (const { title, line } of panels) {
  test(`the command of ${title} exists and has its options`, () => {
    const { command, filters } = readLine(session.context, line);
    assert.deepEqual(filters, []);
    const found = resolve(session.context, command);
    parseOptions(found.command, found.line);
  });
}

test("panels have names of their own", () => {
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  assert.equal(new Set(panels.map(({ title }) => title)).size, panels.length);
});

test("the manifest has the view and no command that nothing registers", () => {
  assert.deepEqual(
    contributes.views["vmcore"]?.map(({ id }) => id),
    ["vmcore.kernel"],
  );
  const registered = readFileSync("src/extension/kernelView.ts", "utf8");
  const ours = contributes.commands.map(({ command }) => command).filter((one) => one.startsWith("vmcore.panel."));
  assert.ok(ours.length > 0);
  for (const command of ours) assert.ok(registered.includes(`"${command}"`), command);
});
