/** Serves debug sessions over a TCP or Unix socket, only to clients of the same user. */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { chmodSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { Response } from "@vscode/debugadapter";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { UsageError } from "../base/usageError.ts";
import { Framing } from "./framing.ts";
import { peerUid } from "./peer.ts";
import { VmcoreDebugSession } from "./server.ts";

/** Maximum number of sessions at the same time. */
const MAX_CONNECTIONS = 32;

/** Number of milliseconds in which a client must send the token. */
const TOKEN_TIMEOUT_MS = 60_000;

/** How a client proves that it belongs to the user. */
type Proof =
  /** The user id of the peer socket, for the loopback interface of Linux. */
  | { readonly kind: "uid" }
  /** The file mode: other users cannot connect. */
  | { readonly kind: "file" }
  /** The token that the adapter printed when it started. */
  | { readonly kind: "token"; readonly token: string };

/** A session over a socket. It only reads, and requires the token first if there is one. */
class SocketSession extends VmcoreDebugSession {
  private readonly token: string | undefined;
  isAdmitted: boolean;

  constructor(token: string | undefined) {
    super();
    this.client = { ...this.client, onlyReads: true };
    this.token = token;
    this.isAdmitted = token === undefined;
    this.setRunAsServer(true);
  }

  protected override dispatchRequest(request: DebugProtocol.Request): void {
    const { command } = request;
    if (!this.isAdmitted && command !== "initialize") {
      this.isAdmitted = (command === "launch" || command === "attach") && this.shows(request.arguments);
      if (!this.isAdmitted) {
        this.refuse(
          new Response(request),
          new UsageError('add "token", which the adapter printed at its start, to the arguments of launch or attach'),
        );
        return this.stop();
      }
    }
    super.dispatchRequest(request);
  }

  private shows(given: unknown): boolean {
    const { token } = (given ?? {}) as { readonly token?: unknown };
    if (typeof token !== "string" || this.token === undefined) return false;
    const [theirs, ours] = [Buffer.from(token), Buffer.from(this.token)];
    return theirs.length === ours.length && timingSafeEqual(theirs, ours);
  }
}

/**
 * Accepts connections and serves one session on each. Prints the address on stderr, because a client that starts the
 * adapter would parse standard output as messages.
 *
 * @param where "[HOST:]PORT", on the loopback interface unless a host is named, or "unix:PATH"
 * @param fail called when the address cannot be used
 */
export function listen(where: string, fail: (message: string) => never): void {
  const path = /^unix:(.+)$/s.exec(where)?.[1];
  const { host, port } = /^(?:(?<host>.+):)?(?<port>\d+)$/.exec(where)?.groups ?? {};
  if (path === undefined && (port === undefined || Number(port) > 65535))
    fail(`${where}: not an address to listen on; give [HOST:]PORT or unix:PATH`);
  let proof: Proof | undefined;
  const refusedUsers = new Set<number | undefined>();
  const server = createServer((socket) => {
    const uid = proof?.kind === "uid" ? peerUid(socket) : undefined;
    if (proof && (proof.kind !== "uid" || uid === process.getuid?.()))
      return serve(socket, proof.kind === "token" ? proof.token : undefined);
    socket.destroy();
    if (!refusedUsers.has(uid)) say(`refused a connection of ${uid === undefined ? "an unknown user" : `user ${uid}`}`);
    refusedUsers.add(uid);
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on("error", (error: NodeJS.ErrnoException) => {
    const remedy = path !== undefined && error.code === "EADDRINUSE" ? ": remove it if no adapter listens there" : "";
    fail(`cannot listen on ${where}: ${error.message}${remedy}`);
  });
  if (path !== undefined) {
    if (process.platform === "win32") fail(`${where}: Windows has no sockets that only their owner can open`);
    proof = { kind: "file" };
    listenOnFile(server, path);
  } else {
    server.listen(Number(port), host?.replace(/^\[(.*)\]$/, "$1") ?? "127.0.0.1", () => {
      const address = server.address();
      if (!address || typeof address !== "object") return;
      proof = proofFor(address.address);
      say(`listening on ${address.address}:${address.port}`);
      if (proof.kind === "token") say(`"token": "${proof.token}" must be among the arguments of launch or attach`);
    });
  }
}

const say = (sentence: string): boolean => process.stderr.write(`vmcore-debug: ${sentence}\n`);

function proofFor(address: string): Proof {
  const isLoopback = /^127\./.test(address) || address === "::1";
  if (process.platform === "linux" && isLoopback) return { kind: "uid" };
  return { kind: "token", token: randomBytes(16).toString("hex") };
}

/**
 * Listens on a socket file. Its mode lets only the user connect from the moment it exists. It is removed at the end.
 */
function listenOnFile(server: Server, path: string): void {
  const before = process.umask(0o177);
  try {
    server.listen(path, () => {
      chmodSync(path, 0o600);
      say(`listening on unix:${path}`);
    });
  } finally {
    process.umask(before);
  }
  const end = (): never => {
    server.close();
    process.exit();
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
}

function serve(socket: Socket, token: string | undefined): void {
  const session = new SocketSession(token);
  const messages = new Framing();
  const timer = setTimeout(() => session.isAdmitted || socket.destroy(), TOKEN_TIMEOUT_MS);
  socket.on("close", () => {
    clearTimeout(timer);
    session.close();
  });
  socket.on("error", () => socket.destroy());
  messages.on("error", (error) => {
    say(`a connection is closed: ${error.message}`);
    socket.destroy();
  });
  session.start(socket.pipe(messages), socket);
}
