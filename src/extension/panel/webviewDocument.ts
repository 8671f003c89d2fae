/** The HTML of the pages of the panel. */

/** The document of all webview pages. Only the extension's script may run. */
interface WebviewDocument {
  /** CSP source expression of the webview's own resources. */
  readonly csp: string;
  readonly style: string;
  readonly script: string;
  /** The state that the page stored last. */
  readonly state: object;
}

const attribute = (text: string): string => text.replace(/&/g, "&amp;").replace(/"/g, "&quot;");

/** Returns the HTML of the document. */
export const webviewDocument = ({ csp, style, script, state }: WebviewDocument): string => `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ${csp}; script-src ${csp}">
<title>Crash Dump</title>
<link rel="stylesheet" href="${style}">
</head>
<body data-state="${attribute(JSON.stringify(state))}">
<script src="${script}"></script>
</body>
</html>`;
