/** The blocks of a document: text, and commands with their output. */

export type Block =
  | { readonly kind: "heading"; readonly level: 1 | 2 | 3; readonly text: string }
  /** Text in Markdown: paragraphs, lists, links. It may contain blank lines, but no headings and no `crash` fences. */
  | { readonly kind: "text"; readonly text: string }
  | CommandBlock;

/** Lines of the command language, and what they printed. */
export interface CommandBlock {
  readonly kind: "command";
  /** One command per line. */
  readonly lines: string;
  /** Output without a newline at its end; undefined if the commands were not run yet. */
  readonly output: string | undefined;
}

export const heading = (level: 1 | 2 | 3, text: string): Block => ({ kind: "heading", level, text });
export const paragraph = (text: string): Block => ({ kind: "text", text });
