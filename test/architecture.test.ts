import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";

/** Who may import whom. A folder not listed may import nothing. */
const floors: Record<string, readonly string[]> = {
  base: [],
  protocol: [],
  arch: ["base"],
  elf: ["base", "arch"],
  archive: ["base"],
  log: ["base"],
  document: ["base"],
  dump: ["base", "elf"],
  debuginfo: ["base", "arch", "elf"],
  memory: ["base", "dump", "arch"],
  model: ["base", "debuginfo", "arch", "memory"],
  kernel: ["base", "debuginfo", "arch", "memory", "model"],
  unwind: ["base", "debuginfo", "arch", "memory", "model", "kernel"],
  linux: ["base", "log", "debuginfo", "arch", "memory", "model", "kernel", "unwind"],
  insight: ["base", "log", "debuginfo", "arch", "memory", "model", "kernel", "unwind", "linux"],
  say: ["base", "protocol"],
  render: ["base", "protocol", "say"],
  crash: [
    "base",
    "document",
    "protocol",
    "debuginfo",
    "arch",
    "memory",
    "model",
    "kernel",
    "unwind",
    "linux",
    "insight",
    "say",
    "render",
  ],
  session: [
    "base",
    "log",
    "elf",
    "archive",
    "dump",
    "debuginfo",
    "arch",
    "memory",
    "model",
    "kernel",
    "unwind",
    "linux",
    "say",
    "crash",
  ],
  tools: [
    "base",
    "log",
    "debuginfo",
    "arch",
    "memory",
    "model",
    "kernel",
    "unwind",
    "linux",
    "insight",
    "say",
    "crash",
  ],
  adapter: [
    "base",
    "document",
    "log",
    "archive",
    "protocol",
    "debuginfo",
    "arch",
    "memory",
    "model",
    "kernel",
    "unwind",
    "linux",
    "insight",
    "say",
    "crash",
    "render",
    "session",
    "tools",
  ],
  library: ["base", "crash", "insight", "linux", "model", "say", "session", "unwind"],
  mcp: ["base", "say", "insight", "session", "tools"],
  cli: ["base", "document", "log", "protocol", "say", "crash", "render", "session"],
  extension: ["protocol", "document"],
  lsp: ["base", "log", "protocol", "elf", "archive", "debuginfo", "arch", "session"],
  panels: ["base", "log", "protocol"],
};

/** Tables of data that are long by nature. */
const longFiles: readonly string[] = ["linux/declarations.ts"];
/** Lines of a file; a shorter one is imported by two others at least. */
const MIN_LINES = 25;
const MAX_LINES = 300;
/** TypeScript files directly in a folder. */
const MAX_FILES = 30;

const src = resolve("src");
const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
const textOf = (file: string): string => readFileSync(join(src, file), "utf8");
const floorOf = (file: string): string => file.split("/")[0]!;

/** Files that a file imports, whole or in part, by a statement or by `import("...")`; not those it takes only types of. */
function valueImports(file: string): string[] {
  const text = withoutComments(textOf(file), false);
  const statements = [...text.matchAll(/^(?:import|export) (?!type )(?:([^;"]*?) ?from )?"(\.[^"]+\.ts)"/gm)]
    .filter(([, names]) => !names || !namesTypesOnly(names))
    .map(([, , target]) => target!);
  const calls = [...text.matchAll(/(?<!typeof )\bimport\("(\.[^"]+\.ts)"\)/g)].map(([, target]) => target!);
  return [...statements, ...calls].map((target) => resolved(file, target));
}

const namesTypesOnly = (names: string): boolean =>
  /^\{[^}]*\}$/.test(names) &&
  names
    .slice(1, -1)
    .split(",")
    .map((name) => name.trim())
    .every((name) => name === "" || name.startsWith("type "));

const resolved = (file: string, target: string): string => relative(src, resolve(src, dirname(file), target));

test("imports only go down", () => {
  const wrong: string[] = [];
  for (const file of files) {
    for (const [, target] of textOf(file).matchAll(/(?:from |import |import\()"(\.[^"]+\.ts)"/g)) {
      const to = floorOf(resolved(file, target!));
      if (to !== floorOf(file) && !floors[floorOf(file)]?.includes(to)) wrong.push(`${file} -> ${to}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("values are imported in no circle", () => {
  const imports = new Map(files.map((file) => [file, valueImports(file)]));
  const done = new Set<string>();
  const circles: string[] = [];
  const follow = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
    if (done.has(file) || path.includes(file)) return;
    for (const target of imports.get(file) ?? []) follow(target, [...path, file]);
    done.add(file);
  };
  for (const file of files) follow(file, []);
  assert.deepEqual(circles, []);
});

const folders = [...new Set(files.map((file) => dirname(file)))].sort();

test("no folder holds more files than a reader can survey", () => {
  assert.deepEqual(
    folders.filter((folder) => files.filter((file) => dirname(file) === folder).length > MAX_FILES),
    [],
  );
});

test("every folder says what it is for, what it may import and how to add to it", () => {
  const sentences = (text: string): number => (text.match(/[.;](?= |$)/gm) ?? []).length;
  const readme = (folder: string): string => join(src, folder, "README.md");
  assert.deepEqual(
    folders.filter((folder) => !existsSync(readme(folder)) || sentences(readFileSync(readme(folder), "utf8")) < 3),
    [],
  );
});

test("every floor and every subsystem has its folder of tests", () => {
  // protocol/ holds types only; a command's own folder is tested with its group, the parts of log/ on whole logs.
  const tested = [...new Set(folders.map((folder) => folder.split("/").slice(0, 2).join("/")))];
  assert.deepEqual(
    tested.filter((folder) => !/^(protocol$|log\/)/.test(folder) && !existsSync(join("test", folder))),
    [],
  );
});

const mayImport = (module: RegExp, allowed: (file: string) => boolean): string[] =>
  files.filter((file) => !allowed(file) && module.test(textOf(file)));

test("only the extension knows VS Code", () => {
  assert.deepEqual(
    mayImport(/from "(vscode|vscode-languageclient[^"]*)"/, (file) => file.startsWith("extension/")),
    [],
  );
});

test("only the adapter serves DAP; the extension knows its types", () => {
  assert.deepEqual(
    mayImport(/from "@vscode\/debugadapter"/, (file) => file.startsWith("adapter/")),
    [],
  );
  assert.deepEqual(
    mayImport(/^import (?!type).* from "@vscode\/debugprotocol"/m, () => false),
    [],
  );
  assert.deepEqual(
    mayImport(/from "@vscode\/debugprotocol"/, (file) => /^(adapter|extension)\//.test(file)),
    [],
  );
});

test("the language server reads debuginfo, and opens no dump", () => {
  const files = [
    "find/debuginfoPlaces",
    "find/moduleFiles",
    "open/codeDecoder",
    "open/openError",
    "sources/source",
    "open/staticKernel",
    "open/vmlinux",
  ];
  assert.deepEqual(
    mayImport(new RegExp(`from "\\.\\./session/(?!(?:${files.join("|")})\\.ts")`), (file) => !file.startsWith("lsp/")),
    [],
  );
});

test("the engine touches the file system in base/file.ts and the stream of archive/unpack.ts alone", () => {
  const engineFiles = ["base/file.ts", "archive/unpack.ts"];
  const faces = ["cli", "adapter", "extension", "lsp", "session"];
  assert.deepEqual(
    mayImport(/from "node:fs/, (file) => engineFiles.includes(file) || faces.includes(floorOf(file))),
    [],
  );
});

test("files are opened for reading in base/file.ts alone, which opens no pipe", () => {
  const opens = /\b(readFile|readFileSync|createReadStream|openAsBlob|readSync|readvSync)\b|from "node:fs\/promises"/;
  const reads = /\bopenSync\((?![^;]*, (?:"wx?"|append \? "a" : "w")(?:, 0o\d+)?\))/;
  const ours = (file: string): boolean => file === "base/file.ts" || /^(extension|panels)\//.test(file);
  const text = (file: string): string => textOf(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
  assert.deepEqual(
    files.filter(
      (file) => !ours(file) && /from "node:fs/.test(text(file)) && (opens.test(text(file)) || reads.test(text(file))),
    ),
    [],
  );
});

test("nothing below session waits", () => {
  const synchronous = Object.keys(floors).slice(0, Object.keys(floors).indexOf("session"));
  // base/job.ts drives jobs for the faces; archives are unpacked in streams, for which base/budget.ts asks the user.
  const waits = (file: string): boolean =>
    ["base/budget.ts", "base/job.ts"].includes(file) || floorOf(file) === "archive";
  assert.deepEqual(
    files.filter(
      (file) =>
        synchronous.includes(floorOf(file)) &&
        !waits(file) &&
        /\b(async|await)\b(?! ?[A-Z])/.test(withoutComments(textOf(file))),
    ),
    [],
  );
});

const withoutComments = (text: string, alsoWithoutStrings = true): string =>
  text.replace(/\/\*[\s\S]*?\*\/|\/\/.*|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g, (part) =>
    alsoWithoutStrings || part.startsWith("/") ? "" : part,
  );

test("no kernel version is ever compared", () => {
  assert.deepEqual(
    files.filter((file) => /LINUX_VERSION|kernelVersion\s*[<>=]|release\s*[<>]=?\s*["'\d]/.test(textOf(file))),
    [],
  );
});

test("only arch/ and log/machines/ ask which machine it is", () => {
  // The distribution table names packages by machine.
  const excepted = /^(arch\/|log\/machines\/|session\/find\/distribution\.ts$)/;
  const named =
    /"(x86_64|i[36]86|arm64|aarch64|armv?\d?\w*|s390x?|riscv\d*|ppc\w*|powerpc\w*|mips\w*|loongarch\d*)"|\bEM_[A-Z0-9_]+|arch\.name\s*[!=]=|\[[\w.]*arch\.name\]|arch\/(x86_64|arm64|arm|s390x)\//;
  assert.deepEqual(
    files.filter((file) => !excepted.test(file) && named.test(withoutComments(textOf(file), false))),
    [],
  );
});

/** Files outside render/ that count blanks, and why. */
const countsBlanks: Readonly<Record<string, string>> = {
  "base/hex.ts": "digits of numbers, for all",
  "crash/commands/gdb/printf.ts": "conversions with a width, as C's printf() does them",
  "linux/trace/formatText.ts": "conversions with a width, as the kernel's vsnprintf() does them",
  "model/format.ts": "indents what lies within a value; model/ lies below render/",
  "model/typeText.ts": "the same of a declaration, with its offsets",
  "lsp/analysis.ts": "a Markdown block of an editor's hover; lsp/ prints no tables",
  "panels/log/logSpans.ts": "the time stamp as dmesg writes it; pages are drawn by the browser",
  "panels/log/logExplain.ts": "rows among those of the log, which the browser draws",
  "adapter/peer.ts": "the words of an IPv6 address",
};

test("columns are laid out by render/ alone", () => {
  const pads = /\.pad(Start|End)\(|[`"'] +[`"']\.repeat\(|\b(center|widest)\(/;
  // Commands repeat nothing at all; elsewhere marks of Markdown and bytes are repeated.
  const repeats = (file: string, text: string): boolean => /^(crash|linux)\//.test(file) && text.includes(".repeat(");
  const found = files.filter((file) => {
    // A literal of blanks is what is looked for, so that strings stay.
    const text = withoutComments(textOf(file), false);
    return floorOf(file) !== "render" && (pads.test(text) || repeats(file, text));
  });
  assert.deepEqual(found.sort(), Object.keys(countsBlanks).sort());
});

test("no heading is drawn by hand", () => {
  const drawn = /as: "title", text: [`"][^`"]*\S {2,}\S/;
  assert.deepEqual(
    files.filter((file) => floorOf(file) !== "render" && drawn.test(withoutComments(textOf(file), false))),
    [],
  );
});

/** Lists of parts of a kind, of which each part has a file of its own however short it is, by what imports the parts. */
const LISTS =
  /^(crash\/commands|adapter\/requests|dump\/compress\/compressors|dump\/formats|log\/(kinds|machines)|insight\/(checks|healthChecks)|tools\/tools|linux\/locks\/\w+|arch\/\w+\/\w+)\.ts$/;
/** Where programs begin. */
const ENTRIES = ["lsp/main.ts", "adapter/main.ts", "library/index.ts"];

test("a file that serves one other alone is more than a few lines", () => {
  const importers = new Map<string, Set<string>>();
  for (const file of files)
    for (const [, target] of textOf(file).matchAll(/(?:from |import |import\()"(\.[^"]+\.ts)"/g)) {
      const to = resolved(file, target!);
      importers.set(to, (importers.get(to) ?? new Set()).add(file));
    }
  const serving = (file: string): string[] => [...(importers.get(file) ?? [])];
  assert.deepEqual(
    files.filter(
      (file) =>
        !file.endsWith(".d.ts") &&
        textOf(file).split("\n").length - 1 < MIN_LINES &&
        serving(file).length < 2 &&
        ![file, ...serving(file)].some((one) => LISTS.test(one)) &&
        !ENTRIES.includes(file),
    ),
    [],
  );
});

/** What is wrong with the step of a flow: its caller must import it, or it is an interface that nobody before it calls. */
function wrongStep(flow: readonly string[], at: number, note: string): string | undefined {
  const [file, before] = [flow[at]!, flow.slice(0, at)];
  const callers = before.filter((one) => valueImports(one).includes(file));
  if (note.startsWith("interface")) {
    const typed = before.some((one) => textOf(one).includes(`/${file.split("/").at(-1)!}"`));
    return callers.length > 0 || !typed ? `${file} is no interface of ${before.join()}` : undefined;
  }
  const from = note === "" ? at - 1 : Number(/^from (\d)$/.exec(note)?.[1]) - 1;
  return callers.includes(flow[from] ?? "") ? undefined : `${flow[from] ?? note} does not call ${file}`;
}

test("each flow that ARCHITECTURE.md lists is at most seven files, each called as it says", () => {
  const lists = readFileSync("ARCHITECTURE.md", "utf8").match(/^ +In order: .*$/gm) ?? [];
  assert.equal(lists.length, 6);
  for (const list of lists) {
    const steps = [...list.matchAll(/\d\. `([^`]+\.ts)`(?: \(([^)]+)\))?/g)];
    const flow = steps.map(([, file]) => file!);
    assert.ok(flow.length > 2 && flow.length <= 7, list);
    assert.deepEqual(
      steps.flatMap(([, , note = ""], at) => (at === 0 ? [] : (wrongStep(flow, at, note) ?? []))),
      [],
    );
  }
});

test("the files that CONTRIBUTING.md tells to read are there, three for a task", () => {
  const rows = [...readFileSync("CONTRIBUTING.md", "utf8").matchAll(/^\| an? [^|]+\| (`[^`]+\.ts`.*)\|$/gm)];
  for (const [row, cell] of rows.filter(([, cell]) => !cell!.startsWith("`src/"))) {
    const named = [...cell!.split(";")[0]!.matchAll(/`([^`]+\.ts)`/g)].map(([, file]) => file!);
    assert.ok(named.length <= 3, row);
    assert.deepEqual(
      named.filter((file) => !files.includes(file)),
      [],
      row,
    );
  }
});

test("no file outgrows a reader's patience", () => {
  assert.deepEqual(
    files.filter((file) => !longFiles.includes(file) && textOf(file).split("\n").length - 1 > MAX_LINES),
    [],
  );
});
