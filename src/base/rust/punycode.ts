/** Punycode (RFC 3492, section 6.2), as identifiers of Rust symbols use it. */

const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;
const INITIAL_BIAS = 72;
const INITIAL_N = 0x80;
const MAX_CODE_POINT = 0x10ffff;

/**
 * Decodes an identifier. @param basic the ASCII characters @param digits the positions of the other characters, in
 * `a`-`z` and `0`-`9` @returns undefined if the digits are invalid
 */
export function decodePunycode(basic: string, digits: string): string | undefined {
  const points = Array.from(basic, (character) => character.charCodeAt(0));
  let [n, i, bias, at] = [INITIAL_N, 0, INITIAL_BIAS, 0];
  while (at < digits.length) {
    const before = i;
    for (let k = BASE, weight = 1; ; k += BASE) {
      const digit = digitOf(digits.charCodeAt(at++));
      if (digit === undefined) return undefined;
      i += digit * weight;
      if (!Number.isSafeInteger(i)) return undefined;
      const threshold = Math.min(T_MAX, Math.max(T_MIN, k - bias));
      if (digit < threshold) break;
      weight *= BASE - threshold;
    }
    const length = points.length + 1;
    bias = adapt(i - before, length, before === 0);
    n += Math.floor(i / length);
    i %= length;
    if (n > MAX_CODE_POINT) return undefined;
    points.splice(i++, 0, n);
  }
  return String.fromCodePoint(...points);
}

function digitOf(code: number): number | undefined {
  if (code >= 0x61 && code <= 0x7a) return code - 0x61;
  return code >= 0x30 && code <= 0x39 ? code - 0x30 + 26 : undefined;
}

function adapt(change: number, length: number, isFirst: boolean): number {
  let delta = Math.floor(change / (isFirst ? DAMP : 2));
  delta += Math.floor(delta / length);
  let k = 0;
  for (; delta > ((BASE - T_MIN) * T_MAX) / 2; k += BASE) delta = Math.floor(delta / (BASE - T_MIN));
  return k + Math.floor(((BASE - T_MIN + 1) * delta) / (delta + SKEW));
}
