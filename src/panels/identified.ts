/** The answer to "What is this address?" on the memory page. */
import { html, nothing, type TemplateResult } from "lit-html";
import type { Identified } from "../protocol/custom.ts";
import { link } from "./links.ts";

/** Shows each object that contains an address, with its facts; facts with an address are links. */
export function identifiedCard(card: Identified | Error): TemplateResult {
  if (card instanceof Error) return html`<p class="bad" role="alert">${card.message}</p>`;
  return html`<div class="story" role="status">
    <p>${link(card.address, card.address)}</p>
    ${card.containers.length === 0 ? html`<p class="count">Nothing that the kernel has a name for.</p>` : nothing}
    ${card.containers.map(
      ({ kind, facts }) =>
        html`<h3>${kind}</h3>
          <table>
            ${facts.map(
              ({ name, text, link: target, object }) =>
                html`<tr>
                  <th scope="row">${name}</th>
                  <td>${factText(text, target, object)}</td>
                </tr>`,
            )}
          </table>`,
    )}
  </div>`;
}

function factText(text: string, target: string | undefined, object: string | undefined): TemplateResult | string {
  if (object !== undefined) return link(text, object, "object");
  return target === undefined ? text : link(text, target);
}
