import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

test("no check knows a dump of the tests by its modules, tasks or process ids", () => {
  const files = readdirSync("src/insight", { recursive: true, encoding: "utf8" }).filter((one) => one.endsWith(".ts"));
  const known = /\blab_\w+|\bvm(?:made|lab)\w*|"(?:insmod|workload|init|sh)"|\bpid === [2-9]/;
  const named = files.filter((file) => known.test(readFileSync(`src/insight/${file}`, "utf8")));
  assert.deepEqual(named, []);
});
