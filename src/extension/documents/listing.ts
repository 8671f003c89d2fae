/** A link in a line; columns count from 0, `end` is exclusive. */
export interface ListingLink {
  readonly start: number;
  readonly end: number;
  /** `disassemble` opens instructions, `goTo` opens the source of code and the memory of data. */
  readonly command: "vmcore.disassemble" | "vmcore.goTo";
  readonly address: string;
}

/** A line such as `  ffffffffc0256022 <+22>:  je     0xffffffffc02560ca <hello_init+0xca>   ; lab_nullderef.c:48`. */
const LINE = /^ {2}(?<at>[0-9a-f]{8,16}) < *\+[0-9a-f]+>: {2}(?<mnemonic>[\w.]+)/;
/** Jumps and calls of all architectures that are disassembled. */
const BRANCH = /^(?:call|j|loop|b|cb|tb|c\w*j)/;
const ADDRESS = /0x(?<address>[0-9a-f]{8,16})(?: <[^<>]*>)?/g;
const SOURCE = /(?<=\s; )[^\s:;]+:\d+$/;

/** Returns the links in a line of a disassembled function: jump targets, data addresses, source lines. */
export function listingLinks(line: string): ListingLink[] {
  const { at, mnemonic } = LINE.exec(line)?.groups ?? {};
  if (at === undefined || mnemonic === undefined) return [];
  const branches = BRANCH.test(mnemonic);
  const links = [...line.matchAll(ADDRESS)].flatMap(({ 0: text, index, groups }): ListingLink[] => {
    // `call *0x..(%rip)  # 0x.. <pv_ops>` reads its target from memory, so the address is data.
    const command = branches && !/# $|\*/.test(line.slice(0, index)) ? "vmcore.disassemble" : "vmcore.goTo";
    const address = `0x${groups?.address}`;
    // A number is an address if a name follows it, or if it has the length of an address and is not a small negative
    // number.
    const isAddress = text.endsWith(">") || (address.length > 10 && !address.startsWith("0xfffffffffff"));
    return isAddress ? [{ start: index, end: index + text.length, command, address }] : [];
  });
  const source = SOURCE.exec(line);
  if (source) {
    const { 0: text, index } = source;
    links.push({ start: index, end: index + text.length, command: "vmcore.goTo", address: `0x${at}` });
  }
  return links;
}
