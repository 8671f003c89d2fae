import { createServer } from "node:net";
import { facts } from "./facts.ts";
import { VmcoreDebugSession } from "./server.ts";

const USAGE = "usage: adapter [--listen [HOST:]PORT | --facts VMCORE...]";

/** On stdio; as VS Code and most clients start an adapter. */
function serveStdio(): void {
  const session = new VmcoreDebugSession();
  process.on("SIGTERM", () => session.shutdown());
  session.start(process.stdin, process.stdout);
}

/** One session a connection; on the loopback interface unless a host is named. */
function listen(where: string): void {
  const { host, port } = /^(?:(?<host>.+):)?(?<port>\d+)$/.exec(where)?.groups ?? {};
  if (port === undefined || Number(port) > 65535) fail(`${where}: not a HOST:PORT\n${USAGE}`);
  const server = createServer((socket) => {
    const session = new VmcoreDebugSession();
    session.setRunAsServer(true);
    socket.on("close", () => session.close());
    socket.on("error", () => socket.destroy());
    session.start(socket, socket);
  });
  server.on("error", (error) => fail(`cannot listen on ${where}: ${error.message}`));
  server.listen(Number(port), host?.replace(/^\[(.*)\]$/, "$1") ?? "127.0.0.1", () => {
    const address = server.address();
    // On stderr: a client that starts us on stdio must never read it as a message.
    if (address && typeof address === "object") {
      process.stderr.write(`vmcore-debug: listening on ${address.address}:${address.port}\n`);
    }
  });
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

const [option, ...rest] = process.argv.slice(2);
if (option === undefined) serveStdio();
else if (option === "--listen" && rest.length === 1) listen(rest[0] ?? "");
else if (option === "--facts" && rest.length > 0) process.stdout.write(`${JSON.stringify(facts(rest))}\n`);
else fail(USAGE);
