/** The debug adapter: a session on standard input and output, or a listener. */
import { dumpFacts } from "./facts.ts";
import { Framing } from "./framing.ts";
import { listen } from "./listen.ts";
import { removeLeftovers } from "../session/fetch/leftovers.ts";
import { VmcoreDebugSession } from "./server.ts";

const USAGE = "usage: adapter [--listen [HOST:]PORT|unix:PATH | --facts VMCORE...]";

/** Serves one session on standard input and output, which is how VS Code and most clients start an adapter. */
function serveStdio(): void {
  const session = new VmcoreDebugSession();
  process.on("SIGTERM", () => session.shutdown());
  const messages = new Framing();
  messages.on("error", (error) => process.stderr.write(`vmcore-debug: standard input: ${error.message}\n`));
  session.start(process.stdin.pipe(messages), process.stdout);
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

removeLeftovers(process.env);
const [option, ...rest] = process.argv.slice(2);
if (option === undefined) serveStdio();
else if (option === "--listen" && rest.length === 1) listen(rest[0] ?? "", fail);
else if (option === "--facts" && rest.length > 0) process.stdout.write(`${JSON.stringify(dumpFacts(rest))}\n`);
else fail(USAGE);
