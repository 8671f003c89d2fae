/** The npm package: `import { openDump } from "vmcore-debug"`. */
export { openDump } from "./openDump.ts";
export { Fault, type FaultKind } from "../base/fault.ts";
export { UsageError } from "../base/usageError.ts";
export { Cancelled } from "../base/job.ts";
export { OpenError } from "../session/open/openError.ts";
export type * from "./types.ts";
