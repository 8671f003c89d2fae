/** Parts of sentences that name a detail, a lock or a function of a report. */
import type { ReportFacts } from "../facts.ts";

/** Returns the text of a detail; undefined if the report does not have it. */
export const particular = (facts: ReportFacts, key: string): string | undefined =>
  facts.particulars.find((one) => one.key === key)?.text;

/** Whether a pointer can be a hash of 32 bits, as %p prints it since v4.15; on a machine of 32 bits each can. */
export const canBeHash = (digits: string): boolean => /^(?:0{8})?[0-9a-f]{8}$/.test(digits);

/** Returns " `lock`" from a detail that ends in its place ("&a->lock at f+0x1"); empty if it is unknown. */
export const quotedLock = (text: string | undefined): string =>
  text === undefined ? "" : ` \`${text.replace(/ at .*/, "")}\``;

/** Returns " in `function` or in a call by it" with the guilty function; empty if it is unknown. */
export const nearFunction = (facts: ReportFacts): string =>
  facts.guilty?.place.name === undefined ? "" : `${inFunction(facts)} or in a call by it`;

/** Returns " in `function`" with the guilty function; empty if it is unknown. */
export const inFunction = ({ guilty }: ReportFacts): string =>
  guilty?.place.name === undefined ? "" : ` in \`${guilty.place.name}\``;

/**
 * Returns " by `function` ..." with the guilty function, which may be a caller of the place after "at:" if that is
 * machinery such as `__might_fault`.
 */
export const byFunction = ({ guilty }: ReportFacts): string =>
  guilty?.place.name === undefined ? "" : ` by \`${guilty.place.name}\` or a function that it called`;

/** Returns " (reported for `function+0x…`)" with the place that KASAN's headline names (%pS), for a report that was cut after it. */
export const headlinePlace = ({ headline }: ReportFacts): string => {
  const place = / in ([\w.]{1,255}\+0x[0-9a-f]{1,8})\/0x/.exec(headline)?.[1];
  return place === undefined ? "" : ` (reported for \`${place}\`)`;
};
