/** Whether a file's name matches a glob pattern of `editorAssociations`: `*`, `?` and `[0-9]`. No vscode. */
export function matchesName(name: string, pattern: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|\\]/g, "\\$&")
    .replace(/\*+/g, ".*")
    .replace(/\?/g, ".");
  try {
    return new RegExp(`^(?:${source})$`, "i").test(name);
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
