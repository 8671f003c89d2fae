/** Consoles that print without the console lock, and the CPUs that own them. */
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { consoleName, consoles } from "./consoles.ts";

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

/**
 * Returns the consoles that a CPU owns. The word `nbcon_state` is a `struct nbcon_state` since the commit "printk: nbcon:
 * Add acquire/release logic" (in v6.7); kernels without it have no such consoles. @throws Fault at the first console that
 * cannot be read
 */
export const ownedConsoles = derived("owned consoles", (kernel: Kernel): readonly OwnedConsole[] => {
  const type = kernel.types.find("struct", "console");
  const state = kernel.types.find("struct", "nbcon_state");
  if (!type || !state) return [];
  const found: OwnedConsole[] = [];
  for (const console of consoles(kernel)) {
    if (!console.has("nbcon_state")) break;
    const word = kernel.object("struct nbcon_state", console.at("nbcon_state").address);
    const priority = PRIORITIES[word.at("prio").number()];
    if (priority === undefined) continue;
    const [name, cpu] = [consoleName(console), word.at("cpu").number()];
    found.push({ console, name, cpu, priority, isUnsafe: word.at("unsafe").number() !== 0 });
  }
  return found;
});
