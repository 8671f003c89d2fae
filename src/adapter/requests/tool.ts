/** The custom request that runs a tool of language models. */
import { UsageError } from "../../base/usageError.ts";
import type * as Named from "../../tools/named.ts";
import type { Handlers } from "../handlers.ts";

/** Runs a tool. The tools and the library that checks their arguments are loaded at the first call. */
export const toolCalls: Pick<Handlers, "vmcore/tool"> = {
  *"vmcore/tool"({ context }, { name, input }) {
    const loaded: { module?: typeof Named } = {};
    const until = import("../../tools/named.ts").then((module) => (loaded.module = module));
    while (!loaded.module) yield { until };
    const { answerOf, toolNamed } = loaded.module;
    const tool = toolNamed(name);
    if (!tool) throw new UsageError(`${name}: no such tool`);
    const { answer, text } = yield* answerOf(context, tool, input);
    return { text, answer: JSON.stringify(answer) };
  },
};
