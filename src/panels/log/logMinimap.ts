/** A strip above the log that shows how many messages it has at each time, and how severe they are. */
import { html, nothing, svg, type TemplateResult } from "lit-html";
import { bucketAt, heightOf, type LogSpread, spreadOf } from "./logBuckets.ts";
import type { LogClock } from "./logClock.ts";
import type { LogLine, RowNumber } from "./logLines.ts";
import type { LogPlace } from "./logPlace.ts";
import type { LogRows } from "./logRows.ts";

/** Number of stretches of time. */
const BUCKETS = 180;
/** Height in the units of the drawing. */
const HEIGHT = 20;
/** A log that fits on a page needs no strip. */
const MIN_ROWS = 40;

export class LogMinimap {
  private readonly place: LogPlace;
  private readonly lines: LogRows;
  private readonly clock: LogClock;
  private entries: readonly RowNumber[] = [];
  private spread: LogSpread | undefined;
  private most = 0;

  constructor(place: LogPlace, lines: LogRows, clock: LogClock) {
    this.place = place;
    this.lines = lines;
    this.clock = clock;
  }

  /** Counts the rows again after others are shown. */
  learn(lines: readonly LogLine[], entries: readonly RowNumber[]): void {
    this.entries = entries;
    this.spread = entries.length < MIN_ROWS ? undefined : spreadOf(lines, entries, BUCKETS);
    this.most = Math.max(0, ...(this.spread?.buckets ?? []).map(({ count }) => count));
  }

  template(): TemplateResult | typeof nothing {
    const { spread, most } = this;
    if (!spread) return nothing;
    const { first, last, buckets } = spread;
    const visible = this.place.visible(this.entries, this.lines.secondsOf);
    const [from, to] = visible ? [bucketAt(spread, visible[0]), bucketAt(spread, visible[1])] : [0, -1];
    const text = (seconds: number): string => this.clock.shown(seconds).trim();
    const click = (event: MouseEvent): void => {
      const { left, width } = (event.currentTarget as Element).getBoundingClientRect();
      const bucket = buckets[Math.min(BUCKETS - 1, Math.floor(((event.clientX - left) / width) * BUCKETS))];
      if (bucket) this.place.goTo(bucket.row);
    };
    return html`<svg
      class="minimap"
      viewBox=${`0 0 ${BUCKETS} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label=${`Messages and their severity from ${text(first)} to ${text(last)}`}
      @click=${click}
    >
      <title>Messages over time, from ${text(first)} to ${text(last)}: click to go there</title>
      ${buckets.map((bucket, i) => {
        const height = heightOf(bucket, most) * HEIGHT;
        const kind = bucket.worst <= 3 ? "error" : bucket.worst === 4 ? "warning" : "";
        return height === 0
          ? nothing
          : svg`<rect class=${kind} x=${i} y=${HEIGHT - height} width="0.8" height=${height}></rect>`;
      })}
      ${to < from ? nothing : svg`<rect class="visible" x=${from} y="0" width=${to - from + 1} height=${HEIGHT}></rect>`}
    </svg>`;
  }
}
