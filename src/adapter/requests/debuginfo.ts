import { setTimeout } from "node:timers/promises";
import { UsageError } from "../../base/usageError.ts";
import { compareBuild } from "../../session/buildMatch.ts";
import { debuginfodOptions } from "../../session/debuginfod.ts";
import { cacheOf } from "../../session/debuginfoPlaces.ts";
import { sessionReport } from "../../session/debuginfoReport.ts";
import type { Job } from "../../session/job.ts";
import { type Fetched, fetchMissing, missingDebuginfo } from "../../session/missingDebuginfo.ts";
import { type Try, tryVmlinux } from "../../session/vmlinuxSearch.ts";
import type { Handlers } from "../handlers.ts";
import type { Target } from "../target.ts";

/** A fetch is looked at so often: for its progress, and for a user who gives it up. */
const POLL_MS = 100;

type Topic = Pick<Handlers, "vmcore/debuginfo" | "vmcore/tryVmlinux" | "vmcore/loadModule" | "vmcore/fetchDebuginfo">;

/** Where debuginfo was looked for, and more of it. */
export const debuginfo: Topic = {
  *["vmcore/debuginfo"](target) {
    yield; // modules' files are opened for it
    const { session } = target;
    return { ...sessionReport(session, target.arguments.vmcore, namedVmlinux(target)), sources: target.sourceRemark };
  },

  *["vmcore/tryVmlinux"]({ session }, { path }) {
    const { vmlinux, ...tried } = tryVmlinux(path, session.memory);
    vmlinux?.close();
    return vmlinux ? { ...tried, outcome: "taken" } : tried;
  },

  *["vmcore/loadModule"](target, { module, path }) {
    const { context } = target;
    const loaded = context.modules?.load(module, path);
    if (loaded === undefined) throw new UsageError("this session loads no debuginfo of modules");
    target.announce({ radix: context.radix });
    return { path: loaded };
  },

  *["vmcore/fetchDebuginfo"](target, { names, servers }) {
    const given = debuginfodOptions(process.env, cacheOf(process.env));
    const urls = servers.length > 0 ? servers : given.urls;
    if (urls.length === 0) throw new UsageError("no debuginfod server is configured");
    const { session } = target;
    const wanted = missingDebuginfo(session).filter(({ name }) => names.length === 0 || names.includes(name));
    const { names: fetched, remarks } = yield* fetching((signal, onProgress) =>
      fetchMissing(wanted, { ...given, urls, signal }, onProgress),
    );
    if (fetched.some((name) => name !== "vmlinux")) {
      session.debuginfos.retry();
      target.refresh();
    }
    return { fetched, remarks };
  },
};

/** The file that the session was started with, as a try like those of a search. */
function namedVmlinux({ session, arguments: { vmlinux: named } }: Target): Try | undefined {
  const { vmlinux, memory } = session;
  if (named === undefined || !vmlinux) return undefined;
  return {
    path: vmlinux.path,
    outcome: "taken",
    buildId: vmlinux.elf.buildId,
    why: compareBuild(vmlinux.elf, memory).why,
  };
}

/** Waits for a fetch, tells how far it is; a job that is cancelled gives it up. */
function* fetching(
  start: (signal: AbortSignal, onProgress: (name: string, done: number, total?: number) => void) => Promise<Fetched>,
): Job<Fetched> {
  const abort = new AbortController();
  let step = { kind: "progress", what: "debuginfo", done: 0, total: 0 };
  let fetched: Fetched | undefined;
  try {
    start(abort.signal, (name, done, total = 0) => {
      step = { kind: "progress", what: `the debuginfo of ${name}`, done, total };
    }).then(
      (result) => (fetched = result),
      (error: unknown) => (fetched = { names: [], remarks: [error instanceof Error ? error.message : String(error)] }),
    );
    while (!fetched) {
      yield step;
      yield setTimeout(POLL_MS);
    }
    return fetched;
  } finally {
    abort.abort();
  }
}
