/** The adapter with failures of our own on the way to its `stopped` event: FAILING=stop, FAILING=threads. */
import { Target } from "../../src/adapter/target.ts";
import { Threads } from "../../src/adapter/threads.ts";

const fail = (): never => {
  throw new RangeError("Maximum call stack size exceeded");
};
Target.prototype.stop = fail;
if (process.env["FAILING"] === "threads") Threads.prototype.of = fail;
await import("../../src/adapter/main.ts");
