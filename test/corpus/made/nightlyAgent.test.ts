/** The scripted agent on every crash whose cause is known: `npm run nightly`. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { corpus } from "../corpus.ts";
import { compareAgent } from "./agent/compareAgent.ts";
import { recipes } from "./recipe.ts";

const isThere = existsSync(join(corpus, "make"));
if (!isThere) test("NOT RUN: the corpus is absent", { skip: "the corpus is absent" }, () => {});

const chosen =
  process.env["MADE"]?.split(",") ?? Object.keys(recipes).filter((name) => recipes[name]?.on === undefined);
for (const name of isThere ? chosen : [])
  test(`${name}: the scripted agent finds the cause`, (context) => compareAgent(context, name));
