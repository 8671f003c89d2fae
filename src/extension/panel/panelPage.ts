/** The document of every webview page of ours: it runs our one script and nothing else. */
export interface PanelPage {
  /** Source expression of the webview's own resources. */
  readonly csp: string;
  readonly style: string;
  readonly script: string;
  /** What the page remembered last. */
  readonly state: object;
}

const attribute = (text: string): string => text.replace(/&/g, "&amp;").replace(/"/g, "&quot;");

export const panelPage = ({ csp, style, script, state }: PanelPage): string => `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ${csp}; script-src ${csp}">
<title>Kernel</title>
<link rel="stylesheet" href="${style}">
</head>
<body data-state="${attribute(JSON.stringify(state))}">
<script src="${script}"></script>
</body>
</html>`;
