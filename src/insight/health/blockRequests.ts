/** Checks how long requests of block devices are in flight. */
import { attempt, Fault } from "../../base/fault.ts";
import { inFlightRequests, listsRequests, requestAge } from "../../linux/block/blkMq.ts";
import { disks } from "../../linux/block/gendisk.ts";
import type { Obj } from "../../model/object.ts";
import { pause } from "../check.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { countWords, SECOND, timeWords } from "./amounts.ts";

/**
 * Minimum time in nanoseconds that a request is in flight to be reported, and to be a suspect. The kernel's default for
 * the timeout of a request is 30 s (block/blk-mq.c).
 */
const MIN_NS = SECOND;
const SUSPECT_NS = 5n * SECOND;

/** Reports disks whose oldest request has been with the driver for at least a second. */
export const blockRequests: HealthCheck = {
  id: "block-requests",
  title: "block requests in flight",
  shows: "dev -d",
  *run(kernel) {
    let [devices, unlisted, unread, requests] = [0, 0, 0, 0];
    for (const disk of disks(kernel)) {
      yield pause("disks");
      const found = attempt(() => (listsRequests(disk) ? oldestRequest(disk) : undefined));
      if (!found) {
        unlisted++;
        continue;
      }
      if (found instanceof Fault) {
        if (found.kind === "unknown") throw found;
        unread++;
        continue;
      }
      devices++;
      requests += found.count;
      const { oldest, age } = found;
      if (!oldest || age < MIN_NS) continue;
      const name = disk.at("disk_name").text();
      yield observed(
        "block-requests",
        age >= SUSPECT_NS ? "suspect" : "note",
        { disk: name, requests: found.count, oldest_ns: age },
        [
          `The disk ${name} has ${countWords(found.count, "request")} in flight; the oldest was started ${timeWords(age)} ago.`,
        ],
        { kind: "output", command: "dev -d", text: `${found.count} requests of ${name} in flight` },
        {
          kind: "field",
          type: "struct request",
          address: oldest.address,
          path: "deadline",
          value: String(oldest.at("deadline").value()),
        },
      );
    }
    const failed = unread > 0 ? ` The requests of ${countWords(unread, "disk")} cannot be read.` : "";
    const left =
      unlisted > 0 ? ` The age of the requests of ${countWords(unlisted, "disk")} without blk-mq is not known.` : "";
    return `${countWords(devices, "disk")} with ${countWords(requests, "request")} in flight, none for longer than a second.${failed}${left}`;
  },
};

interface Oldest {
  readonly count: number;
  readonly oldest: Obj<"struct request"> | undefined;
  /** In nanoseconds. */
  readonly age: bigint;
}

function oldestRequest(disk: Obj<"struct gendisk">): Oldest {
  let [count, age] = [0, 0n];
  let oldest: Obj<"struct request"> | undefined;
  for (const request of inFlightRequests(disk)) {
    count++;
    const own = requestAge(request);
    if (oldest && own <= age) continue;
    oldest = request;
    age = own;
  }
  return { count, oldest, age };
}
