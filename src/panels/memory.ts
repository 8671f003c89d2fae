/** The page about physical memory. */
import { html, nothing, render, type TemplateResult } from "lit-html";
import type { Identified } from "../protocol/custom.ts";
import type { Grid } from "../protocol/grid.ts";
import type { PageKeys } from "../protocol/records.ts";
import type { PageAction } from "../protocol/panel.ts";
import type { Ask } from "./ask.ts";
import { cachesTable, callersTable, ordersTable, swapTable, tasksTable, zonesTable } from "./memoryTables.ts";
import {
  isStackCaller,
  type MoreCounters,
  type Part,
  partsOf,
  recordsOf,
  vmallocCallers,
  zonesOf,
} from "./memoryParts.ts";
import { bytesText } from "./units.ts";
import { identifiedCard } from "./identified.ts";
import { failure, exportText, nothingToShow, Reading, toSearchBox, type View } from "./view.ts";

/**
 * C expressions of counters that no command prints. A variable whose type a session without DWARF lacks is cast to the
 * type that it has in the kernel's source.
 */
const COUNTERS = {
  populated: "*(int *)&pcpu_nr_populated",
  units: "pcpu_nr_units",
  firstPages: "pcpu_first_chunk->nr_pages",
  firstAddress: "(unsigned long)pcpu_first_chunk->base_addr",
  baseAddress: "*(unsigned long *)&pcpu_base_addr",
  vmalloc: "nr_vmalloc_pages.counter",
} as const;

type Loaded = Grid | Error | undefined;

/** Shows how physical memory is used, and answers "What is this address?". */
export class MemoryView implements View {
  readonly element = document.createElement("section");
  private readonly ask: Ask;
  private usage: Loaded;
  private counters: Loaded;
  private zones: Loaded;
  private free: Loaded;
  private slabs: Loaded;
  private tasks: Loaded;
  private areas: Loaded;
  /** Undefined until they are read, because parts without them would be larger than they are. */
  private more: MoreCounters | undefined;
  private readonly reading = new Reading(() => this.draw());
  private card: Identified | Error | undefined;

  constructor(ask: Ask) {
    this.ask = ask;
    this.element.className = "page memory-page";
    void this.load();
  }

  show(): void {
    this.draw();
  }

  act(action: PageAction): void {
    if (action === "find") return toSearchBox(this.element);
    const text = this.parts.map(({ name, bytes, from }) => `${name}\t${bytes}\t${from}\n`).join("");
    exportText(this.ask, action, { text, name: "memory.tsv" });
  }

  private async load(): Promise<void> {
    await this.reading.run(async () => {
      [this.usage, this.counters] = [await rows(this.ask, "kmem -i"), await rows(this.ask, "kmem -V")];
    });
    this.draw();
    this.more = undefined;
    [this.zones, this.areas] = [await rows(this.ask, "kmem -z"), await rows(this.ask, "kmem -v")];
    this.more = await moreCounters(this.ask, this.zones, this.areas, pageSizeOf(this.usage));
    this.draw();
    [this.tasks, this.free] = [await rows(this.ask, "ps -G"), await rows(this.ask, "kmem -f")];
    this.draw();
    // This comes last, because it counts every slab of every cache and takes longest.
    this.slabs = await rows(this.ask, "kmem -s");
    this.draw();
  }

  private get parts(): readonly Part[] {
    const { usage, counters } = this;
    if (!usage || !counters || !this.more || usage instanceof Error || counters instanceof Error) return [];
    return partsOf(usage, counters, this.more);
  }

  private draw(): void {
    render(this.content(), this.element);
  }

  private content(): TemplateResult | typeof nothing {
    if (this.usage instanceof Error) return failure(this.usage.message, () => void this.load());
    if (!this.usage || !this.counters) return this.reading.waiting("Counting memory…");
    // Without any counter one message is shown. Addresses can still be identified.
    if (this.usage.tables.length === 0) {
      return html`<div class="memory" tabindex="0" role="region" aria-label="Memory">
        ${this.addressBox()} ${nothingToShow(this.ask, remarksOf(this.usage))}
      </div>`;
    }
    return html`<div class="memory" tabindex="0" role="region" aria-label="Memory">
      <div class="columns">
        <div>
          ${this.picture()} ${section("Slab caches that take most", this.slabs, cachesTable)}
          ${section("Zones, in pages", this.zones, zonesTable)}
          ${section("vmalloc areas by caller", this.areas, callersTable)}
        </div>
        <div>
          ${this.addressBox()} ${section("Processes with most memory", this.tasks, tasksTable)}
          ${section("Swap and commit", this.usage, swapTable)}
          ${section("Free blocks by order", this.free, (grid) => ordersTable(grid, pageSizeOf(this.usage)))}
        </div>
      </div>
    </div>`;
  }

  private picture(): TemplateResult {
    if (!this.more) {
      return html`<h2>Physical memory</h2>
        <p class="count" role="status">Counting…</p>`;
    }
    const { parts } = this;
    const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total === 0) return html`<p class="bad">${remarksOf(this.usage)}</p>`;
    const share = (bytes: number): string => `${((bytes / total) * 100).toFixed(1)} %`;
    return html`<h2>Physical memory <span class="count">${bytesText(total)}</span></h2>
      <div class="bar" role="img" aria-label=${parts.map(({ name, bytes }) => `${name} ${share(bytes)}`).join(", ")}>
        ${parts.map(
          ({ name, bytes, color }) =>
            html`<span
              class=${`part ${color}`}
              title=${`${name}: ${bytesText(bytes)}`}
              .style=${`flex-grow: ${bytes}`}
            ></span>`,
        )}
      </div>
      <table>
        ${parts.map(
          ({ name, bytes, from, color }) =>
            html`<tr>
              <th scope="row"><span class=${`swatch ${color}`}></span>${name}</th>
              <td class="number">${bytesText(bytes)}</td>
              <td class="number">${share(bytes)}</td>
              <td class="from">${from}</td>
            </tr>`,
        )}
      </table>`;
  }

  private addressBox(): TemplateResult {
    return html`<h2><label for="address">What is this address?</label></h2>
      <form @submit=${(event: SubmitEvent) => this.submit(event)}>
        <input id="address" type="search" placeholder="ffff8ef68526c180, jiffies, panic+0x10, current->mm" />
        <button type="submit">Identify</button>
      </form>
      ${this.card === undefined ? nothing : identifiedCard(this.card)}`;
  }

  private submit(event: SubmitEvent): void {
    event.preventDefault();
    const text = this.element.querySelector<HTMLInputElement>("#address")?.value.trim() ?? "";
    if (text !== "") void this.identify(text);
  }

  private async identify(text: string): Promise<void> {
    this.card = await this.ask("identify", { text }).catch((error: Error) => error);
    this.draw();
  }
}

/** Reads the counters that the tables lack; one that cannot be read is undefined. @param pageSize bytes per page */
async function moreCounters(ask: Ask, zones: Loaded, areas: Loaded, pageSize: number): Promise<MoreCounters> {
  const of = async (name: keyof typeof COUNTERS): Promise<number | undefined> =>
    valueOf(await rows(ask, `p ${COUNTERS[name]}`));
  const isGrid = (loaded: Loaded): loaded is Grid => loaded !== undefined && !(loaded instanceof Error);
  const [populated, units, firstPages] = [await of("populated"), await of("units"), await of("firstPages")];
  const [first, base] = [await of("firstAddress"), await of("baseAddress")];
  const perCpu =
    populated === undefined || units === undefined ? undefined : { populated: populated * units, atBoot: 0 };
  // The first chunk: static variables and those of modules, then `pcpu_first_chunk` (mm/percpu.c:
  // pcpu_setup_first_chunk).
  const isKnown = first !== undefined && base !== undefined && firstPages !== undefined && first >= base;
  const atBoot = isKnown && units !== undefined ? units * (Math.ceil((first - base) / pageSize) + firstPages) : 0;
  return {
    present: isGrid(zones) ? zonesOf(zones).reduce((sum, zone) => sum + zone.present, 0) : undefined,
    perCpu: perCpu && { ...perCpu, atBoot: Math.min(atBoot, perCpu.populated) },
    vmalloc: await of("vmalloc"),
    stacksInVmalloc: isGrid(areas) && vmallocCallers(areas).some(isStackCaller),
  };
}

/**
 * Returns the number that `p` printed; undefined if it printed none. The low bits of an address are lost, but
 * differences of addresses here do not need them.
 */
function valueOf(loaded: Loaded): number | undefined {
  if (!loaded || loaded instanceof Error) return undefined;
  const value = loaded.tables.flatMap(recordsOf)[0]?.get("value");
  const number = typeof value === "string" || typeof value === "number" ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
}

function pageSizeOf(usage: Loaded): number {
  if (!usage || usage instanceof Error) return 4096;
  const total = usage.tables
    .flatMap(recordsOf<PageKeys["kmem -i"]>)
    .find((record) => record.get("name") === "TOTAL MEM");
  return Number(total?.get("bytes")) / Number(total?.get("pages")) || 4096;
}

const rows = (ask: Ask, line: string): Promise<Grid | Error> => ask("run", { line }).catch((error: Error) => error);

const remarksOf = (grid: Loaded): string =>
  (grid instanceof Error ? grid.message : grid?.remarks.join(" ")) || "The kernel's counters are not in the dump.";

function section(title: string, loaded: Loaded, content: (grid: Grid) => TemplateResult): TemplateResult {
  const body = !loaded
    ? html`<p class="count">Counting…</p>`
    : loaded instanceof Error || loaded.tables.length === 0
      ? html`<p class="bad">${remarksOf(loaded)}</p>`
      : content(loaded);
  return html`<h2>${title}</h2>
    ${body}`;
}
