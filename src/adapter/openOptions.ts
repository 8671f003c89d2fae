/** From launch arguments to the options that open a dump. */
import { Budget } from "../base/budget.ts";
import { placesOf } from "../session/find/debuginfoPlaces.ts";
import { indexDirectory } from "../session/open/indexCache.ts";
import type { Client } from "./client.ts";
import type { LaunchArguments } from "./launch.ts";

/** What a session may spend on unpacking. */
export const budgetFor = ({ unpackLimit, asks }: LaunchArguments, client: Client): Budget =>
  new Budget({
    kept: unpackLimit,
    remedy: '"unpackLimit": "8G" allows more',
    ...(asks && { ask: (question: string) => client.ask(question) }),
  });

/** The options to open a dump with: the launch arguments, and the places on this machine. */
export const openOptions = (args: LaunchArguments, budget: Budget) => ({
  ...args,
  budget,
  search: args.searches ? placesOf(args.vmcore, [...args.debuginfo, ...args.workspace], process.env) : undefined,
  indexes: indexDirectory(process.env),
});
