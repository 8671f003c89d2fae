/** The tool `describe_address`: what an address is. */
import { z } from "zod";
import { hex0x } from "../base/hex.ts";
import { Fault } from "../base/fault.ts";
import { symbolPlace } from "../debuginfo/symbols/symbolText.ts";
import { slotsJson } from "../crash/commands/system/analyze/json.ts";
import { objectFindings } from "../insight/objectState.ts";
import { sentenceText } from "../insight/finding.ts";
import { address as addressIn } from "../crash/language/address.ts";
import { addressJson, record } from "../say/piece.ts";
import { commandPieces } from "./commandPieces.ts";
import { conclusion, tool } from "./tool.ts";

export const describeAddress = tool({
  name: "describe_address",
  title: "What Is This Address?",
  description:
    "What an address belongs to: symbol, slab object (cache, allocated or free, who allocated and freed it where the kernel records that), task and stack, vmalloc area, page. Also for a symbol or an expression.",
  input: z.strictObject({ address: z.string().min(1).max(400).describe("0xffff..., a symbol, or an expression") }),
  *run(context, { address: word }) {
    const { kernel } = context;
    const address = addressIn(context, word);
    const symbol = kernel.symbols.at(address);
    const known: string[] = [];
    if (symbol) {
      const place = symbolPlace(symbol, address, 16);
      const module = symbol.module ?? null;
      yield record({ symbol: place, module, text: kernel.code.isText(address) }, `symbol ${place}`);
      known.push(`${hex0x(address)} is ${place}${module === null ? "" : ` of the module ${module}`}.`);
    }
    for (const { id, text: sentence, slots } of objectFindings(kernel, address, { name: undefined, type: undefined })) {
      const says = sentenceText(sentence);
      yield record({ id, says, slots: slotsJson(slots) }, says);
      known.push(says);
    }
    const mapped = kernel.memory.translate(address);
    if (mapped instanceof Fault) {
      // Only "unmapped" is an answer of the page tables; other faults say that they cannot be read.
      const isUnmapped = mapped.kind === "unmapped";
      const says = isUnmapped ? "is not mapped" : "cannot be translated, and may be mapped";
      yield record({ mapped: isUnmapped ? false : null, because: mapped.message }, `${says}: ${mapped.message}`);
      known.push(`${hex0x(address)} ${says}: ${mapped.message}.`);
      yield conclusion(known.join(" "), `vtop ${hex0x(address)}`);
      return;
    }
    yield record({ mapped: true, physical: addressJson(mapped.physical) }, `physical ${hex0x(mapped.physical)}`);
    const line = `kmem ${hex0x(address)}`;
    yield conclusion(known.join(" ") || `${hex0x(address)} is mapped.`, line);
    yield* commandPieces(context, line);
  },
});
