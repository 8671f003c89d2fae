/** Makes checks of the memory that the kernel takes for one purpose. */
import { totalramPages } from "../../linux/mm/mm.ts";
import { pageSize } from "../../linux/mm/page.ts";
import type { Kernel } from "../../model/kernel.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { percentWords, sizeWords } from "./amounts.ts";

/** A purpose for which the kernel takes memory. */
export interface MemoryShare {
  readonly id: string;
  /** What takes the memory, as a plural noun phrase: "page tables". */
  readonly title: string;
  readonly shows: string;
  /** Share of the memory above which it is reported: 0.1 for 10 %. */
  readonly limit: number;
  readonly severity: "suspect" | "note";
  /** @returns the number of pages; @throws Fault */
  readonly pages: (kernel: Kernel) => number;
  /** Returns a second sentence for the finding; empty for none. */
  readonly remark?: (kernel: Kernel) => string;
}

/** Returns a check that reports a use of memory above a share of the machine's memory. */
export const memoryShare = ({ id, title, shows, limit, severity, pages, remark }: MemoryShare): HealthCheck => ({
  id,
  title,
  shows,
  *run(kernel) {
    const all = Number(totalramPages(kernel));
    const used = pages(kernel);
    const bytes = used * pageSize(kernel);
    const name = title.charAt(0).toUpperCase() + title.slice(1);
    const sentence = `${name} take ${sizeWords(bytes)}, ${percentWords(used, all)} of the memory.`;
    if (used > all * limit) {
      const more = remark?.(kernel) ?? "";
      yield observed(id, severity, { bytes, share: used / all }, [sentence, ...(more === "" ? [] : [` ${more}`])], {
        kind: "output",
        command: shows,
        text: `${used} of ${all} pages`,
      });
    }
    return sentence;
  },
});
