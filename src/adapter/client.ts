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
  /** Asks the user a question whose answer is yes or no; only a client that said `asks` answers. */
  ask(question: string): Promise<boolean>;
  /** It came over a socket, and may be on another machine: commands only read (`Context.onlyReads`). */
  readonly onlyReads: boolean;
  readonly lines: Numbering;
  readonly columns: Numbering;
}

/** How a client numbers lines, or columns. */
export class Numbering {
  private readonly first: 0 | 1;

  /** @param startsAt1 as `initialize` says; DAP's default is true */
  constructor(startsAt1: boolean) {
    this.first = startsAt1 ? 1 : 0;
  }

  /** The client's number of what is numbered from 1 here. */
  of(from1: number): number {
    return from1 - 1 + this.first;
  }

  /** Index, from 0, of what the client gave a number; of the first one when it gave none. */
  index(number: number = this.first): number {
    return number - this.first;
  }
}
