/** A phrase about the requests in flight of a block device. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Obj } from "../../model/object.ts";
import { inFlightRequests, requestAge, requestsInFlight } from "./blkMq.ts";

/**
 * Returns `vda has 3 requests in flight, the oldest for 4.6 s`; without an age if the requests are not known one by one.
 * @param disk `struct gendisk` @throws Fault if the requests cannot be counted
 */
export function inFlightText(disk: Obj<"struct gendisk">): string {
  const [reads, writes] = requestsInFlight(disk);
  const count = reads + writes;
  const text = `${disk.at("disk_name").text()} has ${count} ${count === 1 ? "request" : "requests"} in flight`;
  const age = attempt(() => {
    let oldest = -1n;
    for (const request of inFlightRequests(disk)) {
      const one = requestAge(request);
      if (one > oldest) oldest = one;
    }
    return oldest;
  });
  if (age instanceof Fault || age < 0n) return text;
  return `${text}, ${count === 1 ? "for" : "the oldest for"} ${Number(age / 100_000_000n) / 10} s`;
}
