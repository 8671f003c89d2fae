/** Custom requests of the extension about symbols, tasks and stacks. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { UsageError } from "../../base/usageError.ts";
import { symbolPlace } from "../../debuginfo/symbols/symbolText.ts";
import { headlineOf } from "../../insight/analyze.ts";
import { taskAt } from "../../linux/sched/task.ts";
import { utsname } from "../../linux/utsname.ts";
import { vmlinuxNotice } from "../../session/find/missingDebuginfo.ts";
import type { SymbolHit } from "../../protocol/custom.ts";
import { addressOf } from "../values/addressOf.ts";
import type { Handlers } from "../handlers.ts";
import { listingOf } from "../code/listing.ts";
import { rawStackText } from "../values/rawStack.ts";
import { scopeOf } from "../values/scope.ts";
import { stackText } from "../stackText.ts";
import type { Target } from "../target.ts";
import { type Thread, threadName } from "../threads.ts";

/** Number of symbols per step of the job. */
const STEP = 4096;

/** Symbols that the build makes of each exported symbol (include/linux/export-internal.h, scripts/mod/modpost.c). */
const OF_EXPORTS = /^__(crc|kstrtab|kstrtabns|ksymtab)_/;

type Topic = Pick<
  Handlers,
  | "vmcore/about"
  | "vmcore/resolve"
  | "vmcore/symbols"
  | "vmcore/declared"
  | "vmcore/disassembly"
  | "vmcore/select"
  | "vmcore/stack"
  | "vmcore/rawStack"
  | "vmcore/sourceFile"
  | "vmcore/sourceText"
>;

/** Answers the custom requests of the extension. */
export const custom: Topic = {
  *["vmcore/about"](target) {
    const { kernel, session } = target;
    const { vmcore, vmlinux, format, limitations } = session.context.session;
    const uts = attempt(() => utsname(kernel));
    return {
      vmcore,
      vmlinux,
      vmlinuxBuildId: session.vmlinux?.elf.buildId,
      noVmlinux: vmlinuxNotice(session),
      format,
      release: kernel.vmcoreinfo("OSRELEASE"),
      host: uts instanceof Fault ? undefined : uts.nodename,
      machine: kernel.arch.name,
      title: target.title,
      crash: crashTitle(target),
      panicked: target.panicked,
      untitled: target.untitled,
      threadId: target.threads.first().id,
      types: kernel.types.sources,
      symbols: kernel.symbols.sources,
      hasLines: session.vmlinux?.elf.section(".debug_line") !== undefined,
      sourceRoots: target.sources.files.roots.map(({ path, why, version }) => ({ path, why, version })),
      limitations: target.sourceRemark === undefined ? limitations : [...limitations, target.sourceRemark],
    };
  },

  *["vmcore/resolve"](target, { text, frameId }) {
    const row = frameId === undefined ? undefined : target.frames.get(frameId);
    const address = addressOf(target, text, row && scopeOf(target, row));
    const symbol = target.kernel.symbols.at(address);
    const code = target.kernel.code.isText(address);
    const place = code ? target.kernel.code.scopes(address)[0]?.source : undefined;
    return {
      address: hex0x(address),
      symbol: symbol && symbolPlace(symbol, address, 16),
      code,
      path: place && target.sources.pathOf(place.file),
      line: place?.line,
    };
  },

  *["vmcore/symbols"](target, { contains, limit }) {
    const [beginning, within]: [SymbolHit[], SymbolHit[]] = [[], []];
    const wanted = contains.toLowerCase();
    let [looked, more] = [0, false];
    // Names that the build makes of each export are shown to those who ask for them.
    const isWanted = wanted.startsWith("__") ? () => true : (name: string) => !OF_EXPORTS.test(name);
    for (const { name, address, type, module } of target.kernel.symbols.all()) {
      if (++looked % STEP === 0) yield;
      const at = name.toLowerCase().indexOf(wanted);
      if (at < 0 || !isWanted(name)) continue;
      const list = at === 0 ? beginning : within;
      if (list.length < limit) list.push({ name, address: hex0x(address), type, module });
      else more = true;
    }
    beginning.sort((a, b) => a.name.length - b.name.length);
    const symbols = [...beginning, ...within];
    return { symbols: symbols.slice(0, limit), more: more || symbols.length > limit };
  },

  *["vmcore/declared"]({ kernel, sources }, { name }) {
    const declared = kernel.types.declaredAt(name);
    if (!declared) return { place: null };
    const { file, line } = declared;
    return { place: { function: name, file, line, path: sources.pathOf(file) } };
  },

  *["vmcore/disassembly"](target, { address }) {
    const listing = yield* listingOf(target, addressOf(target, address), true);
    if (!listing) throw new UsageError(`the code at ${address} is not in the dump; give a vmlinux`);
    return listing;
  },

  *["vmcore/select"](target, chosen) {
    const { id } = "task" in chosen ? threadOfTask(target, chosen.task) : target.threads.get(chosen.threadId);
    const isFirst = id === target.threads.first().id;
    target.client.send("stopped", {
      ...(isFirst ? target.stop() : { reason: "pause", threadId: id, description: "Selected" }),
      allThreadsStopped: true,
      preserveFocusHint: false,
    });
    return {};
  },

  *["vmcore/sourceFile"]({ sources }, { file }) {
    return { path: sources.pathOf(file) };
  },

  *["vmcore/sourceText"](target, { address }) {
    return { text: target.sources.textAt(address) };
  },

  *["vmcore/rawStack"](target, { threadId }) {
    const thread = target.threads.get(threadId);
    const name = `${threadName(thread).split(" cpu ")[0] ?? ""}.stack`;
    return { source: target.sources.document(name, { text: () => rawStackText(target, thread) }) };
  },

  *["vmcore/stack"](target, { threadId, format }) {
    return { text: yield* stackText(target, target.threads.get(threadId), format) };
  },
};

/** Returns the thread of the task at an address. @throws UsageError when there is no task at the address */
function threadOfTask({ kernel, threads }: Target, text: string): Thread {
  const task = /^0x[0-9a-f]{1,16}$/.test(text) ? taskAt(kernel, BigInt(text)) : undefined;
  if (!task) throw new UsageError(`${text} is not the address of a task`);
  return threads.of(task);
}

/**
 * Returns the title of the verdict; undefined if the log has no report of a crash and the kernel is not known
 * to have stopped.
 */
function crashTitle({ kernel }: Target): string | undefined {
  const headline = attempt(() => headlineOf(kernel));
  return headline instanceof Fault || ["none", "unknown"].includes(headline.kind) ? undefined : headline.title;
}
