/** Finds tools by name, and describes them for manifests. */
import { z } from "zod";
import { offsetSchema } from "./answer.ts";
import type { Tool } from "./tool.ts";
import { tools } from "./tools.ts";

export { answerOf } from "./answer.ts";

/** Returns the tool with a name; undefined if there is none. */
export const toolNamed = (name: string): Tool | undefined => tools.find((one) => one.name === name);

/** A tool as VS Code's manifest declares it (`contributes.languageModelTools`). */
export interface DeclaredTool {
  readonly name: string;
  readonly toolReferenceName: string;
  readonly displayName: string;
  readonly modelDescription: string;
  readonly userDescription: string;
  readonly canBeReferencedInPrompt: true;
  readonly icon: string;
  readonly when: string;
  readonly inputSchema: object;
}

/** Prefix of the names in the manifest, because all extensions share one list. */
export const MANIFEST_PREFIX = "vmcore_";

/** Returns the declarations of all tools for the manifest, which a test compares with it. */
export const declaredTools = (): DeclaredTool[] =>
  tools.map(({ name, title, description, input }) => {
    const { $schema: _, ...inputSchema } = z.toJSONSchema(input.extend({ offset: offsetSchema }), { io: "input" });
    return {
      name: `${MANIFEST_PREFIX}${name}`,
      toolReferenceName: `vmcore-${name.replaceAll("_", "-")}`,
      displayName: `Crash Dump: ${title}`,
      modelDescription: `Reads the Linux kernel crash dump that is open in the debugger. ${description}`,
      userDescription: `${title} of the open crash dump`,
      canBeReferencedInPrompt: true,
      icon: "$(debug-alt)",
      when: "inDebugMode && debugType == vmcore",
      inputSchema,
    };
  });
