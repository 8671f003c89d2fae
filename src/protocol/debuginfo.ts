/** The files that were tried as debuginfo of a dump, and what to install. */

/** Result for one file that was tried. */
export interface DebuginfoTry {
  readonly path: string;
  readonly outcome: "taken" | "refused" | "absent";
  readonly buildId: string | undefined;
  /** Text to follow the path: "is of another build: ...". */
  readonly why: string;
}

export interface DebuginfoFacts {
  readonly release: string | undefined;
  readonly buildId: string | undefined;
  readonly vmlinux: string | undefined;
  /** Files that were tried as the vmlinux. */
  readonly tries: readonly DebuginfoTry[];
  /** Files that contain only symbols, used if neither a vmlinux nor the dump has any. */
  readonly mapTries: readonly DebuginfoTry[];
  readonly modules: readonly {
    readonly name: string;
    readonly buildId: string | undefined;
    readonly path: string | undefined;
    /** Whether the module was built outside the kernel tree: no package of the distribution has its debuginfo. */
    readonly outOfTree: boolean;
    readonly tries: readonly DebuginfoTry[];
  }[];
  /** Why the list of modules ends early or is empty; undefined if it is complete. */
  readonly modulesFault: string | undefined;
  readonly advice: {
    readonly distribution: string | undefined;
    /** Sentences and commands. */
    readonly steps: readonly string[];
    /** The distribution's debuginfod server. */
    readonly debuginfod: string | undefined;
  };
  /** A sentence about missing source files of the kernel; undefined if there is none. */
  readonly sourceRemark: string | undefined;
}

/** A session has no vmlinux, although one was searched for. */
export interface NoVmlinux {
  /** What was searched, and what is therefore missing. */
  readonly sentence: string;
  /** The command that installs the vmlinux from the kernel's distribution, if that is known. */
  readonly install: string | undefined;
}
