/** The frames of a task's stack as a list of links. */
import { html, nothing, type TemplateResult } from "lit-html";
import { demangleRustIn } from "../base/rust/demangle.ts";
import type { TaskStack } from "../protocol/custom.ts";
import { link } from "./links.ts";

/** @param stack undefined while it is read */
export function stackList(stack: TaskStack | undefined): TemplateResult {
  if (!stack) return html`<p class="count">Reading the stack…</p>`;
  return html`<ol class="stack">
      ${stack.frames.map((frame, at) => html`<li class=${at === stack.at ? "here" : ""}>${link(demangleRustIn(frame), frame)}</li>`)}
    </ol>
    ${stack.fault === undefined ? nothing : html`<p class="bad">${stack.fault}</p>`}`;
}
