/** The pages of the project, and what the extension's page in the editor is made from. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

interface Manifest {
  readonly icon: string;
  readonly repository: { readonly url: string };
  readonly bugs: { readonly url: string };
  readonly homepage: string;
  readonly qna: string;
  readonly publisher: string;
}

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
const REPOSITORY = manifest.repository.url.replace(/\.git$/, "");
const targets = (text: string): string[] => [...text.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target]) => target!);

/** The anchors of a page: its headings as GitHub names them, and those that it declares. */
function anchors(page: string): Set<string> {
  const text = readFileSync(page, "utf8");
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replace(/ /g, "-"),
  );
  return new Set([...headings, ...[...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!)]);
}

const pages = [".", "docs"].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name)),
);

test("every picture, page and heading that a page links to is in the repository", () => {
  const missing = pages.flatMap((page) =>
    targets(readFileSync(page, "utf8").replace(/```[^]*?```/g, ""))
      .filter((target) => !/^(?:https?:|mailto:|command:)/.test(target))
      .filter((target) => {
        const [file = "", anchor] = target.split("#");
        const path = file === "" ? page : join(dirname(page), file);
        return !existsSync(path) || (anchor !== undefined && path.endsWith(".md") && !anchors(path).has(anchor));
      })
      .map((target) => `${page}: ${target}`),
  );
  assert.deepEqual(missing, []);
});

test("every page of docs is in its table of contents", () => {
  const listed = targets(readFileSync("docs/README.md", "utf8"));
  const all = readdirSync("docs").filter((name) => name.endsWith(".md") && name !== "README.md");
  assert.deepEqual(
    all.filter((name) => !listed.includes(name)),
    [],
  );
});

test("every address of the manifest is of one repository, so that one edit replaces the placeholder", () => {
  for (const address of [manifest.bugs.url, manifest.homepage, manifest.qna])
    assert.ok(address.startsWith(REPOSITORY), address);
});

test("the icon is a PNG of 128 pixels", () => {
  const icon = readFileSync(manifest.icon);
  assert.equal(icon.subarray(1, 4).toString("latin1"), "PNG");
  assert.deepEqual([icon.readUInt32BE(16), icon.readUInt32BE(20)], [128, 128]);
});
