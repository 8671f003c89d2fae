/** Connects the requests of the client to the functions that answer them. */
import {
  type Connection,
  type Location,
  LSPErrorCodes,
  ResponseError,
  type SymbolInformation,
  SymbolKind,
  type WorkspaceSymbol,
} from "vscode-languageserver/node";
import { fileUri } from "../base/markdown.ts";
import type { SourcePlace, SymbolHit } from "../protocol/custom.ts";
import type { LanguageRequests } from "../protocol/language.ts";
import type { StaticKernel } from "../session/open/staticKernel.ts";
import { analysis } from "./analysis.ts";
import { hoverText } from "./hover.ts";
import { LanguageServer } from "./languageServer.ts";
import { commandFolds, commandSymbols, documentSymbols, flatSymbols, foldingRanges, frameFolds } from "./outline.ts";
import { refuseMalformed } from "./parameters.ts";
import { codeLenses, inlayHints, resolvedReport } from "./resolve.ts";
import { documentLinks } from "./sourceLinks.ts";

/** Maximum number of symbols from a session in one response. */
const MAX_SYMBOLS = 200;
/** Maximum number of symbols from files in one response; lower, because each needs a look into the line tables. */
const MAX_FILE_SYMBOLS = 50;

/** The language id of crash's output, in which every hexadecimal number may be an address. */
const TRANSCRIPT = "crash-transcript";
/**
 * Maximum number of lines of a transcript of which all addresses are links. In a longer one only those in reports are.
 */
const MAX_LINKED_LINES = 20_000;

/** Serves kernel logs and crash transcripts over one connection. */
export function serve(connection: Connection): void {
  const server = new LanguageServer(connection);
  connection.onInitialize((params) => server.initialize(params));
  refuseMalformed(connection);
  serveOutline(server);
  serveWords(server);
  serveLinks(server);
  serveReports(server);
  serveWorkspaceSymbols(server);
  serveNotifications(server);
  server.documents.onDidClose(({ document }) => server.texts.forget(document));
  server.documents.listen(connection);
  connection.listen();
}

/** Answers requests for the symbols and folds of a document. */
function serveOutline(server: LanguageServer): void {
  const { connection, documents, texts } = server;
  connection.onDocumentSymbol(({ textDocument }) => {
    const document = documents.get(textDocument.uri);
    if (!document) return [];
    const { lines, log } = texts.of(document);
    const commands = document.languageId === TRANSCRIPT ? commandSymbols(lines) : [];
    const symbols = [...commands, ...documentSymbols(log)];
    return server.traits.nestsSymbols ? symbols : flatSymbols(symbols, textDocument.uri);
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
}

/** Answers requests about the word at a position: hover and definition. */
function serveWords(server: LanguageServer): void {
  const { connection, knowledge } = server;
  connection.onHover(async ({ textDocument: { uri }, position: { line, character } }) => {
    const found = server.wordAt(uri, line, character);
    if (!found) return null;
    const { word, returns, log } = found;
    const value = await hoverText(word, returns, log, knowledge);
    const range = { start: { line, character: word.start }, end: { line, character: word.end } };
    return { contents: { kind: "markdown", value }, range };
  });
  connection.onDefinition(async ({ textDocument: { uri }, position: { line, character } }) => {
    const found = server.wordAt(uri, line, character);
    if (!found) return [];
    const { word } = found;
    if (word.kind === "source") {
      const path = (await server.filesOf([`${word.file}:${word.line}`])).get(word.file);
      return path === undefined ? [] : [location(path, word.line)];
    }
    const [description] = await (await knowledge.of(found.log)).describe([found]);
    const source = description?.places.find(({ path }) => path !== undefined);
    return source?.path === undefined ? [] : [location(source.path, source.line)];
  });
}

/** Answers requests for document links. */
function serveLinks(server: LanguageServer): void {
  const { connection, documents, texts } = server;
  connection.onDocumentLinks(async ({ textDocument }) => {
    const document = documents.get(textDocument.uri);
    if (!document) return [];
    const { lines, log } = texts.of(document);
    const isTranscript = document.languageId === TRANSCRIPT && lines.length <= MAX_LINKED_LINES;
    const reported = new Uint8Array(lines.length);
    for (const { start, end } of log.reports) reported.fill(1, start, end);
    const isLinked = (line: number): boolean => server.traits.servesCommands && (isTranscript || reported[line] === 1);
    const files = await server.filesOf(lines);
    return documentLinks(lines, files, isLinked);
  });
}

/** Answers requests about reports: hints, lenses, resolved call traces and analyses. */
function serveReports({ connection, documents, texts, knowledge }: LanguageServer): void {
  connection.languages.inlayHint.on(async ({ textDocument, range }) => {
    const document = documents.get(textDocument.uri);
    return document ? inlayHints(texts.of(document), knowledge, range.start.line, range.end.line + 1) : [];
  });
  connection.onCodeLens(async ({ textDocument }) => {
    const document = documents.get(textDocument.uri);
    return document ? codeLenses(textDocument.uri, texts.of(document), knowledge) : [];
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
}

/** Answers requests for the symbols of the kernel. */
function serveWorkspaceSymbols(server: LanguageServer): void {
  const { connection, session, knowledge } = server;
  connection.onWorkspaceSymbol(async ({ query }) => {
    if (query === "") return [];
    const answer = await session.ask("vmcore/symbols", { contains: query, limit: MAX_SYMBOLS });
    if (!answer) return fileSymbols(knowledge.files.configured(), query);
    const hits = answer.symbols.slice(0, MAX_SYMBOLS);
    const described = await session.describe(hits.map(({ address }) => ({ text: address, returns: false })));
    const hasLines = (await session.about())?.hasLines === true;
    return hits.flatMap((hit, i): WorkspaceSymbol[] =>
      isFunction(hit)
        ? symbolInformation(hit, described[i]?.places ?? [])
        : server.traits.resolvesSymbols && (hasLines || hit.module !== undefined)
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
}

/** Handles changes of the session, the settings and the trust in the workspace. */
function serveNotifications(server: LanguageServer): void {
  const { connection, session } = server;
  connection.onNotification("vmcore/sessionChanged", () => {
    session.forget();
    server.refresh();
  });
  connection.onNotification("vmcore/settingsChanged", (given: unknown) => server.applySettings(given));
  connection.onNotification("vmcore/trustGranted", () => server.trustFolders());
}

const location = (path: string, line: number): Location => {
  const position = { line: Math.max(0, line - 1), character: 0 };
  return { uri: fileUri(path), range: { start: position, end: position } };
};

/** Finds symbols in a kernel's files; fewer than a session returns, because each needs a look into the line tables. */
const fileSymbols = (kernel: StaticKernel | undefined, query: string): SymbolInformation[] =>
  kernel?.find(query, MAX_FILE_SYMBOLS).flatMap((symbol) => symbolInformation(symbol, kernel.places(symbol))) ?? [];

/** Returns nothing for a symbol without a source file, because the editor cannot go there. */
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

/** Returns a variable without its line, which is searched for when it is chosen, because the search is slow. */
const unresolved = ({ name, module = "vmlinux" }: SymbolHit): WorkspaceSymbol => ({
  name,
  kind: SymbolKind.Variable,
  // The picker shows the path of the URI next to the name.
  location: { uri: "vmcore-symbol:variable" },
  containerName: module,
});
