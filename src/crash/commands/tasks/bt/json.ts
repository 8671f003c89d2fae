/** The JSON record of a backtrace. */
import { livePatchText } from "../../../../linux/module/livepatch.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import type { Frame, Stack, Trap } from "../../../../unwind/frame.ts";
import { faultJson, type Json, addressJson } from "../../../../say/piece.ts";
import type { Fields } from "../../../../say/table.ts";
import { taskColumns, taskFacts } from "../../../say/taskHeading.ts";

const trapFields: Fields = {
  type: { kind: "text", about: "as crash names it" },
  registers: { kind: "data", about: "addresses by register name" },
  errorText: { kind: "text" },
  faultAddress: { kind: "address" },
};

/** The keys of a `bt` record in docs/json.md. */
export const backtraceFields: Fields = {
  ...taskColumns,
  frames: {
    kind: "data",
    about: "innermost first, inlined functions as frames of their own",
    fields: {
      function: { kind: "symbol", about: "null for code without a symbol" },
      inlined: { kind: "flag" },
      pc: { kind: "address" },
      sp: { kind: "address" },
      module: { kind: "text" },
      file: { kind: "text", about: "only with debuginfo" },
      line: { kind: "number" },
      livePatch: { kind: "text", about: "how a live patch changed the function" },
      doubt: { kind: "text", about: "how the frame was found when no exact unwind rule applied" },
      trap: { kind: "data", about: "the exception that interrupted the function", fields: trapFields },
    },
  },
  userTrap: { kind: "data", about: "the entry of the task from user space", fields: trapFields },
  error: { kind: "data", about: "why the stack cannot be followed further" },
};

/**
 * Returns a backtrace as JSON: frames innermost first, inlined functions as frames of their own, without user frames.
 */
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
    // The properties of the whole frame are in the record of its innermost function only.
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
