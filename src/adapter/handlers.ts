/** The types of request handlers. */
import type { DebugProtocol as Dap } from "@vscode/debugprotocol";
import type { CustomRequests } from "../protocol/custom.ts";
import type { Job } from "../base/job.ts";
import type { Target } from "./target.ts";

/** The argument and response types of each standard request, by its DAP name. */
interface Requests {
  threads: [undefined, Dap.ThreadsResponse];
  stackTrace: [Dap.StackTraceArguments, Dap.StackTraceResponse];
  scopes: [Dap.ScopesArguments, Dap.ScopesResponse];
  variables: [Dap.VariablesArguments, Dap.VariablesResponse];
  evaluate: [Dap.EvaluateArguments, Dap.EvaluateResponse];
  completions: [Dap.CompletionsArguments, Dap.CompletionsResponse];
  exceptionInfo: [Dap.ExceptionInfoArguments, Dap.ExceptionInfoResponse];
  readMemory: [Dap.ReadMemoryArguments, Dap.ReadMemoryResponse];
  disassemble: [Dap.DisassembleArguments, Dap.DisassembleResponse];
  modules: [Dap.ModulesArguments, Dap.ModulesResponse];
  loadedSources: [Dap.LoadedSourcesArguments | undefined, Dap.LoadedSourcesResponse];
  source: [Dap.SourceArguments, Dap.SourceResponse];
  locations: [Dap.LocationsArguments, Dap.LocationsResponse];
  setBreakpoints: [Dap.SetBreakpointsArguments, Dap.SetBreakpointsResponse];
  setFunctionBreakpoints: [Dap.SetFunctionBreakpointsArguments, Dap.SetFunctionBreakpointsResponse];
  setInstructionBreakpoints: [Dap.SetInstructionBreakpointsArguments, Dap.SetInstructionBreakpointsResponse];
  setExceptionBreakpoints: [Dap.SetExceptionBreakpointsArguments, Dap.SetExceptionBreakpointsResponse];
  breakpointLocations: [Dap.BreakpointLocationsArguments, Dap.BreakpointLocationsResponse];
  continue: [Dap.ContinueArguments, Dap.ContinueResponse];
  next: [Dap.NextArguments, Dap.NextResponse];
  stepIn: [Dap.StepInArguments, Dap.StepInResponse];
  stepOut: [Dap.StepOutArguments, Dap.StepOutResponse];
  pause: [Dap.PauseArguments, Dap.PauseResponse];
}

type Standard = {
  [Name in keyof Requests]: (target: Target, args: Requests[Name][0]) => Job<Requests[Name][1]["body"]>;
};

type Custom = {
  [Name in keyof CustomRequests]: (
    target: Target,
    args: CustomRequests[Name]["arguments"],
  ) => Job<CustomRequests[Name]["body"]>;
};

/**
 * The handlers of all requests about the kernel: each is a job that returns the response's body. A handler may throw
 * Fault or UsageError; only server.ts catches them.
 */
export type Handlers = Standard & Custom;
