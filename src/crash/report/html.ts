/** Writes blocks as one self-contained HTML page, and reads such a page. */
import MarkdownIt from "markdown-it";
import { printable } from "../../base/printable.ts";
import type { Block } from "../../document/block.ts";
import { blocksOf, markdownOf } from "../../document/markdown.ts";

/** Styles of the page. It takes the reader's light or dark theme, and prints on paper. */
const STYLE = `:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 20%, transparent); }
body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { margin-top: 2.5rem; font-size: 1.25rem; border-bottom: 1px solid var(--line); }
code, pre { font: 13px/1.45 ui-monospace, SFMono-Regular, Consolas, monospace; }
pre { margin: 0; padding: .6rem .8rem; overflow-x: auto; border: 1px solid var(--line); }
pre.command { border-bottom: 0; border-radius: 4px 4px 0 0; font-weight: 600; background: color-mix(in srgb, currentColor 8%, transparent); }
pre.command:last-child, pre.output { border-radius: 0 0 4px 4px; } figure { margin: 1rem 0; }
@media print { pre { white-space: pre-wrap; overflow-wrap: anywhere; } body { max-width: none; } }`;

/** The page has no scripts and loads nothing, whatever is in the dump. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** Element that contains the Markdown of the page, so that `report --check` can read it. */
const SOURCE_OPEN = '<template id="markdown">';
const SOURCE_CLOSE = "</template>";

/** Returns a document as an HTML page. */
export function htmlOf(blocks: readonly Block[]): string {
  // Links are not made from bare addresses, HTML in the text is shown as text, and images are not loaded.
  const markdown = new MarkdownIt({ html: false, linkify: false }).disable("image");
  const title = blocks.find((block) => block.kind === "heading")?.text ?? "Crash report";
  const body = blocks.map((block) => blockHtml(block, markdown)).join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
${STYLE}
</style>
</head>
<body>
${body}
${SOURCE_OPEN}${escaped(markdownOf(blocks))}${SOURCE_CLOSE}
</body>
</html>
`;
}

function blockHtml(block: Block, markdown: MarkdownIt): string {
  switch (block.kind) {
    case "heading":
      return `<h${block.level}>${markdown.renderInline(block.text)}</h${block.level}>`;
    case "text":
      return markdown.render(block.text).trimEnd();
    case "command": {
      const output = block.output === undefined ? "" : `<pre class="output">${escaped(block.output)}</pre>`;
      return `<figure><pre class="command">${escaped(block.lines)}</pre>${output}</figure>`;
    }
  }
}

/**
 * Reads the blocks of a page that `htmlOf` wrote; undefined if the text is not such a page. They are those of the page
 * as it was written: compare the page with `htmlOf` to find later changes.
 */
export function blocksOfHtml(html: string): Block[] | undefined {
  const start = html.indexOf(SOURCE_OPEN);
  const end = html.indexOf(SOURCE_CLOSE, start);
  return start < 0 || end < 0 ? undefined : blocksOf(unescaped(html.slice(start + SOURCE_OPEN.length, end)));
}

const MARKS: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const PLAIN = new Map(Object.entries(MARKS).map(([mark, entity]) => [entity, mark]));

const escaped = (text: string): string =>
  text
    .split("\n")
    .map(printable)
    .join("\n")
    .replace(/[&<>"]/g, (mark) => MARKS[mark] ?? mark);

const unescaped = (html: string): string =>
  html.replace(/&(?:amp|lt|gt|quot);/g, (entity) => PLAIN.get(entity) ?? entity);
