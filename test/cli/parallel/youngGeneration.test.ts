import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

/** Returns the size in MiB of the memory for new objects of a process that makes objects for a while. */
function youngMiB(setup: string): number {
  const module = pathToFileURL(resolve("src/cli/parallel/youngGeneration.ts")).href;
  const script = `
    import { getHeapSpaceStatistics } from "node:v8";
    import { boundYoungGeneration } from ${JSON.stringify(module)};
    ${setup}
    const kept = [];
    for (let round = 0; round < 150; round++) {
      for (let i = 0; i < 20000; i++) kept[(round * 20000 + i) % 200000] = { at: [i] };
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    console.log(getHeapSpaceStatistics().find((one) => one.space_name === "new_space").space_size / 2 ** 20);`;
  const options = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script];
  return Number(execFileSync(process.execPath, options, { encoding: "utf8" }));
}

test("the memory for new objects does not grow as V8 lets it grow", () => {
  const [usual, bounded] = [youngMiB(""), youngMiB("boundYoungGeneration();")];
  assert.ok(bounded > 2 && bounded <= 16, `${bounded} MiB`);
  assert.ok(usual > 16, `${usual} MiB without a bound`);
});
