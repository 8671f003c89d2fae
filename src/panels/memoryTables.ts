/** The tables and pictures of the memory page. */
import { html, nothing, type TemplateResult } from "lit-html";
import type { Grid } from "../protocol/grid.ts";
import type { PageKeys } from "../protocol/records.ts";
import { link } from "./links.ts";
import {
  freeByOrder,
  gaugeOf,
  largestCaches,
  largestTasks,
  type Node,
  nodesOf,
  numbers,
  vmallocCallers,
  type Zone,
  zonesOf,
} from "./memoryParts.ts";
import { bytesText } from "./units.ts";
import { cellText } from "./rows.ts";

/** Number of slab caches that are shown. The complete tables have their own tabs. */
const TOP_CACHES = 12;
/** Number of tasks that are shown. */
const TOP_TASKS = 8;
/** Number of callers of vmalloc() that are shown. */
const TOP_CALLERS = 8;

export function cachesTable(grid: Grid): TemplateResult {
  const caches = largestCaches(grid, TOP_CACHES);
  const most = Math.max(1, ...caches.map(({ bytes }) => bytes));
  return html`<table>
    <tr>
      <th scope="col">Cache</th>
      <th scope="col" class="number">Memory</th>
      <th scope="col" class="number">Objects in use</th>
      <th scope="col" class="number">Not in use</th>
      <th scope="col"><span class="hidden">Share</span></th>
    </tr>
    ${caches.map(
      ({ name, bytes, allocated, total, waste }) =>
        html`<tr>
          <th scope="row">${link(name, `kmem -S ${name}`, "table")}</th>
          <td class="number">${bytesText(bytes)}</td>
          <td class="number">${allocated} of ${total}</td>
          <td class="number">${bytesText(waste)}</td>
          <td class="meter"><span class="part orange" .style=${`width: ${(bytes / most) * 100}%`}></span></td>
        </tr>`,
    )}
  </table>`;
}

/** Draws a bar per node, as long as the node is large, with the used and the free part of each zone. */
function nodesPicture(nodes: readonly Node[]): TemplateResult | typeof nothing {
  if (nodes.length < 2) return nothing;
  const most = Math.max(...nodes.map(({ present }) => present));
  return html`<p class="legend">
      <span class="swatch blue"></span>in use <span class="swatch green"></span>free, of every zone in turn
    </p>
    <table class="nodes">
      ${nodes.map(
        ({ node, present, free, zones }) =>
          html`<tr>
            <th scope="row">Node ${cellText(node)}</th>
            <td class="number">${Math.round((100 * free) / present)} % free</td>
            <td class="picture">
              <div class="bar" .style=${`width: ${(100 * present) / most}%`}>${zones.map(zoneParts)}</div>
            </td>
          </tr>`,
      )}
    </table>`;
}

function zoneParts({ name, present, free = 0 }: Zone): TemplateResult {
  const title = `${cellText(name)}: ${present - free} pages in use, ${free} free`;
  return html`<span class="part blue" title=${title} .style=${`flex-grow: ${present - free}`}></span>
    <span class="part green" title=${title} .style=${`flex-grow: ${free}`}></span>`;
}

/** Draws the free pages as a bar, with ticks at the watermarks. */
function gauge(zone: Zone, isLow: boolean): TemplateResult | typeof nothing {
  const shown = gaugeOf(zone);
  if (!shown) return nothing;
  const { free, marks } = shown;
  return html`<div class="gauge" title="Free pages, and ticks at the min, low and high watermarks">
    <span class=${`part ${isLow ? "red" : "green"}`} .style=${`width: ${100 * free}%`}></span>
    ${marks.map((mark) => html`<span class="tick" .style=${`left: ${100 * mark}%`}></span>`)}
  </div>`;
}

export function zonesTable(grid: Grid): TemplateResult {
  const zones = zonesOf(grid);
  return html`${nodesPicture(nodesOf(zones))}
    <table>
      <tr>
        <th scope="col">Node</th>
        <th scope="col">Zone</th>
        <th scope="col" class="number">Pages</th>
        <th scope="col" class="number">Free</th>
        <th scope="col" class="number">Min, low, high</th>
        <th scope="col"><span class="hidden">Free pages against the watermarks</span></th>
      </tr>
      ${zones.map((zone) => {
        const { node, name, address, present, free, watermarks, min } = zone;
        const isLow = free !== undefined && min !== undefined && free < min;
        return html`<tr>
          <td>${cellText(node)}</td>
          <th scope="row">
            ${typeof address === "string" ? link(cellText(name), `*(struct zone *)${address}`, "object") : cellText(name)}
          </th>
          <td class="number">${present}</td>
          <td class=${isLow ? "number bad" : "number"} title=${isLow ? "Below the min watermark" : ""}>
            ${free ?? ""}
          </td>
          <td class="number">${watermarks.join(", ")}</td>
          <td class="meter">${gauge(zone, isLow)}</td>
        </tr>`;
      })}
    </table>`;
}

export function tasksTable(grid: Grid): TemplateResult {
  const tasks = largestTasks(grid, TOP_TASKS);
  if (tasks.length === 0) return html`<p class="count">No process has memory.</p>`;
  const most = tasks[0]?.bytes ?? 1;
  return html`<table>
    <tr>
      <th scope="col">Process</th>
      <th scope="col" class="number">Resident</th>
      <th scope="col"><span class="hidden">Share</span></th>
    </tr>
    ${tasks.map(
      ({ pid, name, task, bytes }) =>
        html`<tr>
          <th scope="row">${link(`${name} [${pid}]`, task, "task")}</th>
          <td class="number">${bytesText(bytes)}</td>
          <td class="meter"><span class="part blue" .style=${`width: ${(bytes / most) * 100}%`}></span></td>
        </tr>`,
    )}
  </table>`;
}

/** Rows of `kmem -i` with the used amount and the limit. */
const LIMITS = [
  ["Swap", "SWAP USED", "TOTAL SWAP"],
  ["Committed", "COMMITTED", "COMMIT LIMIT"],
] as const;

export function swapTable(grid: Grid): TemplateResult {
  const bytes = numbers<PageKeys["kmem -i"]>(grid, "bytes");
  return html`<table>
    ${LIMITS.map(([title, used, limit]) => {
      const [value = 0, most = 0] = [bytes.get(used), bytes.get(limit)];
      return html`<tr>
        <th scope="row">${title}</th>
        <td class="number">${most === 0 ? "none" : `${bytesText(value)} of ${bytesText(most)}`}</td>
        <td class="number">${most === 0 ? "" : `${Math.round((100 * value) / most)} %`}</td>
        <td class="meter">
          ${most === 0 ? "" : html`<span class="part purple" .style=${`width: ${Math.min(100, (100 * value) / most)}%`}></span>`}
        </td>
      </tr>`;
    })}
  </table>`;
}

export function callersTable(grid: Grid): TemplateResult {
  const callers = vmallocCallers(grid).slice(0, TOP_CALLERS);
  const most = callers[0]?.bytes ?? 1;
  return html`<table>
    <tr>
      <th scope="col">Set up by</th>
      <th scope="col" class="number">Areas</th>
      <th scope="col" class="number">Address space</th>
      <th scope="col"><span class="hidden">Share</span></th>
    </tr>
    ${callers.map(
      ({ name, areas, bytes }) =>
        html`<tr>
          <th scope="row">${name === "unknown" ? name : link(name, name)}</th>
          <td class="number">${areas}</td>
          <td class="number">${bytesText(bytes)}</td>
          <td class="meter"><span class="part pink" .style=${`width: ${(bytes / most) * 100}%`}></span></td>
        </tr>`,
    )}
  </table>`;
}

/** Returns the table of free blocks by order. @param pageSize bytes per page, which is the block of order 0 */
export function ordersTable(grid: Grid, pageSize: number): TemplateResult {
  const orders = freeByOrder(grid);
  const most = Math.max(1, ...orders.map(({ pages }) => pages));
  return html`<table>
    <tr>
      <th scope="col" class="number">Order</th>
      <th scope="col" class="number">Block size</th>
      <th scope="col" class="number">Blocks</th>
      <th scope="col" class="number">Memory</th>
      <th scope="col"><span class="hidden">Share</span></th>
    </tr>
    ${orders.map(
      ({ order, blocks, pages }) =>
        html`<tr>
          <th scope="row" class="number">${order}</th>
          <td class="number">${bytesText(pageSize * 2 ** order)}</td>
          <td class="number">${blocks}</td>
          <td class="number">${pages === 0 ? "" : bytesText(pages * pageSize)}</td>
          <td class="meter"><span class="part green" .style=${`width: ${(pages / most) * 100}%`}></span></td>
        </tr>`,
    )}
  </table>`;
}
