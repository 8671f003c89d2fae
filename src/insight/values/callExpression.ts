/** Names calls as C expressions. */
import type { Effect } from "../../arch/effect.ts";
import { attempt, Fault } from "../../base/fault.ts";
import type { KSymbol } from "../../debuginfo/source.ts";
import { plainName } from "../../log/place.ts";
import type { Kernel } from "../../model/kernel.ts";
import { variable } from "./expression.ts";
import { prototype } from "./prototype.ts";
import type { Site } from "./site.ts";
import { registerOf } from "./variables.ts";

/**
 * Returns a call as a C expression: `find(name)`; undefined if the called function is not known. Arguments without a
 * known name are printed as `...`.
 */
export function callExpression(site: Site, { target, address }: Effect): string | undefined {
  const { kernel, graph } = site;
  const symbol = target === undefined ? undefined : kernel.symbols.at(target);
  const index = graph.at(address);
  if (!symbol || symbol.address !== target || index === undefined) return undefined;
  const shown = passedRegisters(kernel, symbol).map(
    (register) => (register === undefined ? undefined : variable(site, register, index)?.text) ?? "...",
  );
  return `${plainName(symbol.name)}(${shown.join(", ")})`;
}

/** Returns the registers of a function's parameters; undefined for a parameter that is not passed in a register. */
function passedRegisters(kernel: Kernel, { name, address }: KSymbol): (string | undefined)[] {
  const registers = kernel.arch.argumentRegisters ?? [];
  const own = attempt(() => kernel.code.scopes(address).at(-1)?.variables());
  // The compiler may drop parameters of a function that gets a suffix. Only debuginfo has the registers of the others.
  if (own && !(own instanceof Fault))
    return own.filter(({ parameter }) => parameter).map(({ location }) => location && registerOf(kernel, location));
  return prototype(kernel, name)?.parameters.map((_, at) => registers[at]) ?? [undefined];
}
