/** The requests that an open dump answers, one topic per line. */
import type { Handlers } from "./handlers.ts";
import { breakpoints } from "./requests/breakpoints.ts";
import { completions } from "./requests/completions.ts";
import { compare } from "./requests/compare.ts";
import { custom } from "./requests/custom.ts";
import { debuginfo } from "./requests/debuginfo.ts";
import { describes } from "./requests/describe.ts";
import { disassemble } from "./requests/disassemble.ts";
import { documents } from "./requests/documents.ts";
import { evaluate } from "./requests/evaluate.ts";
import { exceptionInfo } from "./requests/exceptionInfo.ts";
import { execution } from "./requests/execution.ts";
import { fixes } from "./requests/fixes.ts";
import { identifiers } from "./requests/identifier.ts";
import { identifies } from "./requests/identify.ts";
import { kernelLog } from "./requests/kernelLog.ts";
import { memory } from "./requests/memory.ts";
import { modules } from "./requests/modules.ts";
import { opcodes } from "./requests/opcodes.ts";
import { runs } from "./requests/run.ts";
import { source } from "./requests/source.ts";
import { stacks } from "./requests/stacks.ts";
import { stackTrace } from "./requests/stackTrace.ts";
import { threads } from "./requests/threads.ts";
import { toolCalls } from "./requests/tool.ts";
import { verdicts } from "./requests/verdict.ts";
import { variables } from "./requests/variables.ts";

export const handlers: Handlers = {
  ...breakpoints,
  ...completions,
  ...custom,
  ...compare,
  ...debuginfo,
  ...describes,
  ...disassemble,
  ...documents,
  ...evaluate,
  ...exceptionInfo,
  ...execution,
  ...fixes,
  ...identifiers,
  ...identifies,
  ...kernelLog,
  ...memory,
  ...modules,
  ...opcodes,
  ...runs,
  ...source,
  ...stacks,
  ...stackTrace,
  ...threads,
  ...toolCalls,
  ...variables,
  ...verdicts,
};
