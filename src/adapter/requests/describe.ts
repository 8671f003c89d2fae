/** The custom request that describes addresses and symbols of a text. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { readSymbolText, closestSymbol, symbolPlace } from "../../debuginfo/symbols/symbolText.ts";
import { livePatchText } from "../../linux/module/livepatch.ts";
import type { CodeScope } from "../../debuginfo/source.ts";
import type { Kernel } from "../../model/kernel.ts";
import { memberText } from "../../session/open/memberText.ts";
import type { Described, PlaceQuery } from "../../protocol/custom.ts";
import { addressIfAny } from "../values/addressOf.ts";
import type { Handlers } from "../handlers.ts";
import { glance } from "../values/glance.ts";
import type { Target } from "../target.ts";

/** Describes many places of a text in one request, because a log names hundreds. */
export const describes: Pick<Handlers, "vmcore/describe"> = {
  *"vmcore/describe"(target, { places }) {
    const described: (Described | null)[] = [];
    for (const place of places) {
      described.push(describedPlace(target, place));
      yield;
    }
    return { described };
  },
};

/** Describes what a place in a text refers to; null if it refers to nothing in this dump. */
export function describedPlace(target: Target, { text, returns, access }: PlaceQuery): Described | null {
  const address = attempt(() => addressOfText(target, text));
  return address === undefined || address instanceof Fault ? null : describe(target, address, { returns, access });
}

/** Returns the address that a text names; undefined if it names none. */
function addressOfText(target: Target, text: string): bigint | undefined {
  const named = readSymbolText(text);
  if (named?.size !== undefined) {
    const symbols = target.kernel.symbols.named(named.name).filter(({ module }) => module === named.module);
    const symbol = closestSymbol(symbols, named);
    return symbol && BigInt.asUintN(64, symbol.address + BigInt(named.offset));
  }
  return addressIfAny(target, text);
}

interface PlaceOptions {
  readonly returns: boolean;
  readonly access: PlaceQuery["access"];
}

/** Describes an address. A return address belongs to the line of its call, the instruction before it. */
function describe({ kernel, sources }: Target, address: bigint, { returns, access }: PlaceOptions): Described {
  const code = kernel.code.isText(address);
  // The address after a call that never returns may belong to another function.
  const place = code && returns ? address - 1n : address;
  const symbol = kernel.symbols.at(place);
  const scopes = code ? kernel.code.scopes(place) : [];
  const what = code ? symbol && livePatchText(kernel, symbol.address) : glance(kernel, address);
  return {
    address: hex0x(address),
    symbol: symbol && symbolPlace(symbol, address, 16),
    code,
    what,
    ...(access && { member: memberOf(kernel, scopes, access) }),
    places: scopes.flatMap(({ function: name, source }) =>
      source ? [{ function: name, file: source.file, line: source.line, path: sources.pathOf(source.file) }] : [],
    ),
  };
}

/** Returns the member that an instruction accesses; undefined if the debuginfo does not show it. */
function memberOf(
  { arch }: Kernel,
  scopes: readonly CodeScope[],
  access: NonNullable<PlaceQuery["access"]>,
): string | undefined {
  const member = attempt(() => memberText(scopes, arch, access));
  return member instanceof Fault ? undefined : member;
}
