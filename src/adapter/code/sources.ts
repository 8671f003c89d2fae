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

/** Text that is on no disk: what a `sourceReference` stands for. */
export interface Document {
  readonly mimeType?: string;
  text(): Job<string>;
}

/** Sources as DAP wants them: a local file, or a reference to text that we make. */
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
   * @param scheme of the addresses by which the client opens what a repository or an archive keeps, if it can
   * @param warn is told of a file that is not the one that was compiled, once
   * @param fetch gives the text of a file that is not on this machine, where a server has it
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
   * The source of a line: on disk, else text that a server has, or a page that says how to get it there.
   * @param module whose line it is; undefined for the kernel's own
   */
  of({ file, line, md5 }: SourceLine, module?: string): DebugProtocol.Source {
    const found = this.files.locate(file);
    if (!found) return this.notHere(file, line, module);
    const path = found.stored ? this.addressOf(found.stored) : found.path;
    let source = this.seen.get(path);
    if (!source) {
      source = found.stored ? this.storedSource(found.stored, path) : { name: basename(path), path };
      this.seen.set(path, source);
      if (md5 !== undefined) this.check(found, path, md5);
    }
    return source;
  }

  /** Where a client opens a source: a path, or an address of its scheme; undefined for what is not on this machine. */
  pathOf(file: string): string | undefined {
    const found = this.files.locate(file);
    return found?.stored && this.scheme === undefined ? undefined : found && this.of({ file, line: 0, column: 0 }).path;
  }

  /** Forgets what was not found: there are more sources now. */
  forget(): void {
    this.missing.clear();
  }

  /**
   * Text of a repository or an archive.
   * @param address as `of` gave it, decoded and without its scheme
   * @throws UsageError
   */
  textAt(address: string): string {
    const stored = this.stored.get(address);
    if (!stored) throw new UsageError(`${address} is not known here`);
    return textOf(stored);
  }

  /** `SCHEME://v6.1.192/kernel/panic.c`; for a client without a scheme a name alone. */
  private addressOf(stored: StoredSource): string {
    const key = keyOf(stored);
    return this.scheme === undefined ? key : `${this.scheme}://${key.split("/").map(encodeURIComponent).join("/")}`;
  }

  /** Compares a file with the one that was compiled, as clang's debuginfo tells it. */
  private check(found: FoundSource, path: string, md5: string): void {
    const text = found.stored ? found.stored.text() : contents(found.path);
    // A text that was no UTF-8 is not what git or the archive has, byte for byte.
    if (text === undefined || (typeof text === "string" && text.includes("\ufffd"))) return;
    if (createHash("md5").update(text).digest("hex") === md5) return;
    this.warn(`${path} is not the file that was compiled (its MD5 is another): lines may be off.`);
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

  /** Text of our own making under a name. */
  document(name: string, document: Document): DebugProtocol.Source {
    // Clients name a tab by the path.
    return { name, path: name, sourceReference: this.documents.add(document), origin: "made from the dump" };
  }

  get(reference: number): Document | undefined {
    return this.documents.get(reference);
  }

  /** Files on disk, and in repositories and archives, that were named so far. */
  loaded(): DebugProtocol.Source[] {
    return [...this.seen.values()];
  }

  private notHere(file: string, line: number, module: string | undefined): DebugProtocol.Source {
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

/** undefined for what cannot be read: the client says so when it shows it. */
const contents = (path: string): Uint8Array | undefined => attemptSystem(() => wholeFile(path, MAX_SOURCE));

/** `v6.1.192/kernel/panic.c`, the state in small letters as in the authority of any URI. */
const keyOf = ({ revision, name }: StoredSource): string =>
  `${revision.replace(/[^\w.-]/g, "-").toLowerCase()}/${name}`;

/** @throws UsageError */
function textOf(stored: StoredSource): string {
  const text = stored.text();
  if (text === undefined) throw new UsageError(`${stored.place} does not give ${stored.name} any more`);
  return text;
}

/** Long enough that the line in question exists and is the one that is marked. */
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
