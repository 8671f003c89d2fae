/** What a session's dump and debuginfo tell of the reports in its log. */
import { disassembler } from "../arch/disassembler/disassembler.ts";
import { Fault } from "../base/fault.ts";
import type { Job } from "../base/job.ts";
import type { LogContext } from "../log/context.ts";
import { decoderOf } from "../session/open/codeDecoder.ts";
import { textOf } from "../session/open/logContext.ts";
import { describedPlace } from "./requests/describe.ts";
import type { Target } from "./target.ts";

/** The context of the log of the open dump. */
export function* logContext(target: Target): Job<LogContext> {
  const disassemble = yield* decoder(target);
  return {
    ...(disassemble && { disassemble }),
    memberAt: (place, access) =>
      describedPlace(target, { text: textOf(place), returns: false, access })?.member ?? undefined,
    sourceOf: (place, returns) => describedPlace(target, { text: textOf(place), returns })?.places[0],
  };
}

/** Undefined where the machine has no disassembler. */
function* decoder({ kernel: { arch } }: Target): Job<LogContext["disassemble"]> {
  try {
    return decoderOf(arch, yield* disassembler(arch));
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}
