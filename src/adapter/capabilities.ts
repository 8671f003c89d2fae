/** The DAP capabilities of the adapter. */
import type { DebugProtocol } from "@vscode/debugprotocol";

/**
 * The capabilities that `initialize` returns. Absent ones are those that a crash dump cannot have: setVariable,
 * writeMemory, stepBack, restartFrame. Breakpoints of all kinds are answered as unverified with the reason, so that a
 * client keeps them.
 */
export const capabilities: DebugProtocol.Capabilities = {
  supportsConfigurationDoneRequest: true,
  supportsDelayedStackTraceLoading: true,
  supportsEvaluateForHovers: true,
  supportsClipboardContext: true,
  supportsValueFormattingOptions: true,
  supportsCompletionsRequest: true,
  completionTriggerCharacters: [".", ">", ":"],
  supportsExceptionInfoRequest: true,
  supportsReadMemoryRequest: true,
  supportsDisassembleRequest: true,
  supportsSteppingGranularity: false,
  supportsInstructionBreakpoints: false,
  supportsFunctionBreakpoints: false,
  supportsModulesRequest: true,
  additionalModuleColumns: [
    { attributeName: "taint", label: "Taint", type: "string" },
    { attributeName: "size", label: "Size", type: "number" },
    { attributeName: "buildId", label: "Build ID", type: "string" },
  ],
  supportsLoadedSourcesRequest: true,
  supportsCancelRequest: true,
  supportsANSIStyling: true,
  supportTerminateDebuggee: false,
  supportSuspendDebuggee: false,
};
