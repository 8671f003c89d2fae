/**
 * The verdict on crashes whose cause is known: each clause is compared with a truth file that was written from the
 * source. `MADE=name,name npm run made` looks at those alone.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { corpus } from "../corpus.ts";
import { recipes } from "./recipe.ts";
import { compare } from "./verdict.ts";

/** What prevents these tests; undefined when nothing does. */
const absent = !existsSync(join(corpus, "make"))
  ? "the corpus is absent"
  : spawnSync("qemu-system-x86_64", ["--version"]).error
    ? "there is no qemu-system-x86_64"
    : undefined;
if (absent !== undefined) test(`NOT RUN: ${absent}: no crash was made`, { skip: absent }, () => {});

const chosen =
  process.env["MADE"]?.split(",") ?? Object.keys(recipes).filter((name) => recipes[name]?.on === undefined);

for (const name of absent === undefined ? chosen : [])
  test(`${name}: the verdict says what its source says`, (context) => compare(context, name));
