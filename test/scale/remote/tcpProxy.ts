/** A proxy of connections that disturbs them: it delays, ends or resets them, and sends later ones to another server. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** What happens to one connection. */
export interface Disturbance {
  /** Port of the server on this machine. */
  readonly to: number;
  /** Milliseconds by which each part of an answer is late. */
  readonly delay?: number;
  /** How the connection ends after `bytes` of the server. Default: as the server ends it. */
  readonly end?: { readonly by: "closing" | "reset"; readonly bytes: number };
}

export interface TcpProxy {
  readonly port: number;
  /** Number of connections so far. */
  connections(): number;
  close(): void;
}

/** Starts a proxy. @param plan what happens to the connections, in their order; the last is for all others too */
export async function tcpProxy(plan: readonly Disturbance[]): Promise<TcpProxy> {
  let count = 0;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const disturbance = plan[Math.min(count++, plan.length - 1)]!;
    const upstream = connect(disturbance.to, "127.0.0.1");
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => socket.destroy());
      socket.once("close", () => open.delete(socket));
    }
    client.pipe(upstream);
    forward(upstream, client, disturbance);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => count,
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

function forward(upstream: Socket, client: Socket, { delay = 0, end }: Disturbance): void {
  let left = end?.bytes ?? Infinity;
  const pass = (bytes: Buffer): void => {
    if (left <= 0) return;
    client.write(bytes.subarray(0, left));
    left -= bytes.length;
    if (left > 0) return;
    upstream.destroy();
    if (end?.by === "reset") client.resetAndDestroy();
    else client.end();
  };
  const later = (run: () => void): void => void (delay === 0 ? run() : setTimeout(run, delay));
  upstream.on("data", (bytes: Buffer) => later(() => pass(bytes)));
  upstream.once("close", () => later(() => client.end()));
}
