import type { Command } from "./command.ts";

/** Every command, alphabetically. A function, because `help` and `foreach` stand in it and ask for it. */
export const commands = (): readonly Command[] => [];
