/** The same bug in two builds of a module: other options of the compiler, and lines that moved. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cliVerb, corpus } from "../corpus.ts";
import { makeCrash } from "./make.ts";

/** What prevents these tests; undefined when nothing does. */
const absent = !existsSync(join(corpus, "make"))
  ? "the corpus is absent"
  : spawnSync("qemu-system-x86_64", ["--version"]).error
    ? "there is no qemu-system-x86_64"
    : undefined;

/** Returns the title of a comparison, and the reasons below it. */
async function compared(a: string, b: string): Promise<readonly [string, readonly string[]]> {
  const [first, second] = [(await makeCrash(a)).vmcore, (await makeCrash(b)).vmcore];
  const [title = "", , ...rest] = cliVerb("compare", first, second).stdout.split("\n");
  return [title.replace("# Comparison of two dumps: ", ""), rest.slice(0, rest.indexOf(""))];
}

for (const [a, b, because] of [
  ["null-member", "null-member-small", "- the guilty function of both is sensor_update"],
  ["use-after-free", "use-after-free-small", "- the guilty function of both is route_touch"],
  ["two-locks", "two-locks-plain", "- the guilty function of both is transfer_parcel"],
] as const)
  test(`${a} and ${b} are the same bug, and the reasons say why`, { skip: absent }, async () => {
    const [answer, reasons] = await compared(a, b);
    assert.equal(answer, "same bug");
    assert.ok(reasons.includes(because), reasons.join("\n"));
  });

for (const [a, b] of [
  ["null-member-small", "bug"],
  ["use-after-free-small", "two-locks-plain"],
] as const)
  test(`${a} and ${b} are not the same bug`, { skip: absent }, async () => {
    assert.equal((await compared(a, b))[0], "not the same bug");
  });
