/** The dumps that a server has open. */
import { basename, isAbsolute, join } from "node:path";
import { Budget } from "../base/budget.ts";
import { UsageError } from "../base/usageError.ts";
import type { Piece } from "../say/piece.ts";
import { placesOf } from "../session/find/debuginfoPlaces.ts";
import { namedDump } from "../session/find/namedDump.ts";
import { pathBelow, realPath } from "../session/find/dumpFiles.ts";
import { isDirectory } from "../base/file.ts";
import { indexDirectory } from "../session/open/indexCache.ts";
import { openingSession, type Session } from "../session/open/open.ts";
import type { ServerOptions } from "./arguments.ts";

/** An open dump and the name by which tools refer to it. */
export interface OpenedDump {
  readonly name: string;
  readonly files: readonly string[];
  readonly session: Session;
}

/** Maximum number of dumps that are open at the same time; opening another closes the one that was used longest ago. */
const MAX_OPEN = 4;

/** Where distributions install the kernel's source. */
const INSTALLED_SOURCES = "/usr/src";

const realPaths = (paths: readonly string[]): string[] => paths.flatMap((path) => realPath(path) ?? []);

/** Opens dumps below the roots and keeps those that were used last. */
export class OpenDumps {
  /** Real paths of the directories whose dumps may be opened. */
  readonly roots: readonly string[];
  /** Real paths of the directories whose source files may be shown. */
  private readonly sourceRoots: readonly string[];
  private readonly options: ServerOptions;
  /** In the order of their last use. */
  private readonly dumps = new Map<string, OpenedDump>();
  private count = 0;

  constructor(options: ServerOptions) {
    this.options = options;
    this.roots = realPaths(options.roots);
    this.sourceRoots = [
      ...this.roots,
      ...realPaths([...options.kernelSource, ...options.debuginfo, INSTALLED_SOURCES]),
    ];
  }

  get all(): readonly OpenedDump[] {
    return [...this.dumps.values()];
  }

  /** Returns an open dump; the only one if no name is given. @throws UsageError */
  use(name: string | undefined): OpenedDump {
    const found = name === undefined && this.dumps.size === 1 ? this.all[0] : this.dumps.get(name ?? "");
    if (!found)
      throw new UsageError(
        this.dumps.size === 0
          ? "no dump is open: call open_dump first"
          : `${name === undefined ? "several dumps are open: give dump" : `${name}: no such dump`}; open are ${[...this.dumps.keys()].join(", ")}`,
      );
    this.dumps.delete(found.name);
    this.dumps.set(found.name, found);
    return found;
  }

  /**
   * Opens a dump, or returns it if it is open.
   * @param paths one dump, or the files of a split one
   * @param vmlinux of this dump; default: searched for
   * @throws UsageError if a path is outside the roots; OpenError
   */
  *opening(paths: readonly string[], vmlinux?: string): Generator<Piece, OpenedDump, void> {
    const files = this.allowedFiles(paths);
    const open = this.all.find((one) => one.files.join("\0") === files.join("\0"));
    if (open && vmlinux === undefined) return this.use(open.name);
    const { modules, debuginfo, kernelSource, searches, redact } = this.options;
    const session = yield* openingSession({
      vmcore: files,
      ...(vmlinux !== undefined && { vmlinux: this.allowed(vmlinux) }),
      modules,
      kernelSource,
      redact,
      readableSource: (path) => pathBelow(path, this.sourceRoots),
      readsSourcesOn: true,
      search: searches ? placesOf(files, debuginfo, process.env) : undefined,
      indexes: indexDirectory(process.env),
      budget: new Budget(),
    });
    if (open) this.close(open);
    const [oldest] = this.all;
    if (oldest && this.dumps.size >= MAX_OPEN) this.close(oldest);
    const opened = { name: `${++this.count}:${basename(files[0] ?? "")}`, files, session };
    this.dumps.set(opened.name, opened);
    return opened;
  }

  /**
   * Returns the real paths of a dump's files, with those beside it that belong to it, so that none of them is a link
   * out of the roots.
   * @throws UsageError
   */
  private allowedFiles(paths: readonly string[]): readonly string[] {
    const files = paths.map((path) => this.allowed(path));
    const all = namedDump(files);
    // A dump that the user named when the server was started was named with the files beside it.
    if (paths.every((path) => this.options.vmcore.includes(path))) return all;
    return all.map((path) => (files.includes(path) ? path : this.allowed(path)));
  }

  /** @throws UsageError for a file that does not exist or is outside the roots; the message does not say which of them */
  private allowed(path: string): string {
    const isNamed = [...this.options.vmcore, this.options.vmlinux].includes(path);
    const real = isNamed ? realPath(path) : this.below(path);
    if (real !== undefined && !isNamed && isDirectory(real))
      throw new UsageError(`${path} is a directory: call open_dump without a path to list the dumps`);
    if (real === undefined) throw new UsageError(`${path}: not a file below ${this.roots.join(", ") || "a --root"}`);
    return real;
  }

  /**
   * Returns the real path of a file below a root; undefined if there is none. A relative path is tried in each root.
   */
  private below(path: string): string | undefined {
    const paths = isAbsolute(path) ? [path] : this.roots.map((root) => join(root, path));
    return paths.map((one) => pathBelow(one, this.roots)).find((one) => one !== undefined);
  }

  private close({ name, session }: OpenedDump): void {
    this.dumps.delete(name);
    session.close();
  }
}
