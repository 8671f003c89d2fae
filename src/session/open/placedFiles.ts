/** Parses memory files that are named with their physical addresses, as crash takes them. */
import { existsSync, statSync } from "node:fs";
import { attemptSystem } from "../../base/systemError.ts";
import type { RawRange } from "../../dump/format.ts";

/** Files of memory without a header, and the range of each. */
export interface PlacedFiles {
  readonly files: readonly string[];
  readonly raw: readonly RawRange[];
}

/**
 * Parses words such as `DDRCS0_0.BIN@0x80000000`, of which a word can contain several, separated by commas. A file whose
 * name has this form is not parsed.
 * @returns undefined if not all words have this form
 */
export function placedFiles(words: readonly string[]): PlacedFiles | undefined {
  const parts = words.flatMap((word) => (existsSync(word) ? [undefined] : word.split(",").map(placed)));
  const known = parts.filter((one) => one !== undefined);
  if (known.length === 0 || known.length < parts.length) return undefined;
  return { files: known.map(({ file }) => file), raw: known.map(({ range }) => range) };
}

function placed(text: string): { readonly file: string; readonly range: RawRange } | undefined {
  const [, file, address = ""] = /^([^@].*)@(?:0x)?([0-9a-f]{1,13})$/i.exec(text) ?? [];
  if (file === undefined) return undefined;
  const first = Number.parseInt(address, 16);
  const size = attemptSystem(() => statSync(file).size);
  // Opening a file that does not exist says so.
  return { file, range: { first, last: size === undefined || size === 0 ? undefined : first + size - 1 } };
}
