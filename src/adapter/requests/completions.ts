import type { DebugProtocol } from "@vscode/debugprotocol";
import { complete } from "../../crash/complete.ts";
import { frameVariables } from "../../unwind/locals.ts";
import type { Handlers } from "../handlers.ts";

/** The debug console's completion: commands, options, the frame's locals, symbols, members. */
export const completions: Pick<Handlers, "completions"> = {
  // eslint-disable-next-line require-yield -- bounded by what it offers at most
  *completions(target, { text, column, line = 1, frameId }) {
    const { startsAt1 } = target.client;
    const current = text.split("\n")[line - (startsAt1.line ? 1 : 0)] ?? "";
    const before = current.slice(0, column - (startsAt1.column ? 1 : 0));
    const row = frameId === undefined ? undefined : target.frames.get(frameId);
    const { items, from } = complete(target.context, before);
    const prefix = before.slice(from);
    const locals =
      row?.frame && row.place && /\s/.test(before) && !/[.>]$/.test(before.slice(0, from))
        ? frameVariables(target.kernel, row.frame, row.place).map(({ name }) => name)
        : [];
    const isMember = /(\.|->)$/.test(before.slice(0, from));
    const place = { start: from + (startsAt1.column ? 1 : 0), length: before.length - from };
    const offers = [...new Set([...locals.filter((name) => name.startsWith(prefix)), ...items])];
    return { targets: offers.map((label) => ({ label, type: typeOf(label, locals, isMember), ...place })) };
  },
};

function typeOf(label: string, locals: readonly string[], isMember: boolean): DebugProtocol.CompletionItemType {
  if (isMember) return "field";
  if (label.startsWith("-")) return "keyword";
  return locals.includes(label) ? "variable" : "function";
}
