import { livePatchText } from "../../../../linux/module/livepatch.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import type { Frame, Stack, Trap } from "../../../../unwind/frame.ts";
import { faultJson, type Json, addressJson } from "../../../../say/piece.ts";
import { taskFacts } from "../../../say/taskHeading.ts";

/** A backtrace to programs: frames innermost first, inlined functions as frames of their own, no user frames. */
export function backtraceJson(task: Obj, stack: Stack): Json {
  return {
    ...taskFacts(task),
    frames: stack.frames.flatMap((frame) => frameJson(task.kernel, frame)),
    userTrap: stack.userTrap && trapJson(stack.userTrap),
    error: stack.fault && faultJson(stack.fault),
  };
}

function frameJson(kernel: Kernel, frame: Frame): Json[] {
  const { symbol } = frame;
  const place = { pc: addressJson(frame.pc), sp: addressJson(frame.sp), module: symbol?.module };
  const places = frame.places();
  const frames: Record<string, Json | undefined>[] =
    places.length === 0
      ? [{ function: symbol?.name ?? null, inlined: false, ...place }]
      : places.map(({ function: name, inlined, source }) => ({
          function: name,
          inlined,
          ...place,
          file: source?.file,
          line: source?.line,
        }));
  const innermost = frames[0];
  if (innermost) {
    if (frame.trap) innermost["trap"] = trapJson(frame.trap);
    const patch = symbol && livePatchText(kernel, symbol.address);
    if (patch !== undefined) innermost["livePatch"] = patch;
    if (frame.doubt !== undefined) innermost["doubt"] = frame.doubt;
  }
  return frames;
}

function trapJson({ type, registers, errorText, faultAddress }: Trap): Json {
  return {
    type,
    registers: Object.fromEntries([...registers].map(([name, value]) => [name, addressJson(value)])),
    errorText,
    faultAddress: faultAddress === undefined ? undefined : addressJson(faultAddress),
  };
}
