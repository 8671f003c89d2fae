// Writes the declarations of the tools of language models into package.json.
import { readFileSync, writeFileSync } from "node:fs";
import { declaredTools } from "../src/tools/named.ts";

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as { contributes: Record<string, unknown> };
manifest.contributes["languageModelTools"] = declaredTools();
writeFileSync("package.json", `${JSON.stringify(manifest, undefined, 2)}\n`);
