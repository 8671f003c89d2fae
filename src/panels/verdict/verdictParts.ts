/** The parts of the Verdict page as templates. */
import { html, nothing, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { unlessRefused } from "../../base/refused.ts";
import type {
  VerdictEvidence,
  VerdictPart,
  VerdictSection,
  VerdictSentence,
  VerdictSource,
  VerdictState,
} from "../../protocol/verdict.ts";
import type { NoVmlinux } from "../../protocol/debuginfo.ts";
import type { Ask } from "../ask.ts";
import { chevron, copyIcon, runIcon } from "../icons.ts";
import { evidenceBeside, evidenceKey, keyed, type KeyedSentence } from "./verdictItems.ts";

/** The state of the page's tree, and what its buttons do. */
export interface Outline {
  /** Key of the item with the tab stop. */
  readonly at: string;
  /** Keys of the sentences whose evidence is shown. */
  readonly unfolded: ReadonlySet<string>;
  readonly ask: Ask;
  toggle(key: string): void;
  copy(section: string): void;
}

/** A link within an item. Tab reaches it only in the item with the tab stop. */
const partLink = (
  content: unknown,
  { kind, target }: NonNullable<VerdictPart["link"]>,
  isAt: boolean,
): TemplateResult =>
  html`<a class="link" role="link" tabindex=${isAt ? 0 : -1} data-target=${target} data-kind=${kind}>${content}</a>`;

const partTemplate = ({ text, full, isCode, link }: VerdictPart, isAt: boolean): TemplateResult | string => {
  const content = isCode ? html`<code title=${full ?? nothing}>${text}</code>` : text;
  return link ? partLink(content, link, isAt) : typeof content === "string" ? text : content;
};

const CERTAINTIES: Readonly<Record<VerdictSentence["certainty"], string>> = {
  certain: "It follows necessarily from what was read.",
  likely: "There is another explanation, which the sentence names.",
  possible: "It is one of several explanations.",
};

const chip = (certainty: VerdictSentence["certainty"]): TemplateResult =>
  html`<span class=${`chip ${certainty}`} title=${CERTAINTIES[certainty]}>${certainty}</span>`;

/** The first paragraph: what happened, that nothing did, or that this is not known. */
export function leadParagraph({ lead, kind, running }: VerdictState): TemplateResult {
  if (lead)
    return html`<p class="lead">${lead.parts.map((part) => partTemplate(part, true))} ${chip(lead.certainty)}</p>`;
  if (kind === "none")
    return html`<p class="lead">
      No crash: the machine was running when this dump was taken, and its log reports no failure.
    </p>`;
  if (kind === "unknown")
    return html`<p class="lead">It is not known whether this machine crashed: the dump does not tell.</p>`;
  const words =
    running === undefined ? "The log reports this crash; no check found its cause." : "Looking for the cause…";
  return html`<p class="lead quiet">${words}</p>`;
}

export const copyButton = (title: string, copy: () => void): TemplateResult =>
  html`<button class="secondary copy" @click=${copy}>${copyIcon} ${title}</button>`;

export function sectionPart(
  { id, title, sentences }: VerdictSection,
  outline: Outline,
  source: VerdictSource | null | undefined,
): TemplateResult {
  const heading = `verdict-${id}`;
  return html`<div class="part-of-verdict" role="group" aria-labelledby=${heading}>
    <div class="part-head">
      <h2 id=${heading}>${title}</h2>
      <button
        class="toggle"
        title=${`Copy “${title}” as Markdown`}
        aria-label=${`Copy “${title}” as Markdown`}
        @click=${() => outline.copy(id)}
      >
        ${copyIcon}
      </button>
    </div>
    <div class="part-body">
      <ul class="sentences" role="tree" aria-labelledby=${heading}>
        ${repeat(
          keyed(id, sentences),
          ({ key }) => key,
          (one) => sentenceItem(one, outline),
        )}
      </ul>
      ${source ? excerpt(source) : nothing}
    </div>
  </div>`;
}

function sentenceItem({ key, sentence }: KeyedSentence, outline: Outline): TemplateResult {
  const isOpen = outline.unfolded.has(key);
  const isAt = outline.at === key;
  const toggle = ({ target }: Event): void => {
    const isOwn = target instanceof Element && !target.closest("a, button, .evidence");
    if (isOwn && getSelection()?.isCollapsed !== false) outline.toggle(key);
  };
  return html`<li
    role="treeitem"
    aria-level="1"
    aria-expanded=${isOpen}
    tabindex=${isAt ? 0 : -1}
    data-item=${key}
    data-finding=${sentence.id}
    @click=${toggle}
  >
    <span class="twistie" aria-hidden="true">${chevron(isOpen)}</span>
    <div class="said">
      ${sentence.parts.map((part) => partTemplate(part, isAt))} ${chip(sentence.certainty)}
      ${isOpen ? nothing : besideLinks(sentence, isAt)} ${chainList(sentence, isAt)}
    </div>
    ${isOpen ? evidenceList(key, sentence, outline) : nothing}
  </li>`;
}

/** Where a value came from, one step on each line, with its evidence. */
const chainList = ({ chain }: VerdictSentence, isAt: boolean): TemplateResult | typeof nothing =>
  chain.length === 0
    ? nothing
    : html`<ol class="chain" aria-label="Where the value came from">
        ${chain.map(
          ({ parts, evidence: { label, text, link } }) =>
            html`<li>
              ${parts.map((part) => partTemplate(part, isAt))}
              <span class="beside"
                >${link ? partLink(html`<span title=${text}>${label}</span>`, link, isAt) : nothing}</span
              >
            </li>`,
        )}
      </ol>`;

const besideLinks = (sentence: VerdictSentence, isAt: boolean): TemplateResult =>
  html`<span class="beside"
    >${evidenceBeside(sentence).map(({ label, link }) => (link ? partLink(label, link, isAt) : nothing))}</span
  >`;

function evidenceList(key: string, { evidence, unknown }: VerdictSentence, outline: Outline): TemplateResult {
  return html`<ul class="evidence" role="group">
      ${evidence.map((one, i) => evidenceItem(evidenceKey(key, i), one, outline))}
    </ul>
    ${unknown.map(({ what, because }) => html`<p class="unknown">Not known: ${what}: ${because}.</p>`)}`;
}

function evidenceItem(key: string, { text, link, command }: VerdictEvidence, outline: Outline): TemplateResult {
  const isAt = outline.at === key;
  const tabindex = isAt ? 0 : -1;
  return html`<li role="treeitem" aria-level="2" tabindex=${tabindex} data-item=${key}>
    <span class="proof">${link ? partLink(text, link, isAt) : text}</span>
    <span class="prints">
      <button
        class="toggle"
        tabindex=${tabindex}
        title=${`Run ${command} in the Debug Console`}
        aria-label=${`Run ${command} in the Debug Console`}
        @click=${() => void outline.ask("runInConsole", { line: command })}
      >
        ${runIcon} <code>${command}</code>
      </button>
      <button
        class="toggle"
        tabindex=${tabindex}
        title="Copy the Command"
        aria-label="Copy the Command"
        @click=${() => void outline.ask("copy", { text: command })}
      >
        ${copyIcon}
      </button>
    </span>
  </li>`;
}

/** The source lines of the crash. Each leads to its place in the editor. */
function excerpt({ file, line, first, lines }: VerdictSource): TemplateResult {
  return html`<div class="excerpt" role="group" tabindex="0" aria-label=${`Source of the crash, ${file}`}>
    ${lines.map((text, i) => {
      const number = first + i;
      const isAt = number === line;
      // prettier-ignore
      return html`<div class=${isAt ? "code-line here" : "code-line"} data-target=${`${file}:${number}`} data-kind="source"><span class="number">${number}</span><span class="mark">${isAt ? "▶" : ""}</span><code>${text}</code></div>`;
    })}
  </div>`;
}

/** Returns the list of what could not be determined, each with its reason. */
export function questionsPart(
  all: readonly { readonly what: string; readonly because: string }[],
  ask: Ask,
): TemplateResult | typeof nothing {
  if (all.length === 0) return nothing;
  const needsSymbols = all.some(({ because }) => /\b(?:debuginfo|DWARF|vmlinux)\b/.test(because));
  return html`<div class="part-of-verdict" role="group" aria-labelledby="verdict-unchecked">
    <div class="part-head"><h2 id="verdict-unchecked">Could not be checked</h2></div>
    <div class="part-body">
      <ul class="open-questions">
        ${all.map(({ what, because }) => html`<li>${upper(what)}: ${because}.</li>`)}
      </ul>
      ${
        needsSymbols
          ? html`<button class="secondary" @click=${() => void ask("showDebugSymbols", {})}>Show Debug Symbols</button>`
          : nothing
      }
    </div>
  </div>`;
}

const upper = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/**
 * Returns the notice that there is no vmlinux, with buttons to get one. A refusal, such as a cancelled dialog, changes
 * nothing.
 */
export const vmlinuxNotice = ({ sentence, install }: NoVmlinux, ask: Ask): TemplateResult => {
  const button = (label: string, act: () => Promise<unknown>): TemplateResult =>
    html`<button class="toggle" @click=${() => void unlessRefused(act())}>${label}</button>`;
  return html`<p class="notice" role="note">
    ${sentence} ${button("Choose…", () => ask("getVmlinux", { how: "choose" }))}
    ${button("Fetch…", () => ask("getVmlinux", { how: "fetch" }))}
    ${install === undefined ? nothing : button("Copy Install Command", () => ask("copy", { text: install }))}
    ${button("Show Places", () => ask("showDebugSymbols", {}))}
  </p>`;
};
