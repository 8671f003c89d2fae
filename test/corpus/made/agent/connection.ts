/** The scripted agent's connection with the MCP server, which counts its calls and bytes. */
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import type { Answer } from "../../../../src/tools/answer.ts";

/** A call and its answer. */
export interface Call {
  readonly tool: string;
  readonly input: object;
  readonly text: string;
  /** Size of text and structured content in bytes. */
  readonly bytes: number;
  /** Undefined if the server refused the call. */
  readonly answer: Answer | undefined;
}

/** What an agent may do. */
export interface Limits {
  readonly calls: number;
  /** Tools that may not be called. */
  readonly withheld: readonly string[];
}

/** The tools of a server, for one dump. */
export class Connection {
  readonly calls: Call[] = [];
  private readonly client: Client;
  private readonly limits: Limits;

  private constructor(client: Client, limits: Limits) {
    this.client = client;
    this.limits = limits;
  }

  /**
   * Starts the server that was built.
   * @param argv of the server
   */
  static async open(argv: readonly string[], limits: Limits): Promise<Connection> {
    const client = new Client({ name: "scripted-agent", version: "0" });
    await client.connect(
      new StdioClientTransport({ command: process.execPath, args: ["dist/cli.js", "mcp", ...argv], stderr: "pipe" }),
    );
    return new Connection(client, limits);
  }

  /** Calls a tool. @returns undefined if the server refuses the call, or no call is left */
  async ask(tool: string, input: object = {}): Promise<Answer | undefined> {
    if (this.limits.withheld.includes(tool)) throw new Error(`${tool} is withheld`);
    if (this.calls.length >= this.limits.calls) return undefined;
    const result = await this.client.callTool({ name: tool, arguments: { ...input } });
    const [first] = result.content as readonly { readonly text?: string }[];
    const text = first?.text ?? "";
    const answer = result.isError === true ? undefined : (result.structuredContent as Answer);
    const bytes = Buffer.byteLength(text) + Buffer.byteLength(JSON.stringify(result.structuredContent ?? null));
    this.calls.push({ tool, input, text, bytes, answer });
    return answer;
  }

  /** Asks whether a claim is true. */
  async holds(claim: object): Promise<boolean> {
    const answer = await this.ask("check", claim);
    return answer?.says.startsWith("true: ") === true;
  }

  /** Reads a word of memory. @returns undefined if it is not in the dump */
  async word(address: bigint): Promise<bigint | undefined> {
    const answer = await this.ask("evaluate", { expression: `*(unsigned long *)0x${address.toString(16)}` });
    const [element] = (answer?.data ?? []) as readonly { readonly value?: string | number }[];
    return element?.value === undefined ? undefined : BigInt(element.value);
  }

  get bytes(): number {
    return this.calls.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
