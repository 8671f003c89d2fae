/** Requests of a page to the extension. */
import type { PageRequests } from "../protocol/panel.ts";

/** Sends a request to the extension. @throws Error with the extension's message */
export type Ask = <Name extends keyof PageRequests>(
  request: Name,
  args: PageRequests[Name]["arguments"],
) => Promise<PageRequests[Name]["body"]>;
