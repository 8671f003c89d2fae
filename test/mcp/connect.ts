/** A client of the server for tests. */
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import type { Answer } from "../../src/tools/answer.ts";

/** Starts a server with arguments and connects a client. */
export async function connected(...argv: readonly string[]): Promise<Client> {
  const client = new Client({ name: "test", version: "0" });
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: ["src/mcp/main.ts", ...argv], stderr: "pipe" }),
  );
  return client;
}

/** What a call returns. */
export interface Called {
  /** Undefined if the call was refused. */
  readonly answer: Answer | undefined;
  readonly text: string;
  readonly isError: boolean;
}

/** Calls a tool. */
export async function called(client: Client, name: string, given: Record<string, unknown> = {}): Promise<Called> {
  const { structuredContent, content, isError } = await client.callTool({ name, arguments: given });
  const [first] = content as readonly { readonly text?: string }[];
  return { answer: structuredContent as Answer | undefined, text: first?.text ?? "", isError: isError === true };
}
