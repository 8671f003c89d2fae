// Dumps of further machines in a real workbench: `npm run nightly`. Screenshots go to .cache/shots.
import { machineSuites } from "../machineSuite.mjs";

machineSuites(["arm", "riscv64"]);
