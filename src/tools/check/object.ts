/** Claims that an address is in an object of a slab cache. */
import { z } from "zod";
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { address as addressIn } from "../../crash/language/address.ts";
import { cacheName, isMerged } from "../../linux/slab/slab.ts";
import { slabObjectAt, slabState } from "../../linux/slab/slabObject.ts";
import { type Judge, judged } from "./judgement.ts";

export const objectClaim = z.strictObject({
  address: z.string().max(400).describe("an address, a symbol or an expression"),
  cache: z.string().max(100).optional().describe("name of the slab cache"),
  state: z.enum(["allocated", "free"]).optional(),
});

export const object: Judge<z.infer<typeof objectClaim>> = function* (context, claim) {
  yield* [];
  const address = addressIn(context, claim.address);
  const command = `kmem -s ${hex0x(address)}`;
  const found = slabObjectAt(context.kernel, address);
  if (!found) return judged("false", `${hex0x(address)} is not in an object of a slab cache.`, command);
  const cache = cacheName(found.cache);
  if (claim.cache !== undefined && claim.cache !== cache)
    return isMerged(found.cache)
      ? judged(
          "unknown",
          `The object is in ${cache}, which other caches share; they may include ${claim.cache}.`,
          command,
        )
      : judged("false", `${hex0x(address)} is in an object of ${cache}, not of ${claim.cache}.`, command);
  const slab = attempt(() => slabState(found.slab));
  const isFree = !(slab instanceof Fault) && slab.free.has(found.index);
  const fault = slab instanceof Fault ? slab : slab.fault;
  const state = isFree ? "free" : fault ? "unknown" : "allocated";
  const evidence = [{ kind: "object", cache, address: found.address, state }] as const;
  const sentence = `${hex0x(address)} is in ${state === "free" ? "a free" : state === "allocated" ? "an allocated" : "an"} object of ${cache}`;
  if (claim.state === undefined) return judged("true", `${sentence}.`, command, evidence);
  if (state === "unknown")
    return judged(
      "unknown",
      `${sentence}; whether it is free cannot be told: ${fault?.message ?? ""}.`,
      command,
      evidence,
    );
  return judged(state === claim.state ? "true" : "false", `${sentence}.`, command, evidence);
};
