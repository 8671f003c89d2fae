// Dumps of two machines in a real workbench; those of the others are in test/e2e/nightly. Screenshots go to .cache/shots.
import { machineSuites } from "./machineSuite.mjs";

machineSuites(["x86_64", "arm64"]);
