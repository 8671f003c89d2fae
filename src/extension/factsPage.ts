/** The HTML of the dump page. */
import type { DumpFacts } from "../protocol/dumpFacts.ts";

interface Page {
  readonly title: string;
  /** CSP source expression of the webview's own resources. */
  readonly csp: string;
  readonly style: string;
  readonly script: string;
}

/** Returns the document of the dump page. Text from the dump is escaped; only the extension's script may run. */
export function factsPage({ title, csp, style, script }: Page, facts: DumpFacts | undefined): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ${csp}; script-src ${csp}">
<title>${escape(title)}</title>
<link rel="stylesheet" href="${style}">
</head>
<body>
<main>
<header><h1>${escape(title)}</h1><p>Kernel crash dump</p></header>
${body(facts)}
</main>
<script src="${script}"></script>
</body>
</html>`;
}

function body(facts: DumpFacts | undefined): string {
  if (!facts) return `<p role="status">Opening the dump…</p>`;
  if (!facts.ok) return `<p class="refused" role="alert">${escape(facts.message)}</p>`;
  const rows = facts.facts.map(
    ({ name, value }) => `<tr><th scope="row">${escape(name)}</th><td>${escape(value)}</td></tr>`,
  );
  const limitations = facts.limitations.map((sentence) => `<p class="limitation">${escape(sentence)}</p>`);
  const log =
    facts.log.length > 0 ? [`<h2>Last lines of the kernel log</h2>`, `<pre>${escape(facts.log.join("\n"))}</pre>`] : [];
  return [
    ...(facts.missing === undefined ? [] : [`<p class="missing" role="alert">${escape(facts.missing)}</p>`]),
    `<p><button id="debug" type="button">Debug This Dump</button></p>`,
    `<table>${rows.join("")}</table>`,
    ...limitations,
    ...log,
  ].join("\n");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
