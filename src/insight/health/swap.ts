/** Checks whether the swap space is full. */
import { swapAreas, swapPages, swapPagesInUse } from "../../linux/mm/swap.ts";
import { pageSize } from "../../linux/mm/page.ts";
import { globalAddress } from "../../linux/vmcoreinfo.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { percentWords, sizeWords } from "./amounts.ts";

/** Shares of the swap space in use above which it is reported. */
const NOTE = 0.5;
const SUSPECT = 0.9;

/** Reports swap space of which most is in use. */
export const swap: HealthCheck = {
  id: "swap",
  title: "swap space",
  shows: "swap",
  *run(kernel) {
    if (globalAddress(kernel, "swap_info") === undefined) return "The kernel was built without swap.";
    let [used, all] = [0, 0];
    for (const { area } of swapAreas(kernel)) {
      used += swapPagesInUse(area);
      all += swapPages(area);
    }
    if (all === 0) return "The machine has no swap space.";
    const size = pageSize(kernel);
    const sentence = `${sizeWords(used * size)} of ${sizeWords(all * size)} swap space are in use, ${percentWords(used, all)}.`;
    if (used > all * NOTE)
      yield observed("swap", used > all * SUSPECT ? "suspect" : "note", { used, all }, [sentence], {
        kind: "output",
        command: "swap",
        text: `${used} of ${all} pages in use`,
      });
    return sentence;
  },
};
