/** Each message about a dump file has a test that reads it. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { isMessage, sourceFiles, textsOf } from "../../scripts/texts.ts";

const root = new URL("../..", import.meta.url).pathname;
/** Tests that look at what is said of dump files; those of test/fuzz do not. */
const READERS = /^(?:dump|session|cli|memory)\//;
/** Number of characters of a message that a test must have in one piece. */
const PIECE = 16;

/** A text without what tests write in another way: quotes, escapes of patterns, and ends of lines. */
const plain = (text: string): string => text.replaceAll("\\", "").replace(/[\s"'`+]+/g, " ");

/** Returns the longest piece of a message without a value; "…" stands for each value in it. */
const longestPiece = (message: string): string =>
  message
    .split("…")
    .map((piece) => plain(piece).trim())
    .reduce((longest, piece) => (piece.length > longest.length ? piece : longest), "");

void test("each message about a dump file, and each kind of file that is refused by name, has a test", () => {
  const tests = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts") && READERS.test(file))
    .map((file) => plain(readFileSync(join(root, "test", file), "utf8")))
    .join("\n");
  const messages = sourceFiles(root)
    .filter((file) => file.startsWith("src/dump/"))
    .flatMap((file) => textsOf(root, file))
    .filter(({ kind, context, text }) => kind !== "comment" && /^(?:Fault\.\w+|what|instead)$/.test(context) && isMessage(text)); // prettier-ignore
  assert.ok(messages.length > 80, `only ${messages.length} messages are found`);
  const isTested = (piece: string): boolean =>
    Array.from({ length: Math.max(1, piece.length - PIECE + 1) }, (_, at) => piece.slice(at, at + PIECE)).some((part) =>
      tests.includes(part),
    );
  const untested = messages.filter(({ text }) => !isTested(longestPiece(text)));
  assert.deepEqual(
    untested.map(({ file, line, text }) => `${file}:${line}: ${text}`),
    [],
  );
});
