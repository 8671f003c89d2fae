/** The place of a report among the lines that name a program counter. */
import { machineOf } from "../machines.ts";
import type { SiteLine } from "../traces.ts";

/** Maximum number of lines between the address of an instruction and its name, where a machine prints them apart. */
const MAX_DISTANCE = 16;

/**
 * Returns the place of the report, which the first of the lines names; undefined without lines. i386 up to 4.15 prints
 * its address and, below, its name.
 */
export function siteIn(sites: readonly SiteLine[]): SiteLine | undefined {
  const [first] = sites;
  if (!first) return undefined;
  if (first.place?.name !== undefined) return withCode(first, sites);
  const named = sites.find(({ place }) => place?.name !== undefined);
  const isSame = named?.machine === first.machine && named.at - first.at <= MAX_DISTANCE;
  return named && isSame ? { ...named, address: first.address } : first;
}

/**
 * Adds the code and registers that are printed below a second line with the same place: x86 up to 4.16 prints `IP:` of a
 * page fault first, and later the registers with `RIP:` or `EIP is at`.
 */
function withCode(first: SiteLine, sites: readonly SiteLine[]): SiteLine {
  const { place, machine } = first;
  const other = sites.find(
    (one) =>
      one.code !== undefined &&
      one.machine === machine &&
      one.place?.name === place?.name &&
      one.place?.offset === place?.offset,
  );
  return first.code === undefined && other ? { ...first, code: other.code, registers: other.registers } : first;
}

/**
 * Returns the line with the return-address register that is printed near a place, or with the last branch, which is
 * printed below the trace; undefined if there is none.
 */
export const linkOf = (sites: readonly SiteLine[], site: SiteLine): SiteLine | undefined =>
  sites.find(
    ({ role, at, machine }) =>
      role === "link" &&
      machine === site.machine &&
      (machineOf(machine)?.hasLastBranch === true || Math.abs(at - site.at) <= MAX_DISTANCE),
  );
