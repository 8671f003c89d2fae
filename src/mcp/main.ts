/** The program of the server. */
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import { internalError } from "../base/sourceStack.ts";
import { printable } from "../base/printable.ts";
import { UsageError } from "../base/usageError.ts";
import { toEnd } from "../base/job.ts";
import { keepCompiledCode } from "../session/userCache.ts";
import { OpenError } from "../session/open/openError.ts";
import { readServerOptions, type ServerOptions, USAGE } from "./arguments.ts";
import { OpenDumps } from "./openDumps.ts";
import { createServer } from "./server.ts";

keepCompiledCode(process.env, import.meta.dirname);

/** Ends the program with a message. @param status as those of the terminal: 2 wrong usage, 3 not opened */
function fail(message: string, status: number): never {
  process.stderr.write(`vmcore-debug: ${printable(message)}\n`);
  process.exit(status);
}

function optionsOf(argv: readonly string[]): ServerOptions {
  try {
    return readServerOptions(argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return fail(`${error.message}; see "vmcore-debug mcp --help"`, 2);
  }
}

async function serve(argv: readonly string[]): Promise<void> {
  if (argv.includes("--help") || argv.includes("-h")) {
    process.stdout.write(USAGE);
    return;
  }
  const options = optionsOf(argv);
  const dumps = new OpenDumps(options);
  if (options.vmcore.length > 0) {
    try {
      toEnd(dumps.opening(options.vmcore, options.vmlinux));
    } catch (error) {
      if (error instanceof OpenError || error instanceof UsageError) fail(error.message, 3);
      throw error;
    }
  }
  await createServer(dumps).connect(new StdioServerTransport());
}

serve(process.argv.slice(2)).catch((error: unknown) => fail(`internal error: ${internalError(error).stack}`, 1));
