import { fileURLToPath } from "node:url";
import {
  type Connection,
  type InitializeParams,
  type InitializeResult,
  type Location,
  TextDocuments,
  TextDocumentSyncKind,
  type SymbolInformation,
  SymbolKind,
} from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { LanguageRequests } from "../protocol/language.ts";
import { fileUri, hoverText } from "./hover.ts";
import { documentSymbols, foldingRanges } from "./outline.ts";
import { codeLenses, inlayHints, resolvedReport } from "./resolve.ts";
import { placeOf, Session } from "./session.ts";
import { documentLinks, SourceRoots } from "./sourceLinks.ts";
import { LogTexts } from "./texts.ts";
import { type Word, wordAt } from "./word.ts";

const MAX_SYMBOLS = 200;

/** Serves kernel logs and crash transcripts over one connection. */
export function serve(connection: Connection): void {
  const documents = new TextDocuments(TextDocument);
  const texts = new LogTexts();
  const session = new Session((question) => connection.sendRequest("vmcore/ask", question));
  let folders: readonly string[] = [];
  let refreshes = { inlayHints: false, codeLenses: false };

  /** The word under the mouse. */
  const find = (uri: string, line: number, column: number): Found | undefined => {
    const document = documents.get(uri);
    if (!document) return undefined;
    const { lines, log } = texts.of(document);
    const word = wordAt(lines[line] ?? "", column);
    const entry = log.entries.get(line);
    const returns = entry?.returns === true && word?.start === entry.word.start;
    return word && { word, returns, log };
  };

  connection.onInitialize((params) => {
    folders = foldersOf(params);
    const { workspace } = params.capabilities;
    refreshes = {
      inlayHints: workspace?.inlayHint?.refreshSupport ?? false,
      codeLenses: workspace?.codeLens?.refreshSupport ?? false,
    };
    return CAPABILITIES;
  });
  connection.onDocumentSymbol(({ textDocument }) => {
    const document = documents.get(textDocument.uri);
    return document ? documentSymbols(texts.of(document).log) : [];
  });
  connection.onFoldingRanges(({ textDocument }) => {
    const document = documents.get(textDocument.uri);
    return document ? foldingRanges(texts.of(document).log) : [];
  });
  connection.onHover(async ({ textDocument: { uri }, position: { line, character } }) => {
    const found = find(uri, line, character);
    if (!found) return null;
    const { word, returns, log } = found;
    const value = await hoverText(word, returns, log, session);
    const range = { start: { line, character: word.start }, end: { line, character: word.end } };
    return { contents: { kind: "markdown", value }, range };
  });
  connection.onDefinition(async ({ textDocument: { uri }, position: { line, character } }) => {
    const found = find(uri, line, character);
    if (!found) return [];
    const place = placeOf(found.word, found.returns, await session.kinship(found.log));
    const [described] = place ? await session.describe([place]) : [];
    const source = described?.places.find(({ path }) => path !== undefined);
    return source?.path === undefined ? [] : [location(source.path, source.line)];
  });
  connection.onDocumentLinks(async ({ textDocument }) => {
    const document = documents.get(textDocument.uri);
    if (!document) return [];
    const { lines, log } = texts.of(document);
    const known = (await session.about())?.sourceRoots.map(({ path }) => path) ?? [];
    const isInReport = (line: number): boolean => log.reports.some(({ start, end }) => start <= line && line < end);
    return documentLinks(lines, new SourceRoots([...known, ...folders]), isInReport);
  });
  connection.languages.inlayHint.on(async ({ textDocument, range }) => {
    const document = documents.get(textDocument.uri);
    return document ? inlayHints(texts.of(document), session, range.start.line, range.end.line + 1) : [];
  });
  connection.onCodeLens(async ({ textDocument }) => {
    const document = documents.get(textDocument.uri);
    return document ? codeLenses(textDocument.uri, texts.of(document), session) : [];
  });
  connection.onWorkspaceSymbol(async ({ query }) => {
    if (query === "") return [];
    const answer = await session.ask("vmcore/symbols", { contains: query, limit: MAX_SYMBOLS });
    const hits = (answer?.symbols ?? []).slice(0, MAX_SYMBOLS);
    const described = await session.describe(hits.map(({ address }) => ({ text: address, returns: false })));
    return hits.flatMap(({ name, type, module }, i): SymbolInformation[] => {
      // A symbol without a source file has no place that the editor could go to.
      const place = described[i]?.places.at(-1);
      if (place?.path === undefined) return [];
      const kind = /^[tTwW]$/.test(type) ? SymbolKind.Function : SymbolKind.Variable;
      return [{ name, kind, location: location(place.path, place.line), containerName: module ?? "vmlinux" }];
    });
  });
  connection.onRequest(
    "vmcore/resolvedReport",
    async ({ uri, line }: LanguageRequests["vmcore/resolvedReport"]["arguments"]) => {
      const document = documents.get(uri);
      const text = document && (await resolvedReport(texts.of(document), session, line));
      return text === undefined ? null : { text };
    },
  );
  connection.onNotification("vmcore/sessionChanged", () => {
    session.forget();
    if (refreshes.inlayHints) void connection.languages.inlayHint.refresh();
    if (refreshes.codeLenses) void connection.sendRequest("workspace/codeLens/refresh");
  });
  documents.onDidClose(({ document }) => texts.forget(document));
  documents.listen(connection);
  connection.listen();
}

interface Found {
  readonly word: Word;
  /** It is the return address of a call trace's entry. */
  readonly returns: boolean;
  readonly log: ReturnType<LogTexts["of"]>["log"];
}

const CAPABILITIES: InitializeResult = {
  capabilities: {
    textDocumentSync: TextDocumentSyncKind.Incremental,
    documentSymbolProvider: true,
    foldingRangeProvider: true,
    hoverProvider: true,
    definitionProvider: true,
    documentLinkProvider: {},
    inlayHintProvider: true,
    codeLensProvider: {},
    workspaceSymbolProvider: true,
  },
  serverInfo: { name: "vmcore-debug" },
};

const location = (path: string, line: number): Location => {
  const position = { line: Math.max(0, line - 1), character: 0 };
  return { uri: fileUri(path), range: { start: position, end: position } };
};

function foldersOf({ workspaceFolders }: InitializeParams): string[] {
  return (workspaceFolders ?? []).flatMap(({ uri }) => (uri.startsWith("file:") ? [fileURLToPath(uri)] : []));
}
