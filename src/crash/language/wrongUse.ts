/** The error for a command line that does not match the command's usage. */
import { UsageError } from "../../base/usageError.ts";

/** Thrown for wrong syntax. The message is printed with the command's usage; a UsageError is printed alone. */
export class WrongUse extends UsageError {
  constructor(message: string) {
    super(message);
    this.name = "WrongUse";
  }
}
