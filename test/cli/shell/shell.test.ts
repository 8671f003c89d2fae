/** Completions and the manual page, in the shells themselves where they are installed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { verbs } from "../../../src/cli/program.ts";
import { shells } from "../../../src/cli/shell/completions.ts";
import { manPage } from "../../../src/cli/shell/manPage.ts";
import { requestsHelp } from "../../../src/cli/shell/requestsHelp.ts";
import { VERB_HELP, verbHelp } from "../../../src/cli/shell/verbHelp.ts";
import { commonFlags, SUMMARIES, synopses } from "../../../src/cli/shell/synopsis.ts";
import { commands } from "../../../src/crash/commands.ts";

const folder = mkdtempSync(join(tmpdir(), "shell-"));
after(() => rmSync(folder, { recursive: true }));
const scriptOf = (shell: string): string => {
  const path = join(folder, shell);
  writeFileSync(path, shells[shell]?.() ?? "");
  return path;
};

/** What a program prints; undefined if it is not installed. */
function output(program: string, ...argv: readonly string[]): string | undefined {
  const { error, status, stdout, stderr } = spawnSync(program, argv, { encoding: "utf8" });
  if (error) return undefined;
  assert.deepEqual([status, stderr], [0, ""], program);
  return stdout;
}

test("every verb is in the usage text, with a summary, and every option there has a help", () => {
  const declared = [...Object.keys(verbs).filter((name) => !name.startsWith("-")), "dap", "mcp"].sort();
  assert.deepEqual(synopses().map(({ verb }) => verb).sort(), declared); // prettier-ignore
  assert.deepEqual(Object.keys(SUMMARIES).sort(), declared);
  for (const { names, help } of commonFlags()) assert.ok(help.length > 5 && !help.endsWith(","), names.join());
  const flag = (name: string): string | undefined =>
    synopses()
      .flatMap(({ flags }) => flags)
      .find(({ names }) => names.includes(name))?.value;
  assert.deepEqual([flag("--listen"), flag("--keep")], ["[HOST:]PORT", "ADDR..ADDR"]);
  assert.ok(commonFlags().some(({ names, value }) => names.join() === "-c,--command" && value === "CMD"));
  assert.deepEqual(
    synopses()
      .find(({ verb }) => verb === "triage")
      ?.flags.map(({ names, value }) => [...names, value]),
    [["--jobs", "N"], ["--json", undefined], ["--full", undefined], ["--redact", undefined], ["--db", "FILE"], ["--shard", "I/N"], ["-o", "FILE"]], // prettier-ignore
  );
});

test("bash completes verbs, options of a verb and commands", (t) => {
  const script = scriptOf("bash");
  const complete = (...words: readonly string[]): string[] | undefined =>
    output(
      "bash",
      "-c",
      `source ${script}; COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; _vmcore_debug; printf '%s\\n' "\${COMPREPLY[@]}"`,
    )
      ?.trim()
      .split("\n");
  const found = complete("vmcore-debug", "tri");
  if (found === undefined) return t.skip("bash is not installed");
  assert.deepEqual(found, ["triage"]);
  assert.deepEqual(complete("vmcore-debug", "triage", "--sh"), ["--shard"]);
  assert.deepEqual(complete("vmcore-debug", "vmcore", "-c", "wait"), ["waitq", "waits"]);
  assert.deepEqual(complete("vmcore-debug", "completions", "f"), ["fish"]);
  return undefined;
});

test("fish completes verbs, options of a verb and commands", (t) => {
  const script = scriptOf("fish");
  const complete = (line: string): string | undefined =>
    output("fish", "--no-config", "-c", `source ${script}; complete -C '${line}'`);
  const found = complete("vmcore-debug tri");
  if (found === undefined) return t.skip("fish is not installed");
  assert.match(found, /^triage\trecord many dumps/m);
  assert.match(complete("vmcore-debug triage --sh") ?? "", /^--shard/m);
  assert.match(complete("vmcore-debug vmcore -c wait") ?? "", /^waits/m);
  return undefined;
});

test("zsh reads its completions and completes verbs", (t) => {
  const script = scriptOf("zsh");
  if (output("zsh", "-n", script) === undefined) return t.skip("zsh is not installed");
  // A terminal of its own: completion works in an interactive shell only.
  writeFileSync(
    join(folder, "drive.zsh"),
    `zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'PS1=; autoload -Uz compinit; compinit -u -D; vmcore-debug() { print "ran:$1"; }; source ${script} 2>/dev/null; compdef _vmcore_debug vmcore-debug; print READY'
while zpty -r z line; do [[ $line == *READY* && $line != *print* ]] && break; done
zpty -w -n z $'vmcore-debug tria\\t\\n'
for i in {1..40}; do zpty -r -t z line && { print -r -- "$line"; [[ $line == *ran:* ]] && break; } || sleep 0.1; done
zpty -d z
`,
  );
  const { stdout } = spawnSync("zsh", ["-f", join(folder, "drive.zsh")], { encoding: "utf8", timeout: 20_000 });
  assert.match(stdout, /ran:triage/);
  return undefined;
});

test("the manual page names every verb and command, and man prints it without a warning", (t) => {
  const page = manPage();
  for (const name of [...synopses().map(({ verb }) => verb), ...commands().map((command) => command.name)])
    assert.ok(page.includes(`.B ${name}\n`), name);
  const path = join(folder, "vmcore-debug.1");
  writeFileSync(path, page);
  const env = { ...process.env, MANWIDTH: "80", LC_ALL: "C.UTF-8" };
  const { error, stdout, stderr } = spawnSync("man", ["--warnings", "-l", path], { encoding: "utf8", env });
  if (error) return t.skip("man is not installed");
  assert.equal(stderr, "");
  assert.match(stdout, /NAME\n\s+vmcore-debug - debug Linux kernel crash dumps/);
  return undefined;
});

test("--help after a verb shows its usage, each option with its help, examples and exit statuses", () => {
  for (const { verb, lines, flags } of synopses()) {
    const help = VERB_HELP[verb];
    assert.ok(help && help.examples.length > 0, verb);
    const common = commonFlags().flatMap(({ names }) => names);
    const own = Object.keys(help.options ?? {});
    for (const { names: [flag = ""] } of flags) assert.ok(own.includes(flag) || common.includes(flag), `${verb} ${flag}`); // prettier-ignore
    for (const flag of own) assert.ok(flags.some(({ names }) => names.includes(flag)), `${verb} ${flag}`); // prettier-ignore
    const page = verbHelp(verb) ?? "";
    for (const line of lines) assert.ok(page.includes(`vmcore-debug ${line}`), verb);
    assert.match(page, /^Examples:\n {2}vmcore-debug \S+/m);
    assert.match(page, /^Exit status:\n {2}0 +success\n/m);
    for (const line of page.split("\n")) assert.ok(line.length <= 120, line);
  }
  assert.deepEqual(Object.keys(VERB_HELP).sort(), Object.keys(SUMMARIES).sort());
  assert.equal(requestsHelp(["-c", "bt", "--help"]), true);
  assert.equal(requestsHelp(["--", "--help"]), false);
});
