/** Consoles that print without the console lock, and the CPUs that own them. */
import { hlistEntries } from "../../kernel/list.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";

/** A console that a CPU owns. */
export interface OwnedConsole {
  readonly console: Obj<"struct console">;
  /** Name and number: "ttyS0". */
  readonly name: string;
  readonly cpu: number;
  /** enum nbcon_prio. */
  readonly priority: "normal" | "emergency" | "panic";
  /** Whether the owner is in a section in which the console must not be taken over, such as a change of the device. */
  readonly isUnsafe: boolean;
}

/** include/linux/console.h, enum nbcon_prio: NBCON_PRIO_NONE means that the console has no owner. */
const PRIORITIES = [undefined, "normal", "emergency", "panic"] as const;

/** Maximum number of consoles. */
const MAX_CONSOLES = 64;

/**
 * Returns the consoles that a CPU owns. The word `nbcon_state` is a `struct nbcon_state` since the commit "printk: nbcon:
 * Add acquire/release logic" (in v6.7); kernels without it have no such consoles. @throws Fault at the first console that
 * cannot be read
 */
export const ownedConsoles = derived("owned consoles", (kernel: Kernel): readonly OwnedConsole[] => {
  const type = kernel.types.find("struct", "console");
  const state = kernel.types.find("struct", "nbcon_state");
  if (!type || !state || !kernel.hasVariable("console_list")) return [];
  const found: OwnedConsole[] = [];
  let count = 0;
  for (const console of hlistEntries(
    kernel,
    kernel.variable("console_list").as("struct hlist_head"),
    "struct console",
    "node",
  )) {
    if (count++ >= MAX_CONSOLES || !console.has("nbcon_state")) break;
    const word = kernel.object("struct nbcon_state", console.at("nbcon_state").address);
    const priority = PRIORITIES[word.at("prio").number()];
    if (priority === undefined) continue;
    const number = console.has("index") ? console.at("index").number() : -1;
    const name = `${console.at("name").text()}${number >= 0 ? number : ""}`;
    found.push({ console, name, cpu: word.at("cpu").number(), priority, isUnsafe: word.at("unsafe").number() !== 0 });
  }
  return found;
});
