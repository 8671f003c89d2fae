/** Checks how much of the swap space is in use. */
import { swapAreas, swapPages, swapPagesInUse } from "../../linux/mm/swap.ts";
import { pageSize } from "../../linux/mm/page.ts";
import { globalAddress } from "../../linux/vmcoreinfo.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { percentWords, sizeWords } from "./amounts.ts";

/** Share of the swap space in use above which it is reported. */
const MIN_SHARE = 0.5;
/** Share of the swap space in use above which the finding is a suspect. */
const SUSPECT_SHARE = 0.9;

/** Reports swap space of which most is in use. */
export const swap: HealthCheck = {
  id: "swap",
  title: "swap space",
  shows: "swap",
  *run(kernel) {
    if (globalAddress(kernel, "swap_info") === undefined)
      return "The kernel has no symbol swap_info: it was built without swap, or its symbols are incomplete.";
    let [used, all] = [0, 0];
    for (const { area } of swapAreas(kernel)) {
      used += swapPagesInUse(area);
      all += swapPages(area);
    }
    if (all === 0) return "The machine has no swap space.";
    const size = pageSize(kernel);
    const sentence = `${sizeWords(used * size)} of ${sizeWords(all * size)} swap space are in use, ${percentWords(used, all)}.`;
    if (used > all * MIN_SHARE)
      yield observed("swap", used > all * SUSPECT_SHARE ? "suspect" : "note", { used, all }, [sentence], {
        kind: "output",
        command: "swap",
        text: `${used} of ${all} pages in use`,
      });
    return sentence;
  },
};
