import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { before, test } from "node:test";
import oniguruma from "vscode-oniguruma";
import textmate from "vscode-textmate";

interface Manifest {
  contributes: {
    languages: { id: string; filenames?: string[]; extensions?: string[]; firstLine?: string }[];
    grammars: { language: string; scopeName: string; path: string }[];
  };
}

const { contributes } = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;

/** Grammars as the manifest contributes them, in the engine that VS Code itself uses. */
const loaded = new Map<string, textmate.IGrammar>();

before(async () => {
  const wasm = createRequire(import.meta.url).resolve("vscode-oniguruma/release/onig.wasm");
  await oniguruma.loadWASM(readFileSync(wasm));
  const registry = new textmate.Registry({
    onigLib: Promise.resolve(oniguruma),
    loadGrammar(scopeName) {
      const path = contributes.grammars.find((grammar) => grammar.scopeName === scopeName)?.path;
      assert.ok(path, `no grammar ${scopeName}`);
      return Promise.resolve(textmate.parseRawGrammar(readFileSync(path, "utf8"), path));
    },
  });
  for (const { language, scopeName } of contributes.grammars) {
    const grammar = await registry.loadGrammar(scopeName);
    assert.ok(grammar);
    loaded.set(language, grammar);
  }
});

/** Scopes of the first place of `text` in a line. */
function scopesOf(language: string, line: string, text: string): string[] {
  const at = line.indexOf(text);
  assert.ok(at >= 0, `${text} is not in ${line}`);
  const { tokens } = loaded.get(language)!.tokenizeLine(line, textmate.INITIAL);
  return tokens.find(({ startIndex, endIndex }) => startIndex <= at && at < endIndex)?.scopes ?? [];
}

/** `line`, a piece of it, and the beginning of a scope that the piece has. */
const KERNEL_LOG: readonly (readonly [line: string, piece: string, scope: string])[] = [
  ["[    6.925015] lab: loads", "[    6.925015]", "comment.line.timestamp"],
  ["[    6.925015] lab_nullderef: loads", "lab_nullderef", "support.type.subsystem"],
  ["<4>[    6.925015] lab: loads", "<4>", "constant.numeric.level"],
  ["[    6.925015][  T169] lab: loads", "[  T169]", "constant.numeric.caller"],
  ["[Sat Nov 21 10:15:16 2026] lab: loads", "[Sat", "comment.line.timestamp"],
  ["[Sat Nov 21 10:15:16 UTC 2026] lab: loads", "[Sat", "comment.line.timestamp"],
  ["[  +0.000003] lab: loads", "[  +", "comment.line.timestamp"],
  ["[Nov21 10:15] lab: loads", "[Nov21", "comment.line.timestamp"],
  ["[    6.925015 <    0.000003>] lab: loads", "[    6", "comment.line.timestamp"],
  ["[    6.925015] <4>lab: loads", "<4>", "constant.numeric.level"],
  ["4,339,5140900,-;lab: loads", "4", "constant.numeric.level"],
  ["2026-11-21T10:15:16,123456+00:00 lab: loads", "2026", "comment.line.timestamp"],
  ["2026-11-21T10:15:16.123456+00:00 host kernel: [    6.925015] lab: loads", "host", "string.unquoted.host"],
  ["Nov 21 10:15:16 host kernel: [    6.9250] lab: loads", "Nov", "comment.line.timestamp"],
  ["Nov 21 10:15:16 host kernel: BUG: Bad page state", "BUG", "markup.deleted.headline"],
  ["kern  :err   : [    6.925015] lab: fails", "kern", "markup.deleted.level"],
  ["kern  :warn  : [    6.925015] lab: wavers", "kern", "markup.changed.level"],
  ["[    6.932175] BUG: kernel NULL pointer dereference, address: 0000000000000000", "BUG", "markup.deleted.headline"],
  [
    "[    6.932175] BUG: kernel NULL pointer dereference, address: 0000000000000000",
    "0000000000000000",
    "constant.numeric.hex.address",
  ],
  ["[    6.9] BUG kmalloc-64 (Tainted: G    B      ): Poison overwritten", "BUG", "markup.deleted.headline"],
  ["[    6.9] stack segment: 0000 [#1] SMP PTI", "segment", "markup.deleted.headline"],
  ["[    6.9] a: page allocation failure: order:5, mode:0x40cc0", "page", "markup.deleted.headline"],
  ["[    6.933795] Kernel panic - not syncing: Fatal exception", "Fatal", "markup.deleted.headline"],
  ["[    8.1] WARNING: CPU: 1 PID: 2 at kernel/softirq.c:376 f+0x1/0x2", "WARNING", "markup.changed.warning"],
  ["[    8.1] WARNING: CPU: 1 PID: 2 at kernel/softirq.c:376 f+0x1/0x2", "kernel/softirq.c", "string.unquoted.file"],
  ["[    8.1] WARNING: CPU: 1 PID: 2 at kernel/softirq.c:376 f+0x1/0x2", "f+", "entity.name.function"],
  ["------------[ cut here ]------------", "cut", "comment.block.mark"],
  ["[    6.933795] Call Trace:", "Call", "keyword.control.heading"],
  ["[    6.933795]  <TASK>", "<TASK>", "keyword.control.heading"],
  ["[    6.933795]  hello_init+0xb8/0x1000 [lab_nullderef]", "hello_init", "entity.name.function"],
  ["[    6.933795]  hello_init+0xb8/0x1000 [lab_nullderef]", "0xb8", "constant.numeric.hex.offset"],
  ["[    6.933795]  hello_init+0xb8/0x1000 [lab_nullderef]", "lab_nullderef", "entity.name.namespace.module"],
  ["[    6.933795]  ? handle_mm_fault+0xdb/0x2d0", "? ", "comment.line.doubt"],
  [
    "[    7.677177]  [<000003ffff4016de>] dump_stack_lvl+0x76/0xa0 ",
    "000003ffff4016de",
    "constant.numeric.hex.address",
  ],
  ["[   15.527318]  show_stack from dump_stack_lvl+0x40/0x4c", "dump_stack_lvl", "entity.name.function"],
  ["[    6.9] RIP: 0010:lab_apply+0x2f/0x43 [lab_nullderef]", "RIP", "variable.language.register"],
  ["[    6.9] RIP: 0010:lab_apply+0x2f/0x43 [lab_nullderef]", "lab_apply", "entity.name.function"],
  ["[    6.9] RAX: 0000000000000000 RBX: ffff8ef6849a9800 RCX: c0000000ffffefff", "RBX", "variable.language.register"],
  [
    "[    6.9] RAX: 0000000000000000 RBX: ffff8ef6849a9800 RCX: c0000000ffffefff",
    "ffff8ef6849a9800",
    "constant.numeric.hex.address",
  ],
  ["[    6.9] x29: ffff80008000bd60 x28: ffff0000c0208000", "x29", "variable.language.register"],
  ["[    6.9] Code: 41 54 <89> 28 48", "<89>", "markup.deleted.fault"],
  ["[    6.9] Code: 41 54 <89> 28 48", "54", "constant.numeric.hex.code"],
  ["[    6.9] CPU: 0 PID: 169 Comm: insmod Tainted: G           OE      6.1.0-56", "169", "constant.numeric.task"],
  ["[    6.9] CPU: 0 PID: 169 Comm: insmod Tainted: G           OE      6.1.0-56", "Tainted", "storage.modifier.taint"],
  ["[    6.9] Modules linked in: lab_nullderef(OE+) virtio", "lab_nullderef", "entity.name.namespace.module"],
  ["[    6.9] Modules linked in: lab_nullderef(OE+) virtio", "(OE+)", "storage.modifier.taint"],
];

const CRASH: typeof KERNEL_LOG = [
  ["crash> bt -a", "crash>", "punctuation.section.prompt"],
  ["crash> bt -a", "bt", "keyword.control.command"],
  ["crash> bt -a", "-a", "variable.parameter.option"],
  ["crash> log | grep -i oops", "grep", "keyword.control.command"],
  ['PID: 169      TASK: ffff8ef68526c180  CPU: 0    COMMAND: "insmod"', "169", "constant.numeric.pid"],
  ['PID: 169      TASK: ffff8ef68526c180  CPU: 0    COMMAND: "insmod"', '"insmod"', "string.quoted.command"],
  [" #0 [ffffd11f40523ad8] panic at ffffffff9b9cd21a", "panic", "entity.name.function"],
  [" #4 [ffffd11f40523cd8] lab_apply at ffffffffc024b02f [lab_nullderef]", "lab_nullderef", "entity.name.namespace"],
  ["    [exception RIP: lab_apply+47]", "[exception", "markup.deleted.exception"],
  ["    RAX: 0000000000000000  RBX: ffff8ef6849a9800  RCX: c0000000ffffefff", "RBX", "variable.language.register"],
  ["    ffffd11f40523ae0: 0000000000000008 ffffd11f40523b60 ", "ffffd11f40523b60", "constant.numeric.hex.address"],
  ["      PID    PPID  CPU       TASK        ST  %MEM      VSZ      RSS  COMM", "PPID", "markup.bold.header"],
  [">     169     168   0  ffff8ef68526c180  RU   0.6     1096      576  insmod", ">", "keyword.operator.active"],
  ["        1       0   0  ffff8ef683df4180  IN   1.8     2260     1800  init", "IN", "storage.type.state"],
  ["        1       0   0  ffff8ef683df4180  IN   1.8     2260     1800  init", "init", "string.unquoted.command"],
  ["struct task_struct {", "task_struct", "entity.name.type"],
  ["  stack = 0xffffd11f40520000,", "stack", "variable.other.member"],
  ["  stack = 0xffffd11f40520000,", "0xffffd11f40520000", "constant.numeric.hex.address"],
  ["  thread_info = {", "thread_info", "variable.other.member"],
  ["   [8]             struct list_head lru;", "[8]", "constant.numeric.offset"],
  ["   [8]             struct list_head lru;", "lru", "variable.other.member"],
  ["[    6.933795] Kernel panic - not syncing: Fatal exception", "Kernel", "markup.deleted.headline"],
];

for (const [language, cases] of [
  ["kernel-log", KERNEL_LOG],
  ["crash-transcript", CRASH],
] as const) {
  for (const [line, piece, scope] of cases) {
    test(`${language}: ${JSON.stringify(piece)} of ${JSON.stringify(line)} is ${scope}`, () => {
      const scopes = scopesOf(language, line, piece);
      assert.ok(
        scopes.some((one) => one.split(" ").some((name) => name.startsWith(scope))),
        scopes.join(", "),
      );
    });
  }
}

test("an ordinary sentence is coloured by neither grammar as an error", () => {
  for (const language of ["kernel-log", "crash-transcript"]) {
    const scopes = scopesOf(language, "[    1.2] usb 1-1: new high-speed device, no bug found", "no bug");
    assert.deepEqual(
      scopes.filter((scope) => scope.startsWith("markup")),
      [],
    );
  }
});

test("files are recognised by their first line", () => {
  const firstLine = (id: string): RegExp =>
    new RegExp(contributes.languages.find((language) => language.id === id)?.firstLine ?? "$^");
  assert.match("[    0.000000] Linux version 6.1.0-56-cloud-amd64", firstLine("kernel-log"));
  assert.match("<5>[    0.000000][    T0] Linux version 6.1.0", firstLine("kernel-log"));
  assert.match("[Sat Nov 21 10:15:16 2026] Linux version 6.1.0", firstLine("kernel-log"));
  assert.match("[    6.925015 <    0.000003>] lab: loads", firstLine("kernel-log"));
  assert.match("[Nov21 10:15] lab: loads", firstLine("kernel-log"));
  assert.match("Nov 21 10:15:16 host kernel: Linux version 6.1.0", firstLine("kernel-log"));
  assert.match("2026-11-21T10:15:16.123456+00:00 host kernel: lab", firstLine("kernel-log"));
  assert.match("6,339,5140900,-;lab: loads", firstLine("kernel-log"));
  assert.match("BUG: kernel NULL pointer dereference, address: 0000000000000000", firstLine("kernel-log"));
  assert.match("Unable to handle kernel paging request at virtual address 0", firstLine("kernel-log"));
  assert.match("------------[ cut here ]------------", firstLine("kernel-log"));
  assert.doesNotMatch("BUG: the button is too small", firstLine("kernel-log"));
  assert.match("crash> bt", firstLine("crash-transcript"));
  assert.doesNotMatch("[section]", firstLine("kernel-log"));
  assert.doesNotMatch("Nov 21 10:15:16 host sshd[1]: Accepted", firstLine("kernel-log"));
  assert.doesNotMatch("2026-11-21T10:15:16Z INFO started", firstLine("kernel-log"));
  assert.doesNotMatch("crash course", firstLine("crash-transcript"));
});
