/** The entry point of the VS Code extension. */
import type * as vscode from "vscode";
import { addresses } from "./addresses.ts";
import { rememberVmlinux } from "./chosenVmlinux.ts";
import { compareDumps } from "./compare.ts";
import { configuration } from "./configuration.ts";
import { crashDumps } from "./dumps/crashDumps.ts";
import { debugSymbols } from "./debugSymbols.ts";
import { dumpEditor } from "./dumpEditor.ts";
import { earlyDumps } from "./earlyDumps.ts";
import { focus } from "./focus.ts";
import { nameAndSelectSessions } from "./front.ts";
import { evaluatable, hover } from "./hover.ts";
import { inlineValues } from "./inlineValues.ts";
import { crashDumpPanel } from "./panel/crashDumpPanel.ts";
import { languageClient } from "./languageClient.ts";
import { languageModelTools } from "./languageModelTools.ts";
import { listingDocument } from "./documents/listingDocument.ts";
import { log } from "./log.ts";
import { notebook } from "./notebook.ts";
import { openDump } from "./openDump.ts";
import { refusal } from "./refusal.ts";
import { saveReport } from "./documents/saveReport.ts";
import { settings } from "./settings.ts";
import { questions, trackRequestNumbers } from "./session.ts";
import { stacks } from "./stacks.ts";
import { status } from "./status.ts";
import { tableLine } from "./panel/tableLine.ts";
import { storedSources } from "./documents/storedSources.ts";

/** Activates one feature and returns what must be disposed. */
export type Feature = (context: vscode.ExtensionContext) => vscode.Disposable[];

/** All features of the extension. To add one, write its file and add it here. */
const features: readonly Feature[] = [
  log,
  configuration,
  openDump,
  refusal,
  rememberVmlinux,
  settings,
  dumpEditor,
  earlyDumps,
  focus,
  nameAndSelectSessions,
  status,
  addresses,
  listingDocument,
  stacks,
  inlineValues,
  evaluatable,
  hover,
  crashDumpPanel,
  tableLine,
  notebook,
  saveReport,
  compareDumps,
  languageClient,
  languageModelTools,
  storedSources,
  debugSymbols,
  crashDumps,
  questions,
  trackRequestNumbers,
];

export function activate(context: vscode.ExtensionContext): void {
  for (const feature of features) context.subscriptions.push(...feature(context));
}
