/** The context that the analysis of the kernel log takes from a session: symbols, code and debuginfo. */
import { disassembler } from "../arch/disassembler/disassembler.ts";
import { Fault } from "../base/fault.ts";
import type { Job } from "../base/job.ts";
import type { LogContext } from "../log/context.ts";
import { decoderOf } from "../session/open/codeDecoder.ts";
import { textOf } from "../session/open/logContext.ts";
import { describedPlace } from "./requests/describe.ts";
import type { Target } from "./target.ts";

/** Returns the context for the log of the open dump. */
export function* logContext(target: Target): Job<LogContext> {
  const disassemble = yield* reportDisassembler(target);
  return {
    ...(disassemble && { disassemble }),
    memberAt: (place, access) =>
      describedPlace(target, { text: textOf(place), returns: false, access })?.member ?? undefined,
    sourceOf: (place, returns) => describedPlace(target, { text: textOf(place), returns })?.places[0],
  };
}

/** Returns the function that decodes the code of a report; undefined if the machine's disassembler is missing or does not load. */
function* reportDisassembler({ kernel: { arch } }: Target): Job<LogContext["disassemble"]> {
  try {
    return decoderOf(arch, yield* disassembler(arch));
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}
