// Rolls the declarations of the library into one file: those that src/library/index.ts exports, in its order.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

const INDEX = "src/library/index.ts";

/** @param {string} path */
const parsed = (path, text = readFileSync(path, "utf8")) =>
  ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);

/**
 * Returns the declarations of a file, each with its comment.
 * @param {string} path
 * @returns {Map<string, string>} by name
 */
function declarationsOf(path) {
  const { outputText } = ts.transpileDeclaration(readFileSync(path, "utf8"), {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, isolatedDeclarations: true },
    fileName: path,
  });
  const file = parsed(path, outputText);
  const found = new Map();
  for (const statement of file.statements) {
    const name = /** @type {{ name?: ts.Identifier }} */ (/** @type {unknown} */ (statement)).name?.text;
    if (name !== undefined) found.set(name, commented(file, statement));
  }
  return found;
}

/**
 * Returns the text of a declaration with the comment that belongs to it, which is the last one before it.
 * @param {ts.SourceFile} file @param {ts.Statement} statement
 */
function commented(file, statement) {
  const comment = (ts.getLeadingCommentRanges(file.text, statement.getFullStart()) ?? []).at(-1);
  const text = file.text.slice(statement.getStart(), statement.end).trim();
  return comment ? `${file.text.slice(comment.pos, comment.end)}\n${text}` : text;
}

/**
 * Returns the exported declarations.
 * @returns {{ name: string, text: string }[]}
 */
export function libraryDeclarations() {
  return parsed(INDEX).statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || !statement.moduleSpecifier) return [];
    const module = /** @type {ts.StringLiteral} */ (statement.moduleSpecifier).text;
    const all = declarationsOf(join(dirname(INDEX), module));
    const clause = statement.exportClause;
    const names = clause && ts.isNamedExports(clause) ? clause.elements.map(({ name }) => name.text) : [...all.keys()];
    return names.map((name) => {
      const text = all.get(name);
      if (text === undefined) throw new Error(`${module} declares no ${name}`);
      return { name, text };
    });
  });
}

/** Returns the declaration file of the library. It imports nothing. */
export const declarationFile = () =>
  `${libraryDeclarations()
    .map(({ text }) => text)
    .join("\n\n")}\n`;
