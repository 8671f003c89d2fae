/** Rust's legacy mangling: nested names as in C++, with a hash as last component (rustc, legacy symbol names). */

/** Escapes for characters that a symbol cannot contain. */
const ESCAPES: Readonly<Record<string, string>> = {
  SP: "@",
  BP: "*",
  RF: "&",
  LT: "<",
  GT: ">",
  LP: "(",
  RP: ")",
  C: ",",
};

/** Returns `core::fmt::Formatter::pad` for `_ZN4core3fmt9Formatter3pad17h0123456789abcdefE`; undefined for other symbols. */
export function demangleLegacy(symbol: string): string | undefined {
  const path: string[] = [];
  let at = "_ZN".length;
  if (!symbol.startsWith("_ZN")) return undefined;
  for (let digits; (digits = /^[1-9]\d{0,5}/.exec(symbol.slice(at, at + 6))?.[0]) !== undefined;) {
    const start = at + digits.length;
    at = start + Number(digits);
    if (at > symbol.length) return undefined;
    path.push(symbol.slice(start, at));
  }
  // Without the hash it is a name of C++.
  const hash = path.pop();
  if (symbol.charAt(at) !== "E" || path.length === 0 || !/^h[0-9a-f]{16}$/.test(hash ?? "")) return undefined;
  const suffix = symbol.slice(at + 1);
  if (suffix !== "" && !suffix.startsWith(".")) return undefined;
  const plain = path.map(unescape);
  if (plain.includes(undefined)) return undefined;
  return plain.join("::") + (suffix.startsWith(".llvm.") ? "" : suffix);
}

function unescape(name: string): string | undefined {
  let isKnown = true;
  const text = name.replace(/^_(?=\$)/, "").replace(/\$(\w*)\$|\.\.|\$/g, (found: string, code: string | undefined) => {
    if (found === "..") return "::";
    const plain = code === undefined ? undefined : (ESCAPES[code] ?? character(code));
    if (plain === undefined) isKnown = false;
    return plain ?? found;
  });
  return isKnown ? text : undefined;
}

/**
 * Returns the character of an escape: `$u7e$` is a code point in hexadecimal; undefined for another escape or a control
 * character.
 */
function character(code: string): string | undefined {
  const digits = /^u([0-9a-f]{1,6})$/.exec(code)?.[1];
  const point = Number.parseInt(digits ?? "", 16);
  return point >= 0x20 && point <= 0x10ffff ? String.fromCodePoint(point) : undefined;
}
