import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

/** What closes it when the test or the suite that asked for it ends. */
interface Ending {
  after(run: () => void): void;
}

/** The address of a server on this machine that answers as the listener does. */
export async function loopback(end: Ending, listener: RequestListener): Promise<string> {
  const http = createServer(listener).listen(0, "127.0.0.1");
  end.after(() => {
    http.closeAllConnections();
    http.close();
  });
  await once(http, "listening");
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}
