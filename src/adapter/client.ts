import type { DebugProtocol } from "@vscode/debugprotocol";

type Trait = {
  [Name in keyof DebugProtocol.InitializeRequestArguments]-?: NonNullable<
    DebugProtocol.InitializeRequestArguments[Name]
  > extends boolean
    ? Name
    : never;
}[keyof DebugProtocol.InitializeRequestArguments];

/** The other end of the wire, as handlers see it. */
export interface Client {
  send(event: string, body: object): void;
  /** Text for the debug console; `more` are further fields of the `output` event. */
  output(text: string, more?: Partial<DebugProtocol.OutputEvent["body"]>): void;
  /** What `initialize` said of the client. */
  supports(trait: Trait): boolean;
  /** Whether the client counts from 1; DAP's default. */
  readonly startsAt1: { line: boolean; column: boolean };
}
