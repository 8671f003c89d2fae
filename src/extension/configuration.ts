/** Completes debug configurations with settings and defaults. */
import { homedir } from "node:os";
import { isAbsolute, resolve } from "node:path";
import * as vscode from "vscode";
import type { FileSettings } from "../protocol/language.ts";
import { chosenVmlinux } from "./chosenVmlinux.ts";
import { DUMP_EDITOR } from "./dumpEditor.ts";
import { TYPE } from "./session.ts";
import { SOURCE_SCHEME } from "./documents/storedSources.ts";

/** Attributes with paths. Relative paths start at the workspace folder. */
const PATHS = ["vmcore", "vmlinux", "modules", "systemMap", "debuginfo", "kernelSource"];

/** Dumps that are not files of this machine: the gdbstub of a guest, a file on a web server. */
const ADDRESS = /^(?:gdb|unix|https?|ssh):/;

/** Settings that are the defaults of the attributes of the same name. */
const DEFAULTS = ["modules", "debuginfo", "debuginfod", "kernelSource", "sourceFileMap", "threads"];

/**
 * Settings that name a file of one kernel, by attribute. The file is used for dumps of that kernel and ignored for
 * others.
 */
const PREFERRED = { preferredVmlinux: "vmlinux", preferredSystemMap: "systemMap" } as const;

/** Registers the provider that starts a session without launch.json and completes a short configuration. */
export const configuration = (context: vscode.ExtensionContext): vscode.Disposable[] => [
  vscode.debug.registerDebugConfigurationProvider(TYPE, {
    resolveDebugConfiguration,
    resolveDebugConfigurationWithSubstitutedVariables: (folder, given) => ({
      ...completed(folder, given),
      chosenVmlinux: chosenVmlinux(context),
    }),
  }),
  vscode.debug.registerDebugConfigurationProvider(
    TYPE,
    { provideDebugConfigurations: () => [pickConfiguration()] },
    vscode.DebugConfigurationProviderTriggerKind.Dynamic,
  ),
  vscode.debug.registerDebugConfigurationProvider(
    TYPE,
    { provideDebugConfigurations: () => [pickConfiguration()] },
    vscode.DebugConfigurationProviderTriggerKind.Initial,
  ),
];

const pickConfiguration = (): vscode.DebugConfiguration => ({
  type: TYPE,
  request: "launch",
  name: "Kernel crash dump",
  vmcore: "${command:pickVmcore}",
});

function resolveDebugConfiguration(
  _folder: vscode.WorkspaceFolder | undefined,
  given: vscode.DebugConfiguration,
): vscode.DebugConfiguration {
  const started =
    Object.keys(given).length === 0 || !given.type ? { ...pickConfiguration(), namedByDump: true, ...given } : given;
  if (started.request === "launch" && isEmpty(started.vmcore)) {
    return { ...started, vmcore: activeDump() ?? "${command:pickVmcore}" };
  }
  return started;
}

/** Returns the path of the dump in the active editor; undefined if that is not a dump page. */
function activeDump(): string | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputCustom && input.viewType === DUMP_EDITOR ? input.uri.fsPath : undefined;
}

function completed(
  folder: vscode.WorkspaceFolder | undefined,
  given: vscode.DebugConfiguration,
): vscode.DebugConfiguration {
  const settings = vscode.workspace.getConfiguration(TYPE, folder);
  const complete: vscode.DebugConfiguration = { ...given };
  for (const name of DEFAULTS) if (isEmpty(complete[name])) complete[name] = settings.get<unknown>(name);
  for (const [name, setting] of Object.entries(PREFERRED)) {
    if (isEmpty(complete[setting])) complete[name] = settings.get<unknown>(setting);
  }
  for (const name of [...PATHS, ...Object.keys(PREFERRED)]) complete[name] = absolute(complete[name], folder);
  // refusal.ts shows why a dump was not opened, with actions that VS Code's own message does not have.
  complete.showsRefusals = true;
  complete.sourceScheme = SOURCE_SCHEME;
  complete.asks = true;
  const folders = vscode.workspace.workspaceFolders ?? [];
  // Files of an untrusted workspace are not opened automatically.
  complete.workspace = vscode.workspace.isTrusted
    ? folders.filter(({ uri }) => uri.scheme === "file").map(({ uri }) => uri.fsPath)
    : [];
  return complete;
}

/** Returns the paths of a kernel's files from the settings. */
export function fileSettings(): FileSettings {
  const settings = vscode.workspace.getConfiguration(TYPE);
  const paths = ["vmlinux", "systemMap", "modules", "debuginfo", "kernelSource"].map(
    (name) => [name, absolute(settings.get<unknown>(name), undefined)] as const,
  );
  return Object.fromEntries([...paths, ["sourceFileMap", settings.get<unknown>("sourceFileMap")]]);
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);

function absolute(value: unknown, folder: vscode.WorkspaceFolder | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => absolute(item, folder));
  if (typeof value !== "string" || value === "" || isAbsolute(value)) return value;
  if (ADDRESS.test(value)) return value;
  if (value === "~" || value.startsWith("~/")) return homedir() + value.slice(1);
  // The path is in the workspace, whose files are not read before it is trusted.
  if (!vscode.workspace.isTrusted) return undefined;
  const root = folder ?? vscode.workspace.workspaceFolders?.[0];
  return root ? resolve(root.uri.fsPath, value) : value;
}
