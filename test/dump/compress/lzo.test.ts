import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../../src/base/fault.ts";
import { lzo } from "../../../src/dump/compress/lzo.ts";
import { random } from "../../builders/image.ts";

/** Text for a page of its own length, hexadecimal for a stream. */
const decoded = (stream: string, length: number): string => {
  const page = lzo.decompress(Buffer.from(stream.replaceAll(" ", ""), "hex"), length);
  return page instanceof Fault ? page.message : Buffer.from(page).toString("latin1");
};
const hex = (text: string): string => Buffer.from(text).toString("hex");
const END = "110000";

/** One row an encoding of Documentation/staging/lzo.rst: first what makes the history, then the instruction. */
const rows: [what: string, stream: string, page: string][] = [
  ["a first byte above 21: literals", `17 ${hex("abcdef")} ${END}`, "abcdef"],
  ["a first byte of 18-21: literals, then a short copy", `13 ${hex("ab")} 0400 ${END}`, "abab"],
  ["0000LLLL: literals", `01 ${hex("abcd")} ${END}`, "abcd"],
  ["00000000: literals in number of a byte more", `00 02 ${hex("a".repeat(20))} ${END}`, "a".repeat(20)],
  ["00000000: literals, 255 and a byte more", `00 00 01 ${hex("ab".repeat(137))} ${END}`, "ab".repeat(137)],
  ["1LLDDDSS: 5-8 bytes, then literals", `17 ${hex("abcdef")} b6 00 ${hex("xy")} ${END}`, "abcdef" + "abcdef" + "xy"],
  ["01LDDDSS: 3-4 bytes", `17 ${hex("abcdef")} 74 00 ${END}`, "abcdef" + "abcd"],
  ["001LLLLL: small block, distance of its own", `17 ${hex("abcdef")} 25 1400 ${END}`, "abcdef" + "abcdefa"],
  ["00100000: long block that repeats itself", `17 ${hex("abcdef")} 20 07 0000 ${END}`, "abcdef" + "f".repeat(40)],
  [
    "0000DDSS after 1-3 literals: two bytes",
    `17 ${hex("abcdef")} 75 00 ${hex("x")} 04 00 ${END}`,
    "abcdef" + "abcd" + "x" + "dx",
  ],
];
for (const [what, stream, page] of rows) test(what, () => assert.equal(decoded(stream, page.length), page));

test("0000DDSS after a long run of literals: three bytes from 2 kB and more", () => {
  const history = Buffer.from(Array.from({ length: 2100 }, (_, i) => i % 251));
  const run = 2100 - 3 - 15;
  const lengthBytes = Buffer.concat([Buffer.alloc(Math.floor(run / 255)), Buffer.from([run % 255])]).toString("hex");
  const page = decoded(`00 ${lengthBytes} ${history.toString("hex")} 04 01 ${END}`, 2103);
  const from = 2100 - (4 + 1 + 2049);
  assert.equal(page, Buffer.concat([history, history.subarray(from, from + 3)]).toString("latin1"));
});

/** Repeats itself at all distances that the format tells apart, up to 48 kB. */
function livelyPage(size: number): Uint8Array {
  const below = random(7);
  const page = new Uint8Array(size);
  const distances = [1, 2, 9, 700, 1800, 2600, 9000, 20000, 40000];
  let at = 0;
  for (let step = 0; at < size; step++) {
    const literals = step % 7 === 0 ? 5 + below(30) : below(4);
    for (let i = 0; i < literals && at < size; i++) page[at++] = 1 + below(255);
    const possible = distances.filter((one) => one <= at);
    const distance = possible[below(9) % Math.max(1, possible.length)] ?? 0;
    const length = 2 + below(step % 4 === 0 ? size / 12 : 12);
    for (let i = 0; i < length && at < size; i++, at++) page[at] = distance ? page[at - distance]! : 0;
  }
  return page;
}

/** The page as liblzo2 2.10's lzo1x_999_compress stores it: copies of all kinds but the last two of the rows above. */
const stream = [
  "FhD6s4VoIAAAAAAABAIAu0IpBgAzXuEB+i4gACAAAAAsBQCMBwCOn64nPAAADtQLLVxtBhfEX2148rSwVVskIulTMaJWDK/rjNOo6x6IKgMA1pj2",
  "IAAAAAAAAADm7AogAAAAl+8KAoRU4wD6j9InXgCNUCAAAAAAAAAA5iAAIAAAAAAAAADmIAAgAKsiAASeKEAAABJH/KbOoNQk/oKRKmY20Ny8qP2c",
  "vPR9O5XL2jGOeocuQHB6cHpDAPsQLSAAAAAAAAAA5uwKIAAAiO4KXlwoAwCIzGqaAscVKSMAxm5cIAAAAAAAQgQADHrUaPmNcFeJS+KS/Nd/cCue",
  "jKgqJJ6M22JCAbv2IAAAAAAAbyAAKx8t1PY6hgBktuQCAAm7n5hG1XwkuXePjeP0KBpKhmXp24joSH7trcsgAAAAAAAAAObsCiAAAAAAAAAA5uwK",
  "IAAAAEvvCtcBK0gNggBDywEC+iAAtAEAyoFMHMg+AAMrxU6x1Qovt+RI16VTGRz9sUKFE4QpSAggAAAAkpyMKwMAfJO05AAgAAAAAAAAAOacKCAA",
  "AAAAAAAATJ8oEpJfKwAACihJWcvT3ca13aO0sE8nWQQ+J0oGbbYgAAAAAAAAAOYgACAAAAAAAAAApiIAcWRaAIqpAQTyywJCUfkgAAAAAAAAAOYA",
  "ACAAAAAAAAAA5gAAICYAAA86fjra/4nxK3stC7PDOAJ7qlAreQCNI5yFQgF0rBAAAAAAAAAA/oA4IAAAAAAAAAC47grHhyemgZmtKMuB3K2ghAAA",
  "EDToCr+F00YvVLOlVBxQ8BknQbsBtwL5gvicY8VHXqnEir0gAAAAAAAAAObsCiAAAAAA/+wKoAAh5XQZK2sAlbvcIAAAAAAeAAC0iwICom1NCylX",
  "AIu4/LzdMQQAGAAAAAAAAAADA3HRzO8ogS5OlAABuxCTlMIB500gAAAAAAAAAOYAACAAAAAAKQEADKAAB628zMXIge3ph/IkK2rLf2bDAbtYwyAA",
  "AAAAAAAA5qyBIAAAAAAAaJ6Mn9IpAwAuaL39AvFKnTySIAAAAAAAAADmHBwgAAAAgRwcAAOtm9YaMtwT0VGkWc85JnibG7vbgy0rAgEJMH0AbyAA",
  "ABwFALAn3gl4WoIAn+WAAAR9tu8VxfRzEAAAAAAAAAD+kC0QAAAAAAAAAP6AOCAAuiEADi8gAIoDaYIojgBKMBgAAAAAAAAA/mBIGAAAAAAAAAD+",
  "AHEgAIghAH8qRACAAAAN0/fKdVRgGHoyHlaIQ6Ly/xTt1rXgc8nq1FcjaBAGyGEAPiAAAAAAACGcKBEAAA==",
].join("");

test("a page that liblzo2 compressed is read", () => {
  const page = lzo.decompress(Buffer.from(stream, "base64"), 65536);
  assert.ok(page instanceof Uint8Array && Buffer.compare(page, livelyPage(65536)) === 0);
});

const broken: [what: string, stream: string, length: number, why: RegExp][] = [
  ["an empty stream", "", 4, /broken/],
  ["a copy from before the page", `17 ${hex("abcdef")} 25 1800 ${END}`, 13, /broken/],
  ["a copy beyond the page", `17 ${hex("abcdef")} 20 ff 0000 ${END}`, 40, /broken/],
  ["literals beyond the page", `17 ${hex("abcdef")} ${END}`, 5, /broken/],
  ["literals beyond the stream", `ff ${hex("abcdef")} ${END}`, 4096, /broken/],
  ["a length without an end", "00".repeat(5000), 4096, /broken/],
  ["a stream without an end", `17 ${hex("abcdef")}`, 6, /broken/],
  ["a stream that goes on behind its end", `17 ${hex("abcdef")} ${END} 00`, 6, /broken/],
  ["a stream that ends within an instruction", `17 ${hex("abcdef")} 25 14`, 13, /broken/],
  ["a page too short", `17 ${hex("abcdef")} ${END}`, 7, /gives 6 bytes instead of 7/],
];
for (const [what, bytes, length, why] of broken)
  test(`${what} is undecodable`, () => assert.match(decoded(bytes, length), why));

test("no cut of a good stream decodes", () => {
  const whole = Buffer.from(stream, "base64");
  for (let length = 0; length < whole.length; length++) {
    assert.ok(lzo.decompress(whole.subarray(0, length), 65536) instanceof Fault);
  }
});
