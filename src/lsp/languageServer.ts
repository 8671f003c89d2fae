/**
 * The state of the language server: the client's capabilities, the settings, and the sources of answers (the kernel's
 * files and an open debug session).
 */
import {
  type Connection,
  type InitializeParams,
  type InitializeResult,
  TextDocuments,
  TextDocumentSyncKind,
} from "vscode-languageserver/node";
import { entryAt } from "../log/entries.ts";
import { type Landmarks, landmarksOf } from "../log/landmarks.ts";
import { type Word, wordAt, wordsOf } from "../log/words.ts";
import type { FileSettings } from "../protocol/language.ts";
import { type ClientTraits, foldersOf, optionsOf, traitsOf } from "./clientTraits.ts";
import { Knowledge } from "./knowledge.ts";
import { Session } from "./session.ts";
import { sourceFiles, SourceRoots } from "./sourceLinks.ts";
import { StaticKernels } from "./staticKernels.ts";
import { LogTexts } from "./texts.ts";

/** A word of a document, with its log. */
export interface WordInLog {
  readonly word: Word;
  /** Whether the word is the return address of an entry of a call trace. */
  readonly returns: boolean;
  readonly log: Landmarks;
}

/** The state of one language server. */
export class LanguageServer {
  readonly connection: Connection;
  readonly texts = new LogTexts();
  readonly documents = new TextDocuments(this.texts.configuration);
  readonly session: Session;
  readonly knowledge: Knowledge;
  traits = traitsOf({ capabilities: {}, processId: null, rootUri: null });
  /** Directories that may be read; empty if the user does not trust the workspace. */
  private folders: readonly string[] = [];
  /** The folders of the workspace, readable once the user trusts it. */
  private trusted: readonly string[] = [];
  private settings: FileSettings = {};

  constructor(connection: Connection) {
    this.connection = connection;
    this.session = new Session((question) => connection.sendRequest("vmcore/ask", question));
    this.knowledge = new Knowledge(this.session, new StaticKernels({}, []));
  }

  initialize(params: InitializeParams): InitializeResult {
    this.traits = traitsOf(params);
    const options = optionsOf(params.initializationOptions);
    this.trusted = foldersOf(params);
    this.folders = options.restricted === true ? [] : this.trusted;
    this.settings = settingsOf(options);
    this.knowledge.files = new StaticKernels(this.settings, this.folders);
    return capabilitiesFor(this.traits);
  }

  applySettings(given: unknown): void {
    this.settings = settingsOf(given);
    this.reopen();
  }

  trustFolders(): void {
    this.folders = this.trusted;
    this.reopen();
  }

  /** Asks the client to request hints and lenses again. */
  refresh(): void {
    if (this.traits.refreshesInlayHints) void this.connection.languages.inlayHint.refresh();
    if (this.traits.refreshesCodeLenses) void this.connection.sendRequest("workspace/codeLens/refresh");
  }

  private reopen(): void {
    this.knowledge.files = new StaticKernels(this.settings, this.folders);
    this.refresh();
  }

  /** Finds the word at a position of a document; undefined if there is none. */
  wordAt(uri: string, line: number, column: number): WordInLog | undefined {
    const document = this.documents.get(uri);
    if (!document) return undefined;
    const { lines, log } = this.texts.of(document);
    const landmarks = landmarksOf(log);
    const word = wordAt(landmarks.moreModules.get(line) ?? wordsOf(lines[line] ?? ""), column);
    const entry = entryAt(log, line);
    const isEntry = entry?.returns === true && word !== undefined && isSame(entry.word, word);
    // The raw stack marks its return addresses.
    const returns = isEntry || (lines[line] ?? "").slice(word?.end).startsWith("  return to ");
    return word && { word, returns, log: landmarks };
  }

  /** Returns the paths of the source files that lines name. */
  async filesOf(lines: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const about = await this.session.about();
    const known = about?.sourceRoots.map(({ path }) => path) ?? [];
    const ask = about ? (file: string) => this.session.sourceFile(file) : undefined;
    return sourceFiles(lines, new SourceRoots([...known, ...this.folders]), ask);
  }
}

const capabilitiesFor = ({ servesCommands }: ClientTraits): InitializeResult => ({
  capabilities: {
    textDocumentSync: TextDocumentSyncKind.Incremental,
    documentSymbolProvider: true,
    foldingRangeProvider: true,
    hoverProvider: true,
    definitionProvider: true,
    documentLinkProvider: {},
    inlayHintProvider: true,
    // All lenses run commands of our extension.
    ...(servesCommands ? { codeLensProvider: {} } : {}),
    workspaceSymbolProvider: { resolveProvider: true },
  },
  serverInfo: { name: "vmcore-debug" },
});

/** Whether two words are the same or have the same address. A frame of crash's `bt` has two words for one address. */
const isSame = (entry: Word, word: Word): boolean =>
  entry.start === word.start || (entry.kind === "address" && word.kind === "address" && entry.value === word.value);

/** Returns the valid settings that the client sent. Other editors may send none, or settings of their own. */
function settingsOf(given: unknown): FileSettings {
  const settings = (typeof given === "object" && given !== null ? given : {}) as Record<string, unknown>;
  const path = (name: string) =>
    typeof settings[name] === "string" && settings[name] !== "" ? settings[name] : undefined;
  const paths = (name: string): string[] => {
    const value = settings[name];
    return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
  };
  const map = settings.sourceFileMap;
  return {
    vmlinux: path("vmlinux"),
    systemMap: path("systemMap"),
    modules: paths("modules"),
    debuginfo: paths("debuginfo"),
    kernelSource: paths("kernelSource"),
    sourceFileMap: Object.fromEntries(
      Object.entries(typeof map === "object" && map !== null ? map : {}).filter(([, to]) => typeof to === "string"),
    ),
  };
}
