import { basename } from "node:path";
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { SourceLine } from "../debuginfo/source.ts";
import type { SourceFiles } from "../session/source.ts";
import type { Job } from "../session/job.ts";
import { References } from "./references.ts";

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

  constructor(files: SourceFiles) {
    this.files = files;
  }

  /** The source of a line: on disk, else a page that says how to get it there. */
  of({ file, line }: SourceLine): DebugProtocol.Source {
    const path = this.files.find(file);
    if (path === undefined) return this.notHere(file, line);
    const source = { name: basename(path), path };
    this.seen.set(path, source);
    return source;
  }

  /** Text of our own making under a name. */
  document(name: string, document: Document): DebugProtocol.Source {
    // Clients name a tab by the path.
    return { name, path: name, sourceReference: this.documents.add(document), origin: "made from the dump" };
  }

  get(reference: number): Document | undefined {
    return this.documents.get(reference);
  }

  /** Files on disk that were named so far. */
  loaded(): DebugProtocol.Source[] {
    return [...this.seen.values()];
  }

  private notHere(file: string, line: number): DebugProtocol.Source {
    const key = `${file}:${line}`;
    let source = this.missing.get(key);
    if (!source) {
      const text = (): string => missingText(file, line, this.files);
      source = {
        name: basename(file),
        path: file,
        sourceReference: this.documents.add({
          mimeType: "text/x-c",

          *text() {
            return text();
          },
        }),
        origin: "not on this machine",
      };
      this.missing.set(key, source);
    }
    return source;
  }
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
