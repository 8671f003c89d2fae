import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { readSymbolText, symbolMeant, symbolPlace } from "../../debuginfo/symbols/symbolText.ts";
import { livePatchText } from "../../linux/module/livepatch.ts";
import type { Described } from "../../protocol/custom.ts";
import { addressIfAny } from "../values/addressOf.ts";
import type { Handlers } from "../handlers.ts";
import { glance } from "../values/glance.ts";
import type { Target } from "../target.ts";

/** What places that a text names stand for, many at once: a log names hundreds. */
export const describes: Pick<Handlers, "vmcore/describe"> = {
  *"vmcore/describe"(target, { places }) {
    const described: (Described | null)[] = [];
    for (const { text, returns } of places) {
      const address = attempt(() => addressOfText(target, text));
      described.push(address === undefined || address instanceof Fault ? null : describe(target, address, returns));
      yield;
    }
    return { described };
  },
};

/** Undefined for what names nothing here. */
function addressOfText(target: Target, text: string): bigint | undefined {
  const named = readSymbolText(text);
  if (named?.size !== undefined) {
    const symbols = target.kernel.symbols.named(named.name).filter(({ module }) => module === named.module);
    const symbol = symbolMeant(symbols, named);
    return symbol && BigInt.asUintN(64, symbol.address + BigInt(named.offset));
  }
  return addressIfAny(target, text);
}

/** A return address belongs to the line of its call, the instruction before it. */
function describe({ kernel, sources }: Target, address: bigint, returns: boolean): Described {
  const code = kernel.code.isText(address);
  // What follows a call that never returns may be another function.
  const place = code && returns ? address - 1n : address;
  const symbol = kernel.symbols.at(place);
  const scopes = code ? kernel.code.scopes(place) : [];
  const what = code ? symbol && livePatchText(kernel, symbol.address) : glance(kernel, address);
  return {
    address: hex0x(address),
    symbol: symbol && symbolPlace(symbol, address, 16),
    code,
    what,
    places: scopes.flatMap(({ function: name, source }) =>
      source ? [{ function: name, file: source.file, line: source.line, path: sources.pathOf(source.file) }] : [],
    ),
  };
}
