import type { PageRequests } from "../protocol/panel.ts";

/** Asks the extension. @throws Error with what it said */
export type Ask = <Name extends keyof PageRequests>(
  request: Name,
  args: PageRequests[Name]["arguments"],
) => Promise<PageRequests[Name]["body"]>;
