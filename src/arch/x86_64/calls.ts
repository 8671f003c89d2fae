/** Direct calls in x86_64 code. */
import { viewOf } from "../../base/bytes.ts";

/** Opcode of `call rel32`. */
const CALL = 0xe8;
/** Length of the instruction in bytes. */
const LENGTH = 5;

/** Whether code contains the bytes of a `call rel32` of one of the functions, at any offset. */
export function mayCall(code: Uint8Array, address: bigint, targets: ReadonlySet<bigint>): boolean {
  const view = viewOf(code);
  for (let at = code.indexOf(CALL); at >= 0 && at + LENGTH <= code.length; at = code.indexOf(CALL, at + 1)) {
    const distance = BigInt(view.getInt32(at + 1, true));
    if (targets.has(BigInt.asUintN(64, address + BigInt(at + LENGTH) + distance))) return true;
  }
  return false;
}
