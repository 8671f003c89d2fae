/** An error in the user's command or expression. It is shown with a caret at its position, unlike a fault of the dump. */
export class UsageError extends Error {
  /** Offset of the error in the user's text; undefined if unknown. */
  readonly position: number | undefined;

  constructor(message: string, position?: number) {
    super(message);
    this.name = "UsageError";
    this.position = position;
  }
}
