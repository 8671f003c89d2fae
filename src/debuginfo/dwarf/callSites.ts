/** Call sites: values of arguments at calls. */
import type { CallSite, PassedValue } from "../source.ts";
import {
  DW_AT_abstract_origin,
  DW_AT_call_origin,
  DW_AT_call_return_pc,
  DW_AT_call_target,
  DW_AT_call_value,
  DW_AT_frame_base,
  DW_AT_GNU_call_site_target,
  DW_AT_GNU_call_site_value,
  DW_AT_location,
  DW_AT_low_pc,
  DW_AT_name,
  DW_TAG_call_site,
  DW_TAG_call_site_parameter,
  DW_TAG_GNU_call_site,
  DW_TAG_GNU_call_site_parameter,
} from "./constants.ts";
import type { Die } from "./die.ts";
import { registerOf } from "./expressions/evaluation.ts";
import { expressionAt } from "./locations.ts";
import { blocksAt } from "./scopes.ts";
import { expressionUnit } from "./variables.ts";

/**
 * Returns the call site of a function whose call returns to `returnPc`, a distance in the image's `Addressing`;
 * undefined if there is none (DWARF 5, section 3.4; before that a GNU extension). @throws Fault
 */
export function callSiteOf(subprogram: Die, returnPc: number): CallSite | undefined {
  for (const block of blocksAt(subprogram, returnPc - 1).reverse()) {
    for (const walk = block.children(); walk.next();) {
      const { tag } = walk.abbrev;
      if (tag !== DW_TAG_call_site && tag !== DW_TAG_GNU_call_site) continue;
      const site = walk.die();
      const place = tag === DW_TAG_call_site ? DW_AT_call_return_pc : DW_AT_low_pc;
      if (site.address(place) === returnPc) return new DwarfCallSite(site, subprogram, returnPc);
    }
  }
  return undefined;
}

class DwarfCallSite implements CallSite {
  private readonly site: Die;
  private readonly subprogram: Die;
  private readonly returnPc: number;

  constructor(site: Die, subprogram: Die, returnPc: number) {
    this.site = site;
    this.subprogram = subprogram;
    this.returnPc = returnPc;
  }

  get callee(): string | undefined {
    const callee = this.site.die(DW_AT_call_origin) ?? this.site.die(DW_AT_abstract_origin);
    return callee?.holder(DW_AT_name)?.text(DW_AT_name);
  }

  get target(): PassedValue | undefined {
    const where = this.site.attribute(DW_AT_call_target) ?? this.site.attribute(DW_AT_GNU_call_site_target);
    return where?.kind === "block" ? this.expression(where.bytes) : undefined;
  }

  argument(register: number): PassedValue | undefined {
    for (const walk = this.site.children(); walk.next();) {
      const { tag } = walk.abbrev;
      if (tag !== DW_TAG_call_site_parameter && tag !== DW_TAG_GNU_call_site_parameter) continue;
      const parameter = walk.die();
      const where = parameter.attribute(DW_AT_location);
      if (where?.kind !== "block" || registerOf(where.bytes) !== register) continue;
      const value = parameter.attribute(DW_AT_call_value) ?? parameter.attribute(DW_AT_GNU_call_site_value);
      if (value?.kind !== "block") return undefined;
      return this.expression(value.bytes);
    }
    return undefined;
  }

  private expression(bytes: Uint8Array): PassedValue {
    const { subprogram } = this;
    const pc = this.returnPc - 1;
    const frameBase = expressionAt(subprogram.unit, subprogram.attribute(DW_AT_frame_base), pc);
    return { kind: "expression", bytes, frameBase, unit: expressionUnit(this.site.unit, subprogram, pc) };
  }
}
