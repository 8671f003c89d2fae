/** What a riscv64 function does with its frame pointer. */
import type { FramePointerState } from "../functionFrame.ts";
import { riscv64Effects } from "./effects.ts";

/** Returns what a function has done with s0. @param code from its start up to the current instruction */
export function framePointerState(code: Uint8Array): FramePointerState {
  let state: FramePointerState = "unchanged";
  for (const { writes } of riscv64Effects(code, 0n)) {
    if (!writes.has("s0")) continue;
    const value = writes.get("s0");
    const isFrame = value?.kind === "operation" && value.left.kind === "register" && value.left.name === "sp";
    state = isFrame ? "set" : "restored";
  }
  return state;
}
