/** The DAP client as request handlers see it. */
import type { DebugProtocol } from "@vscode/debugprotocol";

/** The name of a flag in the arguments of `initialize`. */
type Trait = {
  [Name in keyof DebugProtocol.InitializeRequestArguments]-?: NonNullable<
    DebugProtocol.InitializeRequestArguments[Name]
  > extends boolean
    ? Name
    : never;
}[keyof DebugProtocol.InitializeRequestArguments];

/** The connected DAP client. */
export interface Client {
  send(event: string, body: object): void;
  /** Prints text in the Debug Console. @param more further fields of the `output` event */
  output(text: string, more?: Partial<DebugProtocol.OutputEvent["body"]>): void;
  /** Whether the client set this flag in `initialize`. */
  supports(trait: Trait): boolean;
  /** Asks the user a yes-or-no question. Call it only if the launch arguments have `asks`: other clients do not answer. */
  ask(question: string): Promise<boolean>;
  /**
   * Whether commands may only read (`Context.onlyReads`): true for a client on a socket, which may be on another
   * machine.
   */
  readonly onlyReads: boolean;
  readonly lines: Numbering;
  readonly columns: Numbering;
}

/** The client's numbering of lines or of columns. */
export class Numbering {
  private readonly first: 0 | 1;

  /** @param startsAt1 `linesStartAt1` or `columnsStartAt1` of `initialize`; default in DAP: true */
  constructor(startsAt1: boolean) {
    this.first = startsAt1 ? 1 : 0;
  }

  /** Converts a 1-based number to the client's numbering. */
  of(from1: number): number {
    return from1 - 1 + this.first;
  }

  /** Converts the client's number to a 0-based index. Default: the first one. */
  index(number: number = this.first): number {
    return number - this.first;
  }
}
