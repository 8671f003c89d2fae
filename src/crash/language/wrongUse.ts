import { UsageError } from "../../base/usageError.ts";

/** A command is not written so: its usage is shown with the message. Other mistakes of the user name what is wrong. */
export class WrongUse extends UsageError {
  constructor(message: string) {
    super(message);
    this.name = "WrongUse";
  }
}
