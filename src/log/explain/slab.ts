/** Explanations of reports of the slab allocators. */
import type { ReportFacts } from "../facts.ts";
import { particular } from "./naming.ts";

/** Says which bytes were overwritten, and with what the first of them (mm/slub.c, check_bytes_and_report()). */
function firstByte({ texts }: ReportFacts): string {
  const [, range, was, right] =
    texts
      .map((text) =>
        /^(?:INFO: )?(0x[0-9a-f]{8,16}-0x[0-9a-f]{8,16})(?: @offset=\d+)?\. First byte (0x[0-9a-f]{1,2}) instead of (0x[0-9a-f]{1,2})/.exec(
          text,
        ),
      )
      .find(Boolean) ?? [];
  return range === undefined ? "" : ` (${range}; the first byte is ${was} instead of ${right})`;
}

/** Returns ` at 0x…` for the object that SLUB prints (print_trailer); empty if it prints none. */
const slabObject = (facts: ReportFacts): string => {
  const address = /^Object (0x[0-9a-f]{8,16})/.exec(particular(facts, "slabObject") ?? "")?.[1];
  return address === undefined ? "" : ` at ${address}`;
};

export function explainSlab(facts: ReportFacts): string {
  const {
    corrupt,
    cache = corrupt,
    fault = corrupt === undefined ? undefined : "Poison overwritten",
  } = facts.report.headline.groups;
  const object = cache === undefined ? "an object" : `an object of cache ${cache}`;
  const what = fault ?? "";
  if (/^kasan: /.test(what))
    return `KASAN found an invalid access to ${object}${slabObject(facts)}, and the slab allocator printed the object; KASAN's own report describes the access.`;
  if (/^(?:Freed|Allocated) in /.test(what))
    return `The slab allocator prints who allocated or freed an object (${what}). This line alone does not say what is wrong with the object.`;
  // mm/slab.c, cache_alloc_debugcheck_after(): both change the words around the object.
  if (/double free, or memory outside object/i.test(what))
    return `The words that the slab allocator keeps around ${object} are wrong${firstByte(facts)}. Usual causes: the object was freed twice, or code wrote past its end or before its start. The allocator found this in a later check.`;
  if (/already free|Double free/i.test(what) && !/constructor/.test(what))
    return `The slab allocator received a request to free ${object} that is already free.`;
  if (/Redzone|redzone/.test(what))
    return `The bytes next to ${object} were overwritten${firstByte(facts)}. Usual cause: code wrote past its end or before its start. The allocator found this in a later check, not at the write.`;
  if (/Poison|poison/.test(what))
    return `The poison of ${object} was overwritten${firstByte(facts)}: most likely the object was written after it was freed.${facts.traces.some(({ role }) => role === "allocation" || role === "free") ? " The traces show who allocated or freed it last." : ""}`;
  if (/remaining|still has objects/.test(what))
    return `A cache${cache === undefined ? "" : ` (${cache})`} was to be destroyed while some of its objects are still in use. Usual causes: they were leaked, or are freed too late.`;
  if (/Freepointer|Freechain/i.test(what))
    return `The pointer to the next free object in ${object} is not valid. Usual cause: the object was written after it was freed.`;
  return `The slab allocator found ${object} in an invalid state (${what === "" ? facts.headline.slice(0, 120) : what}).`;
}
