/** The dump or its vmlinux could not be opened: one line for the user that says what to do. */
export class OpenError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "OpenError";
  }
}
