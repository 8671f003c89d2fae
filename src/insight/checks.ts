import type { Check } from "./check.ts";
import { access } from "./checks/access.ts";
import { guilty } from "./checks/guilty.ts";
import { mechanism } from "./checks/mechanism.ts";
import { provenance } from "./checks/provenance.ts";
import { waits } from "./checks/waits.ts";

/** Every check, in the order in which their findings are told. */
export const checks: readonly Check[] = [mechanism, guilty, access, provenance, waits];
