/** Source files as DAP sources: local files, stored sources and generated texts. */
import { attemptSystem } from "../../base/systemError.ts";
import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { MAX_SOURCE } from "../../session/sources/sourceRoot.ts";
import { wholeFile } from "../../base/file.ts";
import { UsageError } from "../../base/usageError.ts";
import type { SourceLine } from "../../debuginfo/source.ts";
import type { FoundSource, SourceFiles, StoredSource } from "../../session/sources/source.ts";
import type { Job } from "../../base/job.ts";
import { References } from "../values/references.ts";

/** A text that is not a file, behind a `sourceReference`. */
export interface Document {
  readonly mimeType?: string;
  text(): Job<string>;
}

/** The DAP sources of a session: a local file, or a reference to a generated text. */
export class Sources {
  readonly files: SourceFiles;
  private readonly documents = new References<Document>();
  private readonly missing = new Map<string, DebugProtocol.Source>();
  private readonly seen = new Map<string, DebugProtocol.Source>();
  private readonly stored = new Map<string, StoredSource>();
  private readonly scheme: string | undefined;
  private readonly warn: (sentence: string) => void;
  private readonly fetch: (file: string, module: string | undefined) => Job<string | undefined>;

  /**
   * @param scheme URI scheme under which the client opens sources of a repository or an archive; undefined if it cannot
   * @param warn called once for each file that differs from the compiled one
   * @param fetch returns the text of a file that is not on this machine from a server; undefined if no server has it
   */
  constructor(
    files: SourceFiles,
    scheme: string | undefined,
    warn: (sentence: string) => void,
    fetch: Sources["fetch"],
  ) {
    this.files = files;
    this.fetch = fetch;
    this.warn = warn;
    this.scheme = scheme;
  }

  /**
   * Returns the source of a line: a local file, else a text from a server, else a page that says how to get the file.
   *
   * @param module the module of the line; undefined for the kernel
   */
  of({ file, line, md5 }: SourceLine, module?: string): DebugProtocol.Source {
    const found = this.files.locate(file);
    if (!found) return this.missingSource(file, line, module);
    const path = found.stored ? this.addressOf(found.stored) : found.path;
    let source = this.seen.get(path);
    if (!source) {
      source = found.stored ? this.storedSource(found.stored, path) : { name: basename(path), path };
      this.seen.set(path, source);
      if (md5 !== undefined) this.check(found, path, md5);
    }
    return source;
  }

  /**
   * Returns the path or the URI under which the client opens a source. Undefined for a source that is not on this
   * machine.
   */
  pathOf(file: string): string | undefined {
    const found = this.files.locate(file);
    return found?.stored && this.scheme === undefined ? undefined : found && this.of({ file, line: 0, column: 0 }).path;
  }

  /** Drops the sources that were not found, because there are more places to search now. */
  forget(): void {
    this.missing.clear();
  }

  /**
   * Returns the text of a source in a repository or an archive.
   *
   * @param address the URI that `of` returned, decoded and without its scheme
   * @throws UsageError for an unknown address
   */
  textAt(address: string): string {
    const stored = this.stored.get(address);
    if (!stored) throw new UsageError(`no source of this session has the address ${address}`);
    return textOf(stored);
  }

  /** Returns `SCHEME://v6.1.192/kernel/panic.c`; for a client without a scheme the part after `://`. */
  private addressOf(stored: StoredSource): string {
    const key = keyOf(stored);
    return this.scheme === undefined ? key : `${this.scheme}://${key.split("/").map(encodeURIComponent).join("/")}`;
  }

  /** Compares the MD5 of a file with that of the compiled file, which clang writes into the line table. */
  private check(found: FoundSource, path: string, md5: string): void {
    const text = found.stored ? found.stored.text() : contents(found.path);
    // A file that was not UTF-8 cannot be compared, because decoding changed its bytes.
    if (text === undefined || (typeof text === "string" && text.includes("\ufffd"))) return;
    if (createHash("md5").update(text).digest("hex") === md5) return;
    this.warn(`${path} is not the file that was compiled (its MD5 differs): lines may be wrong.`);
  }

  private storedSource(stored: StoredSource, path: string): DebugProtocol.Source {
    this.stored.set(keyOf(stored), stored);
    const source = { name: basename(stored.name), path, origin: `${stored.revision} of ${stored.place}` };
    if (this.scheme !== undefined) return source;
    return {
      ...source,
      sourceReference: this.documents.add({
        mimeType: "text/x-c",
        *text() {
          return textOf(stored);
        },
      }),
    };
  }

  /** Returns the source of a generated text. @param name shown as the title */
  document(name: string, document: Document): DebugProtocol.Source {
    // Clients show the path as the title of the tab.
    return { name, path: name, sourceReference: this.documents.add(document), origin: "made from the dump" };
  }

  get(reference: number): Document | undefined {
    return this.documents.get(reference);
  }

  /** Returns all sources so far that are files on disk, in repositories or in archives. */
  loaded(): DebugProtocol.Source[] {
    return [...this.seen.values()];
  }

  private missingSource(file: string, line: number, module: string | undefined): DebugProtocol.Source {
    const key = `${file}:${line}`;
    let source = this.missing.get(key);
    if (!source) {
      const text = (): string => missingText(file, line, this.files);
      const { fetch } = this;
      source = {
        name: basename(file),
        path: file,
        sourceReference: this.documents.add({
          mimeType: "text/x-c",
          *text() {
            return (yield* fetch(file, module)) ?? text();
          },
        }),
        origin: "not on this machine",
      };
      this.missing.set(key, source);
    }
    return source;
  }
}

/** Returns the bytes of a file; undefined if it cannot be read, which the client reports when it opens the file. */
const contents = (path: string): Uint8Array | undefined => attemptSystem(() => wholeFile(path, MAX_SOURCE));

/** Returns `v6.1.192/kernel/panic.c`. The revision is in lower case because it is the authority of a URI. */
const keyOf = ({ revision, name }: StoredSource): string =>
  `${revision.replace(/[^\w.-]/g, "-").toLowerCase()}/${name}`;

/** Returns the text of a stored source. @throws UsageError when the repository or archive has lost it */
function textOf(stored: StoredSource): string {
  const text = stored.text();
  if (text === undefined) throw new UsageError(`${stored.name} is no longer in ${stored.place}`);
  return text;
}

/**
 * Returns a page for a missing source. Blank lines come first, so that the requested line exists and the text is on it.
 */
function missingText(file: string, line: number, { roots }: SourceFiles): string {
  const searched = roots.map(({ path }) => ` *   ${path}`);
  const text = [
    `/* ${file}, line ${line}, is not on this machine.`,
    " *",
    ' * Install the kernel\'s source package, or name the tree in "kernelSource"; "sourceFileMap" maps a prefix of the path.',
    ...(searched.length > 0 ? [" * Looked in:", ...searched] : []),
    " */",
  ];
  return [...Array.from({ length: Math.max(0, line - 1) }, () => ""), ...text, ""].join("\n");
}
