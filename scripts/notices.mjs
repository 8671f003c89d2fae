// The licences of the packages that are in the bundles. What a package holds of others' and says nothing of stands in
// scripts/notices/NAME.txt, which goes along.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

const LICENCE_FILE = /^(licen[cs]e(-\w+)?|copying|notice|third-?party-?notices)(\.(txt|md))?$/i;

/** Names of the packages that bundles hold code of. @param {import("esbuild").Metafile[]} metafiles */
export function bundledPackages(metafiles) {
  const inputs = metafiles.flatMap(({ outputs }) => Object.values(outputs).flatMap((one) => Object.keys(one.inputs)));
  const names = inputs.map((path) => /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

/** One text for all of them. @param {string[]} packages @throws Error for a package of which no licence text is known: a build fails then */
export function notices(packages) {
  const parts = packages.map((name) => {
    const folder = join("node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const own = readdirSync(folder)
      .filter((file) => LICENCE_FILE.test(file))
      .sort();
    const added = join("scripts/notices", `${basename(name)}.txt`);
    const texts = [...own.map((file) => join(folder, file)), ...(existsSync(added) ? [added] : [])];
    if (texts.length === 0) throw new Error(`${name} has no licence file: write ${added}`);
    const heading = `${name} ${version} (${license})`;
    return [heading, "-".repeat(heading.length), ...texts.map((path) => readFileSync(path, "utf8").trim())].join(
      "\n\n",
    );
  });
  const derived = readFileSync("ThirdPartyNotices.md", "utf8").trim();
  return `This program holds code of the packages below, under these licences.\n\n\n${parts.join("\n\n\n")}\n\n\n${derived}\n`;
}
