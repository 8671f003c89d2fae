/** What the terminal prints with --json on a real dump is valid by the published schemas. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { schemaFile } from "../../src/render/jsonSchema.ts";
import { cli, storedDumps } from "./corpus.ts";

const LINES = [
  ...["analyze", "bt -a", "dev", "dev -d", "files", "health", "ipcs", "irq", "kmem -i", "kmem -s", "kmem -n", "log"],
  ...["mach", "mod", "mount", "net", "ps", "ps -m", "runq", "sig", "swap", "sys", "task", "timer", "vm", "waits"],
  ...["waits -l", "struct task_struct", "p init_task", "dis schedule", "sym panic", "search -k deadbeef", "rd panic 4"],
];

const schemaOf = (name: string): z.ZodType =>
  z.fromJSONSchema(
    JSON.parse(readFileSync(join("docs/schema", schemaFile(name)), "utf8")) as Parameters<typeof z.fromJSONSchema>[0],
  );

for (const { name, vmcore } of storedDumps.filter((one) => /sysrq$/.test(one.name)))
  test(`${name}: the documents of --json are valid`, async (context) => {
    for (const line of LINES)
      await context.test(line, () => {
        const { stdout, stderr } = cli("--json", vmcore, "-c", line);
        if (stdout === "") return assert.match(stderr, /\S/);
        const { error } = schemaOf(line.split(" ")[0]!).safeParse(JSON.parse(stdout));
        assert.equal(error && z.prettifyError(error).slice(0, 2000), undefined);
      });
  });
