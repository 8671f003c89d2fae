/** The facts of a dump file that is not open. */

/** Output of `adapter --facts FILE...`: one JSON line for the dump page. */
export type DumpFacts =
  | {
      readonly ok: true;
      /** A sentence on what is missing from the dump. */
      readonly missing: string | undefined;
      readonly facts: readonly { readonly name: string; readonly value: string }[];
      readonly limitations: readonly string[];
      readonly log: readonly string[];
    }
  | {
      readonly ok: false;
      readonly message: string;
      /** Whether the file is text, such as a log with the name of a dump. */
      readonly isText: boolean;
    };
