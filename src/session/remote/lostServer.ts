/** The error of a file whose server no longer gives it. */
import { UsageError } from "../../base/usageError.ts";

/**
 * The server of a file cannot be reached any more, or has another file now. It ends the command, because a fault for each
 * value would state that the dump lacks them.
 */
export class LostServer extends UsageError {}
