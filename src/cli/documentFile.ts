/** Writes documents to files. */
import { writeFileSync } from "node:fs";
import type { Block } from "../document/block.ts";
import { markdownOf } from "../document/markdown.ts";

export const isHtml = (path: string): boolean => /\.html?$/i.test(path);

/**
 * Writes a document as an HTML page if the name of the file says so, otherwise as Markdown.
 * @param path the file; undefined for standard output
 * @throws NodeJS.ErrnoException
 */
export async function writeDocument(path: string | undefined, blocks: readonly Block[]): Promise<void> {
  if (path === undefined) process.stdout.write(markdownOf(blocks));
  else if (isHtml(path)) writeFileSync(path, (await import("../crash/report/html.ts")).htmlOf(blocks));
  else writeFileSync(path, markdownOf(blocks));
}
