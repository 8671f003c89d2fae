/** Custom requests about debuginfo: what was searched, and loading more. */
import { noticeText } from "../../base/notice.ts";
import { UsageError } from "../../base/usageError.ts";
import { compareBuild } from "../../session/open/buildMatch.ts";
import { debuginfodOptions } from "../../session/fetch/debuginfod.ts";
import { cacheOf } from "../../session/find/debuginfoPlaces.ts";
import { sessionReport } from "../../session/find/debuginfoReport.ts";
import { type Try, tryVmlinux } from "../../session/find/vmlinuxSearch.ts";
import type { Handlers } from "../handlers.ts";
import { fetchDebuginfo } from "../lateDebuginfo.ts";
import type { Target } from "../target.ts";

type Topic = Pick<Handlers, "vmcore/debuginfo" | "vmcore/tryVmlinux" | "vmcore/loadModule" | "vmcore/fetchDebuginfo">;

/** Reports where debuginfo was searched, loads files that the user chose, and fetches from servers. */
export const debuginfo: Topic = {
  *["vmcore/debuginfo"](target) {
    const { session } = target;
    const report = yield* sessionReport(session, target.arguments.vmcore, namedVmlinux(target));
    return { ...report, sourceRemark: target.sourceRemark };
  },

  *["vmcore/tryVmlinux"]({ session }, { path }) {
    const { vmlinux, ...tried } = tryVmlinux(path, session.memory);
    vmlinux?.close();
    return vmlinux ? { ...tried, outcome: "taken" } : tried;
  },

  *["vmcore/loadModule"](target, { module, path }) {
    const { context } = target;
    const loaded = context.modules?.load(module, path);
    if (loaded === undefined) throw new UsageError("debuginfo of modules cannot be loaded in this session");
    target.announce();
    return { path: loaded };
  },

  *["vmcore/fetchDebuginfo"](target, { names, servers }) {
    const options = debuginfodOptions(process.env, cacheOf(process.env));
    const urls = servers.length > 0 ? servers : options.urls;
    if (urls.length === 0)
      throw new UsageError("no debuginfod server is configured: set vmcore.debuginfod or DEBUGINFOD_URLS");
    const { names: fetched, remarks } = yield* fetchDebuginfo(target, names, { ...options, urls });
    // The extension shows the remarks in a notification.
    return { fetched, remarks: remarks.map(noticeText) };
  },
};

/**
 * Returns the vmlinux of the launch arguments as a search result like the others; undefined if they name none or the
 * dump is open without one.
 */
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
