// Writes docs/schema: the JSON schema of each command's document.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandSchemas } from "../src/cli/docs.ts";
import { schemaFile } from "../src/render/jsonSchema.ts";

const FOLDER = "docs/schema";

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER);
for (const [name, schema] of Object.entries(commandSchemas()))
  writeFileSync(join(FOLDER, schemaFile(name)), `${JSON.stringify(schema)}\n`);
