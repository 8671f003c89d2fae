/** The icons of the panel. */
import { html, type TemplateResult } from "lit-html";

/** An icon in the style of VS Code, in the color of the text. A label says what it means. */
const icon = (path: string, name = ""): TemplateResult =>
  html`<svg class=${`icon ${name}`} viewBox="0 0 16 16" aria-hidden="true"><path d=${path} /></svg>`;

export const arrowUp = icon("M8 13.5v-11M3.5 7 8 2.5 12.5 7");
export const arrowDown = icon("M8 2.5v11M3.5 9 8 13.5 12.5 9");
export const arrowLeft = icon("M13.5 8h-11M7 3.5 2.5 8 7 12.5");
export const arrowRight = icon("M2.5 8h11M9 3.5 13.5 8 9 12.5");
export const collapseAll = icon("M2.5 5.5h8v8h-8zM4.5 9.5h4M5.5 5.5v-3h8v8h-3");
export const expandAll = icon("M2.5 5.5h8v8h-8zM4.5 9.5h4M6.5 7.5v4M5.5 5.5v-3h8v8h-3");
export const regularExpressionIcon = icon("M2.5 11.5h2v2h-2zM10 2v7M7 3.75l6 3.5M7 7.25l6-3.5");
export const ellipsis = icon("M2.5 8h.01M8 8h.01M13.5 8h.01", "dots");

/** An arrow that points right at something closed and down at something open. */
export const chevron = (isOpen: boolean): TemplateResult =>
  icon(isOpen ? "M3.5 6 8 10.5 12.5 6" : "M6 3.5 10.5 8 6 12.5");
export const copyIcon = icon("M5.5 5.5h8v8h-8zM3 10.5H2.5v-8h8V3");
export const closeIcon = icon("M4 4l8 8M12 4l-8 8");
export const runIcon = icon("M5 3.5v9l7-4.5z");
