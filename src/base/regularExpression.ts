/** A regular expression that somebody typed; undefined for what is none. */
export function regularExpression(source: string, flags = ""): RegExp | undefined {
  try {
    return new RegExp(source, flags);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
