/** Marks of a distilled dump, which contains only what some commands read from another dump. */
import type { RandomFile } from "../../base/file.ts";
import { type Bitmap, bitmap } from "./bitmap.ts";

/** Start of the line in ERASEINFO of a distilled dump. Its version follows. */
export const DISTILLED = "distilled by vmcore-debug";

/** Start of the line with the offset of the third bitmap: the pages of the dump that it was distilled from. */
export const SOURCE_PAGES = "pages of the source at";

/** Returns the pages that the source had; undefined if the dump was not distilled. */
export function sourcePages(file: RandomFile, eraseinfo: string | undefined, maxPfn: number): Bitmap | undefined {
  if (!eraseinfo?.includes(DISTILLED)) return undefined;
  const offset = Number(new RegExp(`^${SOURCE_PAGES} (\\d{1,15})$`, "m").exec(eraseinfo)?.[1] ?? NaN);
  return offset >= 0 && offset < file.size ? bitmap(file, offset, maxPfn) : undefined;
}
