import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { commandSchemas, commandsPage, jsonPage } from "../../src/cli/docs.ts";
import { schemaFile } from "../../src/render/jsonSchema.ts";
import { formatsPage } from "../../src/session/open/formatsPage.ts";

test("docs/commands.md matches the declarations of the commands", () => {
  assert.ok(
    readFileSync("docs/commands.md", "utf8") === commandsPage(),
    'docs/commands.md is stale: "vmcore-debug docs >docs/commands.md"',
  );
});

test("docs/json.md matches the declarations of the tables", () => {
  assert.ok(
    readFileSync("docs/json.md", "utf8") === jsonPage(),
    'docs/json.md is stale: "vmcore-debug docs json >docs/json.md"',
  );
});

test("docs/formats.md matches the table of formats", () => {
  assert.ok(
    readFileSync("docs/formats.md", "utf8") === formatsPage(),
    'docs/formats.md is stale: "vmcore-debug docs formats >docs/formats.md"',
  );
});

test("docs/schema is what scripts/schemas.ts writes", () => {
  const schemas = Object.entries(commandSchemas());
  for (const [name, schema] of schemas)
    assert.equal(
      readFileSync(join("docs/schema", schemaFile(name)), "utf8"),
      `${JSON.stringify(schema)}\n`,
      `docs/schema/${schemaFile(name)} is stale: "node scripts/schemas.ts"`,
    );
  assert.equal(readdirSync("docs/schema").length, schemas.length);
});
