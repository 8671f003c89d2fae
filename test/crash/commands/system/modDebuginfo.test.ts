/** mod -s, -S, -d, -D and -g on the dump that ships, with debuginfo files as small as they can be. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { modules, moduleBuildId, moduleName, moduleSections } from "../../../../src/linux/module/module.ts";
import { openSession } from "../../../../src/session/open/open.ts";
import { debuginfoPlaces } from "../../../builders/debuginfoPlaces.ts";
import { transcript } from "../../../builders/transcript.ts";

const ET_REL = 1;
const name = "lab_nullderef";

/** A session, and a folder with the module's file, with one of another build, and with none. */
function stage() {
  const session = openSession({ vmcore: ["sample/vmcore"] });
  const module = [...modules(session.kernel)].find((one) => moduleName(one) === name)!;
  const buildId = moduleBuildId(module)!;
  const sections = [{ name: ".text.unlikely", bytes: new Uint8Array(67), flags: 6 }];
  const ko = (id: string) => ({ type: ET_REL, buildId: id, sections });
  const { root } = debuginfoPlaces({
    [`own/deep/${name}.ko`]: ko(buildId),
    [`other/${name}.ko`]: ko("ff".repeat(20)),
    "empty/readme": "nothing",
  });
  const said = (line: string): string => transcript(session.context, line);
  const file = (): string => said(`mod ${name}`).split("\n").at(-1)?.trim().split(/\s+/)[4] ?? "";
  return { said, file, root, module };
}

test("mod -s loads a file, or one that it finds below a folder, and -d unloads it", () => {
  const { said, file, root } = stage();
  const ko = `${root}/own/deep/${name}.ko`;
  for (const place of [ko, `${root}/own`]) {
    assert.equal(file(), "(not");
    const [title, row, ...more] = said(`mod -s ${name} ${place}`).split("\n");
    assert.match(title ?? "", /MODULE +NAME +BASE +SIZE +OBJECT FILE/);
    assert.ok(row?.endsWith(ko), row);
    assert.deepEqual(more, []);
    assert.equal(file(), ko);
    assert.equal(said(`mod -d ${name}`), "");
  }
});

test("mod -s reports why it loads no file", () => {
  const { said, file, root } = stage();
  const wrong: Readonly<Record<string, RegExp>> = {
    [`mod -s ${name} ${root}/other`]: /^mod: \S+lab_nullderef.ko is of another build/,
    [`mod -s ${name} ${root}/empty`]: /^mod: cannot find or load object file for lab_nullderef module in /,
    [`mod -s ${name} ${root}/empty/readme`]: /^mod: \S+readme is not a module/,
    [`mod -s ${name} ${root}/nosuch`]: /^mod: \S+nosuch: there is no such file or directory$/,
    "mod -s nosuch": /^mod: no module is named nosuch; "mod" lists them$/,
    "mod -s": /^mod: a module is missing\nUsage:/,
  };
  for (const [line, message] of Object.entries(wrong)) assert.match(said(line), message, line);
  assert.equal(file(), "(not");
});

test("mod -S loads the modules of a folder and reports missing ones; -D and -R unload all", () => {
  const { said, file, root } = stage();
  for (const flag of ["-D", "-R"]) {
    const all = said(`mod -S ${root}/own`);
    assert.match(all, /cannot find or load object file for virtio_blk module/);
    assert.equal(all.match(/\/own\/deep\//g)?.length, 1);
    assert.notEqual(file(), "(not");
    said(`mod ${flag}`);
    assert.equal(file(), "(not");
  }
  assert.match(said(`mod -S ${root}/own surplus`), /^mod: invalid argument: surplus; -S takes one directory$/);
});

test("with -g the starts and ends of the module's sections are listed among its symbols until it is unloaded", () => {
  const { said, root, module } = stage();
  const plain = said(`sym -m ${name}`);
  assert.doesNotMatch(plain, /section/);
  said(`mod -g -s ${name} ${root}/own`);
  const marks = said(`sym -m ${name}`).match(/^[0-9a-f]+ \[.*\]: section (start|end)$/gm);
  const start = [...moduleSections(module)].find((section) => section.name === ".text.unlikely")!.address;
  // The module in the dump has no .text; the file has 67 bytes of the other.
  assert.deepEqual(
    marks?.filter((line) => line.includes("[.text")),
    [
      `${start.toString(16)} [.text.unlikely]: section start`,
      `${(start + 67n).toString(16)} [.text.unlikely]: section end`,
    ],
  );
  said(`mod -d ${name}`);
  assert.equal(said(`sym -m ${name}`), plain);
});
