// Prints every message that a user can see, by folder and by what it is given to, in one page (Markdown).
import { isMessage, manifestTexts, sourceFiles, textsOf } from "./texts.ts";

const folders = process.argv.slice(2);
const isWanted = (/** @type {string} */ file) =>
  folders.length === 0 || folders.some((folder) => file.startsWith(folder));

/** @type {Map<string, import("./texts.ts").Text[]>} */
const byFolder = new Map();
const texts = [
  ...manifestTexts("."),
  ...sourceFiles(".")
    .filter(isWanted)
    .flatMap((file) => textsOf(".", file)),
];
for (const text of texts) {
  if (text.kind === "comment" || !isWanted(text.file) || !isMessage(text.text)) continue;
  const folder = text.file.split("/").slice(0, -1).join("/") || "package.json";
  byFolder.set(folder, [...(byFolder.get(folder) ?? []), text]);
}
for (const [folder, messages] of byFolder) {
  console.log(`\n## ${folder}\n`);
  for (const { file, line, context, text } of messages) {
    const where = line === 0 ? context : `${file.split("/").at(-1)}:${line} ${context}`;
    console.log(`- ${text}  \`${where}\``);
  }
}
const count = [...byFolder.values()].reduce((sum, messages) => sum + messages.length, 0);
console.log(`\n${count} messages in ${byFolder.size} folders`);
