import { randomBytes, timingSafeEqual } from "node:crypto";
import { chmodSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { Response } from "@vscode/debugadapter";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { UsageError } from "../base/usageError.ts";
import { Framing } from "./framing.ts";
import { peerUid } from "./peer.ts";
import { VmcoreDebugSession } from "./server.ts";

/** Sessions at a time. */
const MAX_CONNECTIONS = 32;

/** Milliseconds that a client has for showing the token. */
const PATIENCE_MS = 60_000;

/** How a client shows that it is the user's. */
type Proof =
  /** By the owner of its end of the connection: on the loopback interface of Linux. */
  | { readonly kind: "uid" }
  /** By the file's mode: nobody else can connect. */
  | { readonly kind: "file" }
  /** By what was printed where the adapter was started. */
  | { readonly kind: "token"; readonly token: string };

/** A session over a socket: its client only reads, and shows the token first where there is one. */
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
        this.refuse(new Response(request), new UsageError('this adapter wants "token" in launch or attach first'));
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
 * Serves a session a connection, and says on stderr where: a client that starts the adapter on standard output must
 * never read it as a message.
 * @param where "[HOST:]PORT", on the loopback interface unless a host is named, or "unix:PATH"
 * @param fail called when it cannot listen there
 */
export function listen(where: string, fail: (message: string) => never): void {
  const path = /^unix:(.+)$/s.exec(where)?.[1];
  const { host, port } = /^(?:(?<host>.+):)?(?<port>\d+)$/.exec(where)?.groups ?? {};
  if (path === undefined && (port === undefined || Number(port) > 65535))
    fail(`${where}: neither [HOST:]PORT nor unix:PATH`);
  let proof: Proof | undefined;
  const strangers = new Set<number | undefined>();
  const server = createServer((socket) => {
    const uid = proof?.kind === "uid" ? peerUid(socket) : undefined;
    if (proof && (proof.kind !== "uid" || uid === process.getuid?.()))
      return serve(socket, proof.kind === "token" ? proof.token : undefined);
    socket.destroy();
    if (!strangers.has(uid)) say(`a connection of ${uid === undefined ? "an unknown user" : `user ${uid}`} is refused`);
    strangers.add(uid);
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
      if (proof.kind === "token") say(`"token": "${proof.token}" has to be among the arguments of launch or attach`);
    });
  }
}

const say = (sentence: string): boolean => process.stderr.write(`vmcore-debug: ${sentence}\n`);

function proofFor(address: string): Proof {
  const isLoopback = /^127\./.test(address) || address === "::1";
  if (process.platform === "linux" && isLoopback) return { kind: "uid" };
  return { kind: "token", token: randomBytes(16).toString("hex") };
}

/** The socket's file is the user's alone from the start; it is removed at the end. */
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
  const timer = setTimeout(() => session.isAdmitted || socket.destroy(), PATIENCE_MS);
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
