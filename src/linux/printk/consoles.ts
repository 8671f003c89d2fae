/** The registered consoles (kernel/printk/printk.c). */
import { hlistEntries } from "../../kernel/list.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";

/** Maximum number of consoles. */
const MAX_CONSOLES = 64;

/**
 * Yields the registered consoles: from the list `console_list` since the commit "printk: Convert console_drivers list to
 * hlist" (in v6.2), from the chain `console_drivers` before; none if the symbols have neither.
 * @throws Fault where the list breaks
 */
export function* consoles(kernel: Kernel): Generator<Obj<"struct console">> {
  let count = 0;
  for (const console of kernel.hasVariable("console_list") ? listed(kernel) : chained(kernel))
    if (count++ < MAX_CONSOLES) yield console;
    else return;
}

const listed = (kernel: Kernel): Generator<Obj<"struct console">> =>
  hlistEntries(kernel, kernel.variable("console_list").as("struct hlist_head"), "struct console", "node");

function* chained(kernel: Kernel): Generator<Obj<"struct console">> {
  if (!kernel.hasVariable("console_drivers")) return;
  for (let at: Obj = kernel.variable("console_drivers"); at.value() !== 0n; at = at.deref().at("next"))
    yield at.deref().as("struct console");
}

/** Returns the name and the number of a console: "ttyS0". @throws Fault */
export function consoleName(console: Obj<"struct console">): string {
  const number = console.has("index") ? console.at("index").number() : -1;
  return `${console.at("name").text()}${number >= 0 ? number : ""}`;
}
