// Writes docs/library.md: the examples of test/library/examples, which a test runs, and the declarations with their
// comments. `node scripts/libraryPage.mjs`, after a change to src/library or to an example; `--print` prints the page.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { libraryDeclarations } from "./declarations.mjs";

const EXAMPLES = "test/library/examples";

const HEAD = `# The library

Written by \`scripts/libraryPage.mjs\` from the declarations and the examples: do not edit.

\`\`\`
npm install vmcore-debug
\`\`\`

The package has no dependencies and needs Node 22.15 or newer. \`await openDump(files, options)\` opens a dump; after that, reading is synchronous. What takes long (\`verdict\`, \`waits\`, \`run\`) returns a promise and takes \`{ signal, onProgress }\`. Addresses are \`bigint\`. A value that the dump does not have is a \`Fault\`: in place of the value at a field of an answer, thrown elsewhere. Versions are semantic: a declaration of this page changes its meaning only in a new major version.

Nothing is written but the cache of indexes, and nothing is downloaded. A dump is used from one thread.`;

/** Returns the page. */
function libraryPage() {
  const examples = readdirSync(EXAMPLES)
    .sort()
    .map((file) => {
      const [comment = "", ...code] = readFileSync(join(EXAMPLES, file), "utf8").trimEnd().split("\n");
      return `${comment.replace(/^\/\/ (.*?):.*/, "$1:")}\n\n\`\`\`ts\n${code.join("\n").trim()}\n\`\`\``;
    });
  const declarations = libraryDeclarations().map(
    ({ name, text }) => `### \`${name}\`\n\n\`\`\`ts\n${text.replace(/^export (?:declare )?/m, "")}\n\`\`\``,
  );
  return `${[HEAD, "## Examples", ...examples, "## Declarations", ...declarations].join("\n\n")}\n`;
}

if (process.argv.includes("--print")) process.stdout.write(libraryPage());
else writeFileSync("docs/library.md", libraryPage());
