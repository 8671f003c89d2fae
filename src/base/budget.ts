/** The limits of a session for unpacking packages and archives. */
import { Fault } from "./fault.ts";

const GIB = 2 ** 30;

/** Default limit for unpacked bytes kept on disk, per session. */
const KEPT = 2 * GIB;
/** The limit after the user has agreed: a kernel with the debuginfo of all its modules has about 6 GiB. */
const AGREED = 32 * GIB;
/** Number of bytes that may be unpacked for each byte that may be kept: one dump needs only a small part of a package. */
const PASSED = 16;
/** Maximum number of unpacked bytes in memory at one time: a module with DWARF has about 100 MiB. */
const HELD = 512 << 20;
/** Maximum number of members read from archives, per session: kernel sources have about 90,000. */
const FILES = 300_000;
/** Milliseconds of work allowed per byte that may be kept: ten minutes for 2 GiB. */
const MILLISECONDS = 600_000 / KEPT;

export interface BudgetOptions {
  /** Maximum number of bytes kept on disk. Default: 2 GiB. */
  readonly kept?: number | undefined;
  /** Asks the user, once, whether to go on. Absent where there is no user to ask. */
  readonly ask?: ((question: string) => Promise<boolean>) | undefined;
  /** A clause that says how the user raises the limit: `"--unpack-limit 8G" allows more`. */
  readonly remedy?: string | undefined;
}

/**
 * Limits what a session spends on unpacking, in bytes, files, memory and time, because a packed file of a few
 * kilobytes can unpack to as many gigabytes. Each session has one budget.
 */
export class Budget {
  private limit: number;
  private readonly options: BudgetOptions;
  private asked: Promise<boolean> | undefined;
  private kept = 0;
  private passed = 0;
  private held = 0;
  private files = 0;
  private worked = 0;

  constructor(options: BudgetOptions = {}) {
    this.options = options;
    this.limit = options.kept ?? KEPT;
  }

  /** Counts bytes before they are written to a cache. @throws Fault beyond the limit, unless the user agrees to more */
  async keep(bytes: number, path: string): Promise<void> {
    this.kept += bytes;
    const { ask, remedy } = this.options;
    if (this.kept > this.limit && this.limit < AGREED && ask) {
      this.asked ??= ask(`${path} unpacks to more than ${gib(this.limit)}. Unpack up to ${gib(AGREED)}?`);
      if (await this.asked) this.limit = AGREED;
    }
    if (this.kept > this.limit)
      throw Fault.of(
        "unknown",
        `${path} unpacks to more than ${gib(this.limit)}${remedy === undefined ? "" : `: ${remedy}`}`,
      );
  }

  /** Counts unpacked bytes, kept or not, and the milliseconds that unpacking took. @throws Fault beyond the limits */
  pass(bytes: number, milliseconds: number, path: string): void {
    this.passed += bytes;
    this.worked += milliseconds;
    const scale = Math.max(this.limit, KEPT);
    if (this.passed > scale * PASSED)
      throw Fault.of("unknown", `${path} unpacks to more than ${gib(scale * PASSED)} in all`);
    if (this.worked > scale * MILLISECONDS)
      throw Fault.of(
        "unknown",
        `${path} takes too long to unpack: stopped after ${Math.round(this.worked / 1000)} seconds`,
      );
  }

  /** Counts a member of an archive. @throws Fault beyond the limit */
  file(path: string): void {
    if (++this.files > FILES)
      throw Fault.of(
        "unknown",
        `${path} cannot be unpacked: this session has unpacked ${FILES} files, which is the limit`,
      );
  }

  /** Bytes of memory that are still available for one more file. */
  get room(): number {
    return HELD - this.held;
  }

  /** Counts bytes that are held in memory from now on. @returns a function that releases them; later calls do nothing */
  hold(bytes: number): () => void {
    this.held += bytes;
    let isHeld = true;
    return () => {
      if (isHeld) this.held -= bytes;
      isHeld = false;
    };
  }
}

/** Parses a size in bytes: "8G", "500M" or a plain number. Returns undefined for any other text. */
export function parseSize(text: string): number | undefined {
  const [, digits = "", unit = ""] = /^(\d{1,12})([KMGT]?)$/i.exec(text) ?? [];
  const bytes = Number(digits) * 1024 ** " KMGT".indexOf(unit.toUpperCase() || " ");
  return digits !== "" && Number.isSafeInteger(bytes) ? bytes : undefined;
}

const gib = (bytes: number): string => `${Number((bytes / GIB).toFixed(2))} GiB`;
