import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { declaredTools } from "../../src/tools/named.ts";

interface MenuEntry {
  readonly command: string;
  readonly when: string;
  readonly group?: string;
}

interface Manifest {
  readonly contributes: {
    readonly languageModelTools: readonly unknown[];
    readonly commands: readonly { readonly command: string; readonly title: string }[];
    readonly keybindings: readonly { readonly command: string; readonly key: string; readonly when: string }[];
    readonly menus: Readonly<Record<string, readonly MenuEntry[]>>;
    readonly customEditors: readonly { readonly selector: readonly { readonly filenamePattern: string }[] }[];
    readonly configurationDefaults: Readonly<Record<string, Readonly<Record<string, string>>>>;
    readonly languages: readonly { readonly id: string; readonly filenamePatterns?: readonly string[] }[];
  };
}

const { contributes } = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;

/** `*` and `[0-9]` of a name's pattern. */
const matches = (pattern: string, name: string): boolean =>
  new RegExp(`^${pattern.replace(/[.+^${}()|\\]/g, "\\$&").replace(/\*/g, ".*")}$`).test(name);

const isOffered = (name: string): boolean =>
  contributes.customEditors.some(({ selector }) =>
    selector.some(({ filenamePattern }) => matches(filenamePattern, name)),
  );
const opensAtOnce = (name: string): boolean =>
  Object.keys(contributes.configurationDefaults["workbench.editorAssociations"] ?? {}).some((pattern) =>
    matches(pattern, name),
  );
const isInExplorersMenu = (name: string): boolean => {
  const { when = "" } = contributes.menus["explorer/context"]?.find(({ command }) => command === "vmcore.open") ?? {};
  return new RegExp(/=~ \/(.*)\/$/.exec(when)?.[1] ?? "^$").test(name);
};

for (const name of [
  "vmcore",
  "vmcore.flat",
  "vmcore.1",
  "vmcore-20261121",
  "vmcore-2026-11-21-10:12",
  "vmcore-incomplete",
  "web1.vmcore",
  "guest.kdump",
  "dump.202611211012",
]) {
  test(`${name} opens as a dump directly`, () => {
    assert.deepEqual([isOffered(name), opensAtOnce(name), isInExplorersMenu(name)], [true, true, true]);
  });
}

for (const name of ["vmcore-dmesg.txt", "vmcore.txt", "vmcore-dmesg-incomplete.txt", "dmesg.202611211012", "core.c"]) {
  test(`${name} does not`, () => {
    assert.deepEqual([opensAtOnce(name), isInExplorersMenu(name)], [false, false]);
  });
}

test("the log that kdump-tools writes next to a dump is a kernel log", () => {
  const { filenamePatterns = [] } = contributes.languages.find(({ id }) => id === "kernel-log") ?? {};
  assert.ok(filenamePatterns.some((pattern) => matches(pattern, "dmesg.202611211012")));
});

test("every key runs an existing command, and only in a context of a dump", () => {
  const commands = new Set(contributes.commands.map(({ command }) => command));
  assert.ok(contributes.keybindings.length > 0);
  for (const { command, key, when } of contributes.keybindings) {
    assert.ok(commands.has(command), command);
    assert.match(when, /vmcore/, key);
  }
});

const isInPalette = (command: string): boolean =>
  (contributes.menus["commandPalette"] ?? []).every((entry) => entry.command !== command || entry.when !== "false");
const isInline = ({ group = "" }: MenuEntry): boolean => group.startsWith("inline");

test("every action of a view's title is in the palette too, where the keyboard reaches it", () => {
  const titles = [...(contributes.menus["view/title"] ?? []), ...(contributes.menus["notebook/toolbar"] ?? [])];
  assert.ok(titles.length > 0);
  assert.deepEqual(
    titles.map(({ command }) => command).filter((command) => !isInPalette(command)),
    [],
  );
});

test("every button on a row of a view is in the row's menu too, in the same places", () => {
  const entries = contributes.menus["view/item/context"] ?? [];
  const inMenu = entries.filter((entry) => !isInline(entry));
  const mouseOnly = entries.filter(isInline).filter(({ command, when }) => {
    const items = (text: string): string[] => text.match(/(?<=viewItem (?:==|=~) ).*$/)?.[0].match(/\w+/g) ?? [];
    const wanted = items(when);
    return !inMenu.some(
      (entry) => entry.command === command && wanted.every((item) => items(entry.when).includes(item)),
    );
  });
  assert.ok(entries.some(isInline));
  assert.deepEqual(mouseOnly, []);
});

test("the page about the keyboard lists every command", () => {
  const texts = JSON.parse(readFileSync("package.nls.json", "utf8")) as Record<string, string>;
  const listed = readFileSync("docs/keyboard.md", "utf8");
  const titles = contributes.commands.map(({ title }) => texts[title.slice(1, -1)] ?? title);
  assert.deepEqual(
    titles.filter((title) => !listed.includes(`_${title}_`)),
    [],
  );
});

test("the manifest declares the tools of language models as the table has them", () => {
  assert.deepEqual(
    contributes.languageModelTools,
    JSON.parse(JSON.stringify(declaredTools())),
    "package.json is stale: node scripts/tools.ts",
  );
});
