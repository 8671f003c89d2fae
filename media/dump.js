// The dump editor's one button.
const vscode = acquireVsCodeApi();
document.getElementById("debug")?.addEventListener("click", () => vscode.postMessage({ command: "debug" }));
