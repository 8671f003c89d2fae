/**
 * The scripted agent on a few crashes whose cause is known; nightlyAgent.test.ts has all of them.
 * `MADE=name,name npm run made` looks at those alone.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { corpus } from "../corpus.ts";
import { compareAgent } from "./agent/compareAgent.ts";

/** What prevents these tests; undefined when nothing does. */
const absent = !existsSync(join(corpus, "make"))
  ? "the corpus is absent"
  : spawnSync("qemu-system-x86_64", ["--version"]).error
    ? "there is no qemu-system-x86_64"
    : undefined;
if (absent !== undefined) test(`NOT RUN: ${absent}: no crash was made`, { skip: absent }, () => {});

const chosen = process.env["MADE"]?.split(",") ?? [
  "use-after-free-debug",
  "bit-flip-list",
  "stack-overflow",
  "three-locks",
];

for (const name of absent === undefined ? chosen : [])
  test(`${name}: the scripted agent finds the cause`, (context) => compareAgent(context, name));
