/** The user's command or expression is wrong: shown in the console with a caret, never as a fault of the dump. */
export class UsageError extends Error {
  /** Offset in the user's text where it went wrong, when known. */
  readonly position: number | undefined;

  constructor(message: string, position?: number) {
    super(message);
    this.name = "UsageError";
    this.position = position;
  }
}
