/** Reports which debuginfo was found for a dump, and how to get the rest. */
import { attempt, Fault } from "../../base/fault.ts";
import { moduleName, modules } from "../../linux/module/module.ts";
import type { Obj } from "../../model/object.ts";
import { type InstallAdvice, installAdvice } from "./distribution.ts";
import type { Job } from "../../base/job.ts";
import { findingKernelBuildId } from "./kernelBuildId.ts";
import type { Piece } from "../../say/piece.ts";
import { kernelRelease, missingModules } from "./missingDebuginfo.ts";
import { redactedAddress } from "../remote/addressedFile.ts";
import { openingSession, type OpenOptions, type Session } from "../open/open.ts";
import { type Try, tryVmlinux } from "./vmlinuxSearch.ts";

/** One loaded module, with the debuginfo found for it. */
export interface ModuleReport {
  readonly name: string;
  readonly buildId: string | undefined;
  /** The file that is used; undefined if there is none. */
  readonly path: string | undefined;
  /**
   * Whether the module was built outside the kernel's tree, so that no package of the distribution has its debuginfo.
   */
  readonly outOfTree: boolean;
  readonly tries: readonly Try[];
}

/** All files that were tried as a dump's debuginfo, and how to get what is missing. */
export interface DebuginfoReport {
  readonly vmcore: readonly string[];
  readonly release: string | undefined;
  readonly version: string | undefined;
  readonly architecture: string;
  readonly buildId: string | undefined;
  /** The wrong build ID in VMCOREINFO, if it differs from the real one. */
  readonly wrongBuildId: string | undefined;
  readonly vmlinux: string | undefined;
  /** Whether the vmlinux has source lines and locals. */
  readonly hasDwarf: boolean;
  /** The sources of names ("kallsyms" or a file) and of types ("BTF" or "DWARF"); empty if there are none. */
  readonly symbolSources: readonly string[];
  readonly typeSources: readonly string[];
  readonly tries: readonly Try[];
  /** Files with symbols only, tried if neither a vmlinux nor the dump has symbols. */
  readonly mapTries: readonly Try[];
  readonly modules: readonly ModuleReport[];
  /** Why the list of modules ends early or is empty; undefined if it is complete. */
  readonly modulesFault: string | undefined;
  readonly advice: InstallAdvice;
}

/** TAINT_OOT_MODULE, include/linux/panic.h. */
const TAINT_OOT_MODULE = 12n;

/**
 * Searches for the debuginfo of a dump and reports the result. A vmlinux that the user named is one of the tries.
 * @throws OpenError if the dump cannot be opened
 */
export function* searchingDebuginfo({
  vmlinux: named,
  force: _,
  ...options
}: OpenOptions): Job<DebuginfoReport, Piece> {
  let session: Session | undefined = yield* openingSession(options);
  let given: Try | undefined;
  try {
    if (named !== undefined) {
      const { vmlinux, ...tried } = tryVmlinux(named, session.memory);
      vmlinux?.close();
      given = vmlinux ? { ...tried, outcome: "taken" } : tried;
      if (vmlinux) {
        session.close();
        session = undefined;
        session = yield* openingSession({ ...options, vmlinux: named });
      }
    }
    return yield* sessionReport(session, options.vmcore, given);
  } finally {
    session?.close();
  }
}

/**
 * Reports the debuginfo of an open session; pauses while it searches for modules. @param given the file that the user
 * named
 */
export function* sessionReport(session: Session, vmcore: readonly string[], given?: Try): Job<DebuginfoReport, Piece> {
  const { kernel, memory } = session;
  const { release, version } = kernelRelease(session);
  const [buildId, noted] = [yield* findingKernelBuildId(memory), memory.vmcoreinfo?.text("BUILD-ID")];
  yield* missingModules(session);
  const reports: ModuleReport[] = [];
  const end = attempt(() => {
    for (const module of modules(kernel)) {
      const report = attempt(() => moduleReport(session, module));
      if (!(report instanceof Fault)) reports.push(report);
    }
  });
  return {
    vmcore: vmcore.map(redactedAddress),
    release,
    version,
    architecture: memory.arch.name,
    buildId,
    wrongBuildId: noted === buildId ? undefined : noted,
    vmlinux: session.vmlinux?.path,
    hasDwarf: session.vmlinux?.elf.section(".debug_info") !== undefined,
    // VMCOREINFO has too few symbols to be listed.
    symbolSources: kernel.symbols.sources.filter((source) => source !== "VMCOREINFO"),
    typeSources: kernel.types.sources,
    tries: [...(given ? [given] : []), ...session.tries],
    mapTries: session.mapTries,
    modules: reports,
    modulesFault: end instanceof Fault ? end.message : undefined,
    advice: installAdvice(release ?? "", version ?? ""),
  };
}

function moduleReport({ debuginfos }: Session, module: Obj): ModuleReport {
  const name = moduleName(module);
  const { buildId, found, tries } = debuginfos.account(module, name);
  const taints = attempt(() => module.at("taints").value());
  return {
    name,
    buildId,
    path: found?.path,
    outOfTree: !(taints instanceof Fault) && ((taints >> TAINT_OOT_MODULE) & 1n) === 1n,
    tries,
  };
}
