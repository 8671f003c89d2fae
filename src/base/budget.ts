import { Fault } from "./fault.ts";

const GIB = 2 ** 30;

/** Bytes that a session keeps of what it unpacks, on disk, until it is told to keep more. */
const KEPT = 2 * GIB;
/** Of what is kept after the user has agreed: a kernel with all of its modules' debuginfo has some 6 GiB. */
const AGREED = 32 * GIB;
/** Bytes that pass by for each that may be kept: a package has much more than what one dump needs of it. */
const PASSED = 16;
/** Bytes that are held in memory at a time: a module with DWARF has some 100 MiB. */
const HELD = 512 << 20;
/** Members of archives that are looked at: a kernel's sources are some 90,000. */
const FILES = 300_000;
/** Milliseconds of work for each byte that may be kept: ten minutes for 2 GiB. */
const MILLISECONDS = 600_000 / KEPT;

export interface BudgetOptions {
  /** Bytes that may be kept; 2 GiB unless given. */
  readonly kept?: number | undefined;
  /** Asks the user, once, whether to go on; not given where nobody can be asked. */
  readonly ask?: ((question: string) => Promise<boolean>) | undefined;
  /** How the user raises what may be kept, in a clause: `"--unpack-limit 8G" allows more`. */
  readonly remedy?: string | undefined;
}

/**
 * What a session may spend on unpacking, in bytes, files, memory and time: a packed file of some kilobytes can come to
 * as many gigabytes. The one place for these limits; a session has one of it.
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

  /** Bytes that are going to be written to a cache. @throws Fault beyond the limit, when nobody agrees to more */
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

  /** Bytes that came out of a packed file, kept or not, and the milliseconds that they took. @throws Fault beyond the limits */
  pass(bytes: number, milliseconds: number, path: string): void {
    this.passed += bytes;
    this.worked += milliseconds;
    const scale = Math.max(this.limit, KEPT);
    if (this.passed > scale * PASSED)
      throw Fault.of("unknown", `${path} unpacks to more than ${gib(scale * PASSED)} in all`);
    if (this.worked > scale * MILLISECONDS)
      throw Fault.of("unknown", `${path} takes too long to unpack: ${Math.round(this.worked / 1000)} seconds went by`);
  }

  /** A member of an archive. @throws Fault beyond the limit */
  file(path: string): void {
    if (++this.files > FILES) throw Fault.of("unknown", `${path} has too many files in it: more than ${FILES}`);
  }

  /** Bytes that one more file may take in memory. */
  get room(): number {
    return HELD - this.held;
  }

  /** Bytes that are held in memory from now on. @returns what gives them back, once */
  hold(bytes: number): () => void {
    this.held += bytes;
    let isHeld = true;
    return () => {
      if (isHeld) this.held -= bytes;
      isHeld = false;
    };
  }
}

/** Bytes of "8G", "500M" or a plain number; undefined for what is no size. */
export function sizeOf(text: string): number | undefined {
  const [, digits = "", unit = ""] = /^(\d{1,12})([KMGT]?)$/i.exec(text) ?? [];
  const bytes = Number(digits) * 1024 ** " KMGT".indexOf(unit.toUpperCase() || " ");
  return digits !== "" && Number.isSafeInteger(bytes) ? bytes : undefined;
}

const gib = (bytes: number): string => `${Number((bytes / GIB).toFixed(2))} GiB`;
