/** Checks the free memory of zones against their watermarks. */
import { managedPages, watermarks, zoneName, zones as allZones } from "../../linux/mm/mmzone.ts";
import { pageSize } from "../../linux/mm/page.ts";
import { zoneFreePages } from "../../linux/mm/vmstat.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { countWords, sizeWords } from "./amounts.ts";

/** Reports zones with fewer free pages than the watermark low; those with fewer than the watermark min are suspects. */
export const zones: HealthCheck = {
  id: "zones",
  title: "zones below their watermarks",
  shows: "kmem -z",
  *run(kernel) {
    let count = 0;
    for (const zone of allZones(kernel)) {
      if (managedPages(zone) === 0) continue;
      count++;
      const free = zoneFreePages(zone);
      const [min = 0, low = 0] = watermarks(zone);
      if (free >= low) continue;
      const name = zoneName(zone);
      const node = zone.has("node") ? zone.at("node").number() : 0;
      const size = pageSize(kernel);
      const below =
        free < min
          ? "the watermark min, below which only allocations that may use the reserves get pages of it"
          : "the watermark low, below which the kernel wakes kswapd to free memory";
      yield observed(
        "zones",
        free < min ? "suspect" : "note",
        { zone: name, node, free, min, low },
        [
          `The zone ${name} of node ${node} has ${sizeWords(free * size)} free, less than ${below} (min ${sizeWords(min * size)}, low ${sizeWords(low * size)}).`,
        ],
        {
          kind: "output",
          command: "kmem -z",
          text: `NODE ${node} ${name}: ${free} pages free, min ${min}, low ${low}`,
        },
      );
    }
    return `${countWords(count, "zone")} with memory; each has at least as many free pages as its watermark low.`;
  },
};
