/** The table of built-in filters. */
import type { Filter } from "./filter.ts";
import { cut } from "./filters/cut.ts";
import { grep } from "./filters/grep.ts";
import { head } from "./filters/head.ts";
import { sort } from "./filters/sort.ts";
import { tail } from "./filters/tail.ts";
import { uniq } from "./filters/uniq.ts";
import { wc } from "./filters/wc.ts";

/** The built-in filters in alphabetical order. */
export const filters: readonly Filter[] = [cut, grep, head, sort, tail, uniq, wc];
