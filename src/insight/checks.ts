import type { Check } from "./check.ts";
import { guilty } from "./checks/guilty.ts";
import { mechanism } from "./checks/mechanism.ts";

/** Every check, in the order in which their findings are told. */
export const checks: readonly Check[] = [mechanism, guilty];
