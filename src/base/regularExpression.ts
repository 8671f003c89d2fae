/** Compiles a regular expression that a user typed; undefined if it is invalid. */
export function regularExpression(source: string, flags = ""): RegExp | undefined {
  try {
    return new RegExp(source, flags);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
