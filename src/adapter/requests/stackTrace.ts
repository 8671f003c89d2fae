/** The DAP `stackTrace` request. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import { hex0x } from "../../base/hex.ts";
import { symbolPlace } from "../../debuginfo/symbols/symbolText.ts";
import { livePatchText } from "../../linux/module/livepatch.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { FrameRow } from "../frames.ts";
import type { Handlers } from "../handlers.ts";
import { callBefore } from "../code/instructions.ts";
import { listingOf } from "../code/listing.ts";
import type { Job } from "../../base/job.ts";
import type { Target } from "../target.ts";

/** Maximum number of rows in the answer to a request without `levels`. A deeper stack is a damaged one. */
const MAX_ROWS = 2000;

/** Returns frames for the Call Stack view. */
export const stackTrace: Pick<Handlers, "stackTrace"> = {
  *stackTrace(target, { threadId, startFrame = 0, levels = 0 }) {
    const thread = target.threads.get(threadId);
    const end = startFrame + (levels > 0 ? levels : MAX_ROWS);
    const { rows, total: totalFrames } = target.frames.of(thread, startFrame, end);
    const stackFrames: DebugProtocol.StackFrame[] = [];
    for (const row of rows) {
      stackFrames.push(yield* frame(target, row));
      yield;
    }
    // The total is absent while more rows may follow; the client then requests more until it receives fewer than it
    // wanted.
    return totalFrames === undefined ? { stackFrames } : { stackFrames, totalFrames };
  },
};

function* frame(target: Target, row: FrameRow): Job<DebugProtocol.StackFrame> {
  const { id, frame, place } = row;
  if (!frame) return { id, name: row.label ?? "", line: 0, column: 0, presentationHint: "label" };
  const result: DebugProtocol.StackFrame = {
    id,
    name: frameName(target.kernel, row),
    line: 0,
    column: 0,
    instructionPointerReference: hex0x(frame.exact ? frame.pc : yield* callBefore(target.kernel, frame.pc)),
  };
  // The hint of a frame hides the hint of its source, so it is only set if it matters.
  if (isEntryCode(row)) result.presentationHint = "subtle";
  const { lines, columns } = target.client;
  if (place?.source) {
    result.source = { ...target.sources.of(place.source, place.module) };
    result.line = lines.of(place.source.line);
    // Column 0 of the line table means "no column".
    result.column = columns.of(Math.max(1, place.source.column));
  } else {
    const listing = yield* listingOf(target, frame.pc, frame.exact);
    if (listing)
      Object.assign(result, {
        source: { ...listing.source },
        line: lines.of(listing.line),
        column: columns.of(1),
      });
  }
  // VS Code folds such frames under "Show 6 More: panic machinery".
  if (result.source && row.machinery !== undefined)
    Object.assign(result.source, { presentationHint: "deemphasize", origin: row.machinery });
  const module = place?.module ?? frame.symbol?.module;
  if (frame.symbol || place) result.moduleId = module ?? "vmlinux";
  return result;
}

/**
 * Returns the name of a row: the function with its marks, which say that it is inlined, live-patched or uncertain. Without
 * debuginfo for the pc the symbol with its offset, or the address.
 */
function frameName(kernel: Kernel, { frame, place }: FrameRow): string {
  const { pc = 0n, symbol } = frame ?? {};
  const patch = symbol && !place?.inlined ? livePatchText(kernel, symbol.address) : undefined;
  const marks = [
    ...(place?.inlined ? [" [inlined]"] : []),
    ...(patch === undefined ? [] : [` [${patch}]`]),
    ...(frame?.doubt === undefined ? [] : [` (${frame.doubt}?)`]),
  ].join("");
  if (place) return `${place.function}${marks}`;
  return symbol ? `${symbolPlace(symbol, pc, 16)}${marks}` : `${hex0x(pc)}${marks}`;
}

/**
 * Whether the frame is assembly, or the C wrapper of an exception (asm/idtentry.h). Without a source line: whether it
 * has the name of a function that enters the kernel or starts a task.
 */
function isEntryCode({ frame, place }: FrameRow): boolean {
  if (place?.source) return /\.S$|\/asm\/idtentry\.h$/.test(place.source.file);
  return /^(asm_\w+|entry_\w+|ret_from_fork\w*|secondary_startup\w*|el[01]\w*|__irqentry\w*|vectors|system_call)$/.test(
    frame?.symbol?.name ?? "",
  );
}
