import {
  type Connection,
  type InitializeResult,
  type Location,
  LSPErrorCodes,
  ResponseError,
  TextDocuments,
  TextDocumentSyncKind,
  type SymbolInformation,
  SymbolKind,
  type WorkspaceSymbol,
} from "vscode-languageserver/node";
import type { SourcePlace, SymbolHit } from "../protocol/custom.ts";
import type { FileSettings, LanguageRequests } from "../protocol/language.ts";
import { entryAt } from "../log/entries.ts";
import { type Landmarks, landmarksOf } from "../log/landmarks.ts";
import { type Word, wordAt, wordsOf } from "../log/words.ts";
import { analysis } from "./analysis.ts";
import { type ClientTraits, foldersOf, optionsOf, traitsOf } from "./clientTraits.ts";
import { hoverText } from "./hover.ts";
import { fileUri } from "../base/markdown.ts";
import { Knowledge } from "./knowledge.ts";
import { commandFolds, commandSymbols, documentSymbols, flatSymbols, foldingRanges, frameFolds } from "./outline.ts";
import { codeLenses, inlayHints, resolvedReport } from "./resolve.ts";
import { Session } from "./session.ts";
import type { StaticKernel } from "../session/open/staticKernel.ts";
import { StaticKernels } from "./staticKernels.ts";
import { documentLinks, sourceFiles, SourceRoots } from "./sourceLinks.ts";
import { LogTexts } from "./texts.ts";

const MAX_SYMBOLS = 200;
const MAX_FILE_SYMBOLS = 50;

/** The language of crash's output, in which every address is one. */
const TRANSCRIPT = "crash-transcript";
/** Of a longer one only the addresses of its reports are links. */
const MAX_LINKED_LINES = 20_000;

/** Serves kernel logs and crash transcripts over one connection. */
export function serve(connection: Connection): void {
  const texts = new LogTexts();
  const documents = new TextDocuments(texts.configuration);
  const session = new Session((question) => connection.sendRequest("vmcore/ask", question));
  const knowledge = new Knowledge(session, new StaticKernels({}, []));
  /** Directories that may be read: of a workspace that the user does not trust none. */
  let folders: readonly string[] = [];
  let trusted: readonly string[] = [];
  let settings: FileSettings = {};
  let traits = traitsOf({ capabilities: {}, processId: null, rootUri: null });

  /** The word under the mouse. */
  const find = (uri: string, line: number, column: number): Found | undefined => {
    const document = documents.get(uri);
    if (!document) return undefined;
    const { lines, log } = texts.of(document);
    const landmarks = landmarksOf(log);
    const word = wordAt(landmarks.moreModules.get(line) ?? wordsOf(lines[line] ?? ""), column);
    const entry = entryAt(log, line);
    const isEntry = entry?.returns === true && word !== undefined && isSame(entry.word, word);
    // The raw stack says it of its words.
    const returns = isEntry || (lines[line] ?? "").slice(word?.end).startsWith("  return to ");
    return word && { word, returns, log: landmarks };
  };

  /** Where the source files that lines name lie. */
  const filesOf = async (lines: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    const about = await session.about();
    const known = about?.sourceRoots.map(({ path }) => path) ?? [];
    const ask = about ? (file: string) => session.sourceFile(file) : undefined;
    return sourceFiles(lines, new SourceRoots([...known, ...folders]), ask);
  };

  connection.onInitialize((params) => {
    traits = traitsOf(params);
    const options = optionsOf(params.initializationOptions);
    trusted = foldersOf(params);
    folders = options.restricted === true ? [] : trusted;
    settings = settingsOf(options);
    knowledge.files = new StaticKernels(settings, folders);
    return capabilitiesFor(traits);
  });
  connection.onDocumentSymbol(({ textDocument }) => {
    const document = documents.get(textDocument.uri);
    if (!document) return [];
    const { lines, log } = texts.of(document);
    const commands = document.languageId === TRANSCRIPT ? commandSymbols(lines) : [];
    const symbols = [...commands, ...documentSymbols(log)];
    return traits.nestsSymbols ? symbols : flatSymbols(symbols, textDocument.uri);
  });
  connection.onFoldingRanges(({ textDocument }) => {
    const document = documents.get(textDocument.uri);
    if (!document) return [];
    const { lines, log } = texts.of(document);
    return [
      ...foldingRanges(log),
      ...(document.languageId === TRANSCRIPT ? [...commandFolds(lines), ...frameFolds(lines)] : []),
    ];
  });
  connection.onHover(async ({ textDocument: { uri }, position: { line, character } }) => {
    const found = find(uri, line, character);
    if (!found) return null;
    const { word, returns, log } = found;
    const value = await hoverText(word, returns, log, knowledge);
    const range = { start: { line, character: word.start }, end: { line, character: word.end } };
    return { contents: { kind: "markdown", value }, range };
  });
  connection.onDefinition(async ({ textDocument: { uri }, position: { line, character } }) => {
    const found = find(uri, line, character);
    if (!found) return [];
    const { word } = found;
    if (word.kind === "source") {
      const path = (await filesOf([`${word.file}:${word.line}`])).get(word.file);
      return path === undefined ? [] : [location(path, word.line)];
    }
    const [told] = await (await knowledge.of(found.log)).describe([found]);
    const source = told?.places.find(({ path }) => path !== undefined);
    return source?.path === undefined ? [] : [location(source.path, source.line)];
  });
  connection.onDocumentLinks(async ({ textDocument }) => {
    const document = documents.get(textDocument.uri);
    if (!document) return [];
    const { lines, log } = texts.of(document);
    const isTranscript = document.languageId === TRANSCRIPT && lines.length <= MAX_LINKED_LINES;
    const reported = new Uint8Array(lines.length);
    for (const { start, end } of log.reports) reported.fill(1, start, end);
    const isLinked = (line: number): boolean => traits.servesCommands && (isTranscript || reported[line] === 1);
    const files = await filesOf(lines);
    return documentLinks(lines, files, isLinked);
  });
  connection.languages.inlayHint.on(async ({ textDocument, range }) => {
    const document = documents.get(textDocument.uri);
    return document ? inlayHints(texts.of(document), knowledge, range.start.line, range.end.line + 1) : [];
  });
  connection.onCodeLens(async ({ textDocument }) => {
    const document = documents.get(textDocument.uri);
    return document ? codeLenses(textDocument.uri, texts.of(document), knowledge) : [];
  });
  connection.onWorkspaceSymbol(async ({ query }) => {
    if (query === "") return [];
    const answer = await session.ask("vmcore/symbols", { contains: query, limit: MAX_SYMBOLS });
    if (!answer) return fileSymbols(knowledge.files.configured(), query);
    const hits = answer.symbols.slice(0, MAX_SYMBOLS);
    const described = await session.describe(hits.map(({ address }) => ({ text: address, returns: false })));
    const hasLines = (await session.about())?.lines === true;
    return hits.flatMap((hit, i): WorkspaceSymbol[] =>
      isFunction(hit)
        ? symbolInformation(hit, described[i]?.places ?? [])
        : traits.resolvesSymbols && (hasLines || hit.module !== undefined)
          ? [unresolved(hit)]
          : [],
    );
  });
  connection.onWorkspaceSymbolResolve(async (symbol) => {
    const place = (await session.ask("vmcore/declared", { name: symbol.name }))?.place;
    if (place?.path !== undefined) return { ...symbol, location: location(place.path, place.line) };
    const where = place ? `${place.file} is not on this machine` : "the debuginfo does not say where it is defined";
    throw new ResponseError(LSPErrorCodes.RequestFailed, `${symbol.name}: ${where}`);
  });
  connection.onRequest(
    "vmcore/resolvedReport",
    async ({ uri, line }: LanguageRequests["vmcore/resolvedReport"]["arguments"]) => {
      const document = documents.get(uri);
      const text = document && (await resolvedReport(texts.of(document), knowledge, line));
      return text === undefined ? null : { text };
    },
  );
  connection.onRequest("vmcore/analysis", async ({ uri, line }: LanguageRequests["vmcore/analysis"]["arguments"]) => {
    const document = documents.get(uri);
    return (document && (await analysis(texts.of(document), knowledge, line))) ?? null;
  });
  const refresh = (): void => {
    if (traits.refreshesInlayHints) void connection.languages.inlayHint.refresh();
    if (traits.refreshesCodeLenses) void connection.sendRequest("workspace/codeLens/refresh");
  };
  connection.onNotification("vmcore/sessionChanged", () => {
    session.forget();
    refresh();
  });
  const reopen = (): void => {
    knowledge.files = new StaticKernels(settings, folders);
    refresh();
  };
  connection.onNotification("vmcore/settingsChanged", (given: unknown) => {
    settings = settingsOf(given);
    reopen();
  });
  connection.onNotification("vmcore/trustGranted", () => {
    folders = trusted;
    reopen();
  });
  documents.onDidClose(({ document }) => texts.forget(document));
  documents.listen(connection);
  connection.listen();
}

interface Found {
  readonly word: Word;
  /** It is the return address of a call trace's entry. */
  readonly returns: boolean;
  readonly log: Landmarks;
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
    // Every lens is a command of ours.
    ...(servesCommands ? { codeLensProvider: {} } : {}),
    workspaceSymbolProvider: { resolveProvider: true },
  },
  serverInfo: { name: "vmcore-debug" },
});

/** A frame of crash's `bt` has two words for one address. */
const isSame = (entry: Word, word: Word): boolean =>
  entry.start === word.start || (entry.kind === "address" && word.kind === "address" && entry.value === word.value);

const location = (path: string, line: number): Location => {
  const position = { line: Math.max(0, line - 1), character: 0 };
  return { uri: fileUri(path), range: { start: position, end: position } };
};

/** What the client sent, as far as it is what it should be: other editors may send nothing or their own. */
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

/** Symbols of a kernel's files, fewer than a session gives: each costs a look into the line tables here and now. */
const fileSymbols = (kernel: StaticKernel | undefined, query: string): SymbolInformation[] =>
  kernel?.find(query, MAX_FILE_SYMBOLS).flatMap((symbol) => symbolInformation(symbol, kernel.places(symbol))) ?? [];

/** A symbol without a source file has no place that the editor could go to. */
function symbolInformation(
  { name, type, module }: Pick<SymbolHit, "name" | "type"> & { readonly module?: string | undefined },
  places: readonly SourcePlace[],
): SymbolInformation[] {
  const place = places.at(-1);
  if (place?.path === undefined) return [];
  const kind = isFunction({ type }) ? SymbolKind.Function : SymbolKind.Variable;
  return [{ name, kind, location: location(place.path, place.line), containerName: module ?? "vmlinux" }];
}

const isFunction = ({ type }: Pick<SymbolHit, "type">): boolean => /^[tTwW]$/.test(type);

/** A variable, whose line is looked for when it is chosen: a search of the debuginfo for each would be long. */
const unresolved = ({ name, module = "vmlinux" }: SymbolHit): WorkspaceSymbol => ({
  name,
  kind: SymbolKind.Variable,
  // The picker shows its path beside the name.
  location: { uri: "vmcore-symbol:variable" },
  containerName: module,
});
