/** What a riscv64 function does with its frame pointer. */
import { riscv64Effects } from "./effects.ts";

/**
 * Returns what the code of a function has done with s0: `set` to its frame, `restored` to the caller's frame or used for
 * something else, or nothing. @param code from its start up to the current instruction
 */
export function framePointerState(code: Uint8Array): "unchanged" | "set" | "restored" {
  let state: "unchanged" | "set" | "restored" = "unchanged";
  for (const { writes } of riscv64Effects(code, 0n)) {
    if (!writes.has("s0")) continue;
    const value = writes.get("s0");
    const isFrame = value?.kind === "operation" && value.left.kind === "register" && value.left.name === "sp";
    state = isFrame ? "set" : "restored";
  }
  return state;
}
