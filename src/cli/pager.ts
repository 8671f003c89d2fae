/** Sends long output to a pager. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Sink } from "./sink.ts";

/** Options of less: colours pass (R), short texts do not wait for a key (F). */
const DEFAULT_PAGERS = ["less -RFX", "more"];

export interface Screen {
  readonly rows: number;
  readonly columns: number;
}

/** Returns the user's pager: CRASHPAGER as in crash, then PAGER, or else one that is installed; undefined for none. */
export function pagerCommand(env: NodeJS.ProcessEnv): string | undefined {
  const wanted = env["CRASHPAGER"] ?? env["PAGER"];
  if (wanted !== undefined) return wanted === "" ? undefined : wanted;
  const folders = (env["PATH"] ?? "").split(delimiter);
  return DEFAULT_PAGERS.find((pager) => folders.some((folder) => existsSync(join(folder, pager.split(" ")[0] ?? ""))));
}

/** Writes text that fits on the screen to the terminal; starts the pager with the first line if there is more. */
export function pagedSink(direct: Sink, screen: Screen, startPager: () => Sink): Sink {
  let held = "";
  let rows = 0;
  let pager: Sink | undefined;
  return {
    write(text) {
      if (pager) return pager.write(text);
      held += text;
      rows += rowsOf(text, screen.columns);
      if (rows < screen.rows) return;
      pager = startPager();
      const all = held;
      held = "";
      return pager.write(all);
    },
    async end() {
      if (pager) return pager.end();
      await direct.write(held);
      await direct.end();
    },
  };
}

function rowsOf(text: string, columns: number): number {
  let rows = 0;
  for (const line of text.split("\n").slice(0, -1)) {
    // Colour and link sequences have no width.
    const shown = line.replace(/\x1b\[[\d;]*m|\x1b\]8;;[^\x1b]*\x1b\\/g, "");
    rows += Math.max(1, Math.ceil(shown.length / Math.max(1, columns)));
  }
  return rows;
}
