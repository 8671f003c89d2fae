/** The example queries of docs/query.md: each gives the number that crash counts on the same dump. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { peers, storedDumps, vmlinuxOf } from "./corpus.ts";

interface Example {
  readonly question: string;
  readonly sql: string;
  /** The line for crash. */
  readonly line: string;
}

const examples = [
  ...readFileSync("docs/query.md", "utf8").matchAll(/^(.+)\n\n```sql\n([^]*?)\n```\n\n```crash\n([^]*?)\n```$/gm),
].map(([, question = "", sql = "", line = ""]): Example => ({ question, sql, line }));

const dump = storedDumps.find(({ name }) => name === "x86_64-6.1/sysrq");
const vmlinux = dump && vmlinuxOf(dump.family);
const skip = !dump || vmlinux === undefined ? "no corpus" : false;

test("docs/query.md has 25 examples", () => {
  assert.equal(examples.length, 25);
});

/** What crash prints for each line, by one run. */
function crashAnswers(): readonly string[] {
  const mark = (at: number): string => `p 7700${at}`;
  const lines = examples.flatMap(({ line }, at) => [mark(at), line]);
  const { stdout } = spawnSync(peers, ["crash", "-s", vmlinux ?? "", dump?.vmcore ?? ""], {
    input: `set scroll off\n${lines.join("\n")}\nexit\n`,
    encoding: "utf8",
    timeout: 300_000,
    maxBuffer: 1 << 26,
  });
  return examples.map((_, at) => {
    const [, answer = ""] = stdout.split(new RegExp(`^\\$\\d+ = 7700${at}$`, "m"));
    return answer.split(/^\$\d+ = 7700\d+$/m)[0]?.trim() ?? "";
  });
}

test("each example query gives the number that crash counts", { skip }, async (t) => {
  const answers = crashAnswers();
  for (const [at, { question, sql }] of examples.entries())
    await t.test(question, () => {
      const document = execFileSync(
        process.execPath,
        ["dist/cli.js", "query", sql, "--json", "--vmlinux", vmlinux ?? "", dump?.vmcore ?? ""],
        { encoding: "utf8" },
      );
      const [row = {}] = (JSON.parse(document) as { records: Record<string, unknown>[] }).records;
      assert.equal(String(Object.values(row)[0]), answers[at]);
    });
});
