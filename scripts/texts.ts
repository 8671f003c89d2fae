// Reads what this repository says in words: the comments, string literals and templates of its TypeScript, and the
// titles and descriptions of package.json and package.nls.json. `npm run messages` prints the messages, test/words/
// checks the style.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

export interface Text {
  /** Path from the root of the repository. */
  readonly file: string;
  /** Counted from 1; 0 in package.json. */
  readonly line: number;
  readonly kind: "comment" | "string";
  /** What a string is given to: "UsageError", "Fault.of", "summary", "html"; empty for comments. */
  readonly context: string;
  /** Without comment marks; white space is one blank; `…` replaces each value put in. */
  readonly text: string;
}

/** Returns the TypeScript files of src in alphabetical order. */
export function sourceFiles(root: string): string[] {
  return readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .map((file) => `src/${file.replaceAll("\\", "/")}`)
    .filter((file) => file.endsWith(".ts"))
    .sort();
}

/** Returns the comments and strings of a file in its order. */
export function textsOf(root: string, file: string): Text[] {
  const content = readFileSync(join(root, file), "utf8");
  const source = ts.createSourceFile(file, content, ts.ScriptTarget.Latest, true);
  const texts: Text[] = [];
  const add = (position: number, kind: Text["kind"], context: string, text: string): void => {
    const line = source.getLineAndCharacterOfPosition(position).line + 1;
    texts.push({ file, line, kind, context, text: text.replace(/\s+/g, " ").trim() });
  };

  const seen = new Set<number>();
  const addComments = (ranges: readonly ts.CommentRange[] | undefined): void => {
    for (const { pos, end } of ranges ?? []) {
      if (seen.has(pos)) continue;
      seen.add(pos);
      const text = content.slice(pos, end);
      add(pos, "comment", "", text.replace(/^\/\*\*?|\*\/$|^\/\/\s?/g, "").replace(/\n\s*\*? ?/g, "\n"));
    }
  };
  const visit = (node: ts.Node): void => {
    addComments(ts.getLeadingCommentRanges(content, node.getFullStart()));
    addComments(ts.getTrailingCommentRanges(content, node.getEnd()));
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) {
      if (!ts.isLiteralTypeNode(node.parent)) add(node.getStart(), "string", contextOf(node), node.text);
    } else if (ts.isTemplateExpression(node)) {
      const text = node.head.text + node.templateSpans.map((span) => `…${span.literal.text}`).join("");
      add(node.getStart(), "string", contextOf(node), text);
    }
    node.getChildren().forEach(visit);
  };
  visit(source);
  return joinLineComments(texts);
}

/** Joins consecutive `//` lines into one comment. */
function joinLineComments(texts: readonly Text[]): Text[] {
  const joined: { text: Text; last: number }[] = [];
  for (const text of texts) {
    const before = joined.at(-1);
    if (text.kind === "comment" && before?.text.kind === "comment" && before.last === text.line - 1) {
      before.text = { ...before.text, text: `${before.text.text} ${text.text}` };
      before.last = text.line;
    } else joined.push({ text, last: text.line });
  }
  return joined.map(({ text }) => text);
}

/** Returns the name of what receives a string: a called function, a class, a tag, a property, a variable. */
function contextOf(node: ts.Node): string {
  for (let at: ts.Node | undefined = node.parent; at; at = at.parent) {
    if (ts.isNewExpression(at) || ts.isCallExpression(at)) return at.expression.getText().slice(-40);
    if (ts.isTaggedTemplateExpression(at)) return at.tag.getText();
    if (ts.isPropertyAssignment(at)) return at.name.getText();
    if (ts.isVariableDeclaration(at)) return at.name.getText();
    if (ts.isFunctionLike(at)) return at.name?.getText() ?? "";
  }
  return "";
}

/** Returns the titles and descriptions that package.json contributes to VS Code. */
export function manifestTexts(root: string): Text[] {
  const texts: Text[] = [];
  const titles = new Set([
    "title",
    "description",
    "markdownDescription",
    "label",
    "category",
    "contents",
    "displayName",
  ]);
  const lists = new Set(["enumDescriptions", "markdownEnumDescriptions"]);
  const visit = (value: unknown, path: string): void => {
    const key = path.split(".").at(-1) ?? "";
    if (typeof value === "string" && titles.has(key) && !value.startsWith("%"))
      texts.push({ file: "package.json", line: 0, kind: "string", context: path, text: value });
    else if (Array.isArray(value) && lists.has(key))
      value.forEach((entry: unknown) => visit(entry, `${path}.description`));
    else if (typeof value === "object" && value !== null)
      for (const [name, entry] of Object.entries(value) as [string, unknown][])
        visit(entry, path ? `${path}.${name}` : name);
  };
  visit(JSON.parse(readFileSync(join(root, "package.json"), "utf8")), "");
  const english = JSON.parse(readFileSync(join(root, "package.nls.json"), "utf8")) as Record<string, string>;
  for (const [context, text] of Object.entries(english))
    texts.push({ file: "package.nls.json", line: 0, kind: "string", context, text });
  return texts;
}

/**
 * Whether a string is a message for people: two words beside each other that are not C types, CSS or symbol names.
 */
export const isMessage = (text: string): boolean =>
  /[A-Za-z…][a-z…']*,? [a-z…]{2,}/.test(text) &&
  !/^(?:const )?(?:struct|union|enum|unsigned|long) [\w *[\]]+$/.test(text) &&
  !/^(?:\w*_\w* ?)+$/.test(text) &&
  !/^[.#\w-]+ [.#\w-]+ *\{/.test(text);
