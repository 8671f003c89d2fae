/** Checks in which function the crash happened. */
import { attempt } from "../../base/fault.ts";
import { isInTree } from "../../linux/module/taint.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Frame } from "../../unwind/frame.ts";
import type { Check } from "../check.ts";
import { type CrashFacts, functionOf } from "../crashFacts.ts";
import type { Evidence } from "../evidence.ts";
import type { Finding, Sentence } from "../finding.ts";
import { guiltyPlaces, sourceOf, type SourcePlace } from "../source.ts";
import { lookupAddress } from "../../unwind/cursor.ts";
import { guiltyFrame, type GuiltyFrame } from "../guiltyFrame.ts";

/** Reports the guilty function, and the interrupted instruction if that is in another function. */
export const guilty: Check = {
  id: "guilty",
  needs: [],
  about: "any",
  *run(kernel, crash) {
    const found = guiltyFrame(crash);
    if (!found) return;
    yield guiltyFinding(kernel, crash, found);
    const [first] = crash.frames;
    if (first?.symbol && crash.trap && found.frame && first !== found.frame)
      yield faultingFinding(kernel, crash, first, found.index);
  },
};

function guiltyFinding(kernel: Kernel, crash: CrashFacts, found: GuiltyFrame): Finding {
  const places = guiltyPlaces(kernel, found);
  const source = places?.own;
  const inlined = places?.inlined;
  const inTree = found.module === undefined ? true : attempt(() => isInTree(kernel, found.module ?? ""));
  const known = typeof inTree === "boolean" ? inTree : undefined;
  return {
    id: "where.guilty",
    severity: "cause",
    certainty: found.frame !== undefined && found.frame.doubt === undefined ? "certain" : "likely",
    slots: {
      function: found.function,
      file: source?.file,
      line: source?.line,
      inlined: inlined?.function,
      module: found.module,
      inTree: known,
    },
    text: [
      "It happened in ",
      found.frame?.symbol
        ? { kind: "symbol", name: found.function, address: found.frame.pc }
        : { kind: "code", text: found.function },
      ...(source ? [" at ", { kind: "source", file: source.file, line: source.line } as const] : []),
      ...(inlined
        ? [
            `, in ${inlined.function} (inlined) at `,
            { kind: "source", file: inlined.file, line: inlined.line } as const,
          ]
        : []),
      ...moduleWords(found.function, found.module, known),
      ".",
    ],
    evidence: evidenceOf(crash, found, source),
    unknown: source
      ? []
      : [
          {
            what: "file and line",
            because: found.frame
              ? "no debuginfo with lines (DWARF) of this code is loaded"
              : "only the log names this function; it was not found on the stack",
          },
        ],
  };
}

function moduleWords(name: string, module: string | undefined, inTree: boolean | undefined): Sentence {
  if (module === "bpf" || /^bpf_prog_[0-9a-f]{16}/.test(name)) return [", a BPF program"];
  if (module === undefined) return [", in the kernel itself"];
  const tree = inTree === undefined ? "" : inTree ? " (from the kernel's tree)" : " (out of tree)";
  return [", of module ", { kind: "module", name: module }, tree];
}

function evidenceOf(
  { task, report }: CrashFacts,
  found: GuiltyFrame,
  source: SourcePlace | undefined,
): [Evidence, ...Evidence[]] {
  const all: Evidence[] = [];
  if (found.frame && task) all.push({ kind: "frame", task: task.address, pc: found.frame.pc, text: found.function });
  if (found.line !== undefined && report) {
    const text = report.texts[report.numbers.indexOf(found.line)];
    if (text !== undefined) all.push({ kind: "log", line: found.line, text: text.trim() });
  }
  if (source && found.frame)
    all.push({
      kind: "source",
      file: source.file,
      line: source.line,
      pc: found.frame.exact ? found.frame.pc : found.frame.pc - 1n,
    });
  const [first, ...more] = all;
  return first ? [first, ...more] : [{ kind: "log", line: report?.report.at ?? 0, text: report?.headline ?? "" }];
}

/**
 * Reports the interrupted instruction, which is not in the guilty function.
 * @param guilty index of the guilty function's frame
 */
function faultingFinding(kernel: Kernel, crash: CrashFacts, frame: Frame, guilty = 0): Finding {
  const isInterrupt = crash.frames.slice(1, guilty + 1).some(({ trap }) => trap !== undefined);
  const source = sourceOf(kernel, lookupAddress(frame));
  const name = functionOf(frame) ?? "code without a name";
  return {
    id: "where.faulting",
    severity: "note",
    certainty: "certain",
    slots: { function: functionOf(frame), file: source?.file, line: source?.line, module: frame.symbol?.module },
    text: [
      "The instruction that was interrupted is in ",
      { kind: "symbol", name, address: frame.pc },
      ...(source ? [" at ", { kind: "source", file: source.file, line: source.line } as const] : []),
      isInterrupt ? ", in an interrupt or exception that came while it ran." : ", in a call that came from there.",
    ],
    evidence: [
      { kind: "register", task: crash.task?.address ?? 0n, pc: frame.pc, name: kernel.arch.pc, value: frame.pc },
    ],
  };
}
