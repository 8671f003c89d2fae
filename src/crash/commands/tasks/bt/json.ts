import { livePatchText } from "../../../../linux/module/livepatch.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import type { Frame, Stack, Trap } from "../../../../unwind/frame.ts";
import { faultJson, type Json, addressJson } from "../../../../say/piece.ts";
import type { Fields } from "../../../../say/table.ts";
import { taskColumns, taskFacts } from "../../../say/taskHeading.ts";

const trapFields: Fields = {
  type: { kind: "text", about: "as crash names it" },
  registers: { kind: "data", about: "by name, addresses" },
  errorText: { kind: "text" },
  faultAddress: { kind: "address" },
};

/** Keys of docs/json.md. */
export const backtraceFields: Fields = {
  ...taskColumns,
  frames: {
    kind: "data",
    about: "innermost first, inlined functions as frames of their own",
    fields: {
      function: { kind: "symbol", about: "null for code that has no name" },
      inlined: { kind: "flag" },
      pc: { kind: "address" },
      sp: { kind: "address" },
      module: { kind: "text" },
      file: { kind: "text", about: "with debuginfo" },
      line: { kind: "number" },
      livePatch: { kind: "text", about: "what a live patch made of the function" },
      doubt: { kind: "text", about: "how it was found where exact rules had none" },
      trap: { kind: "data", about: "what interrupted the function", fields: trapFields },
    },
  },
  userTrap: { kind: "data", about: "how the task came from user space", fields: trapFields },
  error: { kind: "data", about: "why the stack cannot be followed further" },
};

/** A backtrace to programs: frames innermost first, inlined functions as frames of their own, no user frames. */
export function backtraceJson(task: Obj, stack: Stack): Json {
  return {
    ...taskFacts(task),
    frames: stack.frames.flatMap((frame) => frameJson(task.kernel, frame)),
    userTrap: stack.userTrap ? trapJson(stack.userTrap) : null,
    error: stack.fault ? faultJson(stack.fault) : null,
  };
}

function frameJson(kernel: Kernel, frame: Frame): Json[] {
  const { symbol, trap, doubt = null } = frame;
  const places = frame.places();
  const patch = symbol && livePatchText(kernel, symbol.address);
  const names = places.length === 0 ? [{ function: symbol?.name ?? null, inlined: false, source: undefined }] : places;
  return names.map(({ function: name, inlined, source }, i) => ({
    function: name,
    inlined,
    pc: addressJson(frame.pc),
    sp: addressJson(frame.sp),
    module: symbol?.module ?? null,
    file: source?.file ?? null,
    line: source?.line ?? null,
    // What is true of the whole frame stands with the innermost of its functions.
    trap: i === 0 && trap ? trapJson(trap) : null,
    livePatch: i === 0 ? (patch ?? null) : null,
    doubt: i === 0 ? doubt : null,
  }));
}

function trapJson({ type, registers, errorText, faultAddress }: Trap): Json {
  return {
    type,
    registers: Object.fromEntries([...registers].map(([name, value]) => [name, addressJson(value)])),
    errorText: errorText ?? null,
    faultAddress: faultAddress === undefined ? null : addressJson(faultAddress),
  };
}
