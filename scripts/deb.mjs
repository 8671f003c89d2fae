// Builds a Debian package of the terminal program, with the sample dump: npm run deb -- [DIRECTORY]. Needs dpkg-deb.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";

const { name, version, description, homepage, publisher, repository } = JSON.parse(
  readFileSync("package.json", "utf8"),
);
const output = resolve(process.argv[2] ?? ".", `${name}_${version}_all.deb`);
const maintainer = `${publisher} maintainers <maintainers@${new URL(repository.url).host}>`;
/** SOURCE_DATE_EPOCH or the date of the last commit, so that the same commit gives the same package. */
const epoch = Number(
  process.env.SOURCE_DATE_EPOCH ?? execFileSync("git", ["log", "-1", "--format=%ct"], { encoding: "utf8" }),
);
const date = new Date(epoch * 1000).toUTCString().replace("GMT", "+0000");

const root = mkdtempSync(join(tmpdir(), "deb-"));
const SHARE = `usr/share/${name}`;
/** What only VS Code runs. */
const OTHER_FACES = /^(?:extension\.cjs|panels)/;

/** @param {string} path below the root @param {string | Buffer} contents @param {number} [mode] */
function put(path, contents, mode = 0o644) {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, contents);
  chmodSync(file, mode);
}

/** @param {string} path @param {string} contents */
const putPacked = (path, contents) => put(path, gzipSync(contents, { level: 9 }));

/** What the program itself prints. @param {string[]} argv */
const printed = (...argv) => execFileSync(process.execPath, ["dist/cli.js", ...argv], { encoding: "utf8" });

function program() {
  for (const file of readdirSync("dist").filter((one) => !OTHER_FACES.test(one)))
    put(`${SHARE}/dist/${file}`, readFileSync(join("dist", file)), file === "cli.js" ? 0o755 : 0o644);
  for (const file of readdirSync("sample")) put(`${SHARE}/sample/${file}`, readFileSync(join("sample", file)));
  mkdirSync(join(root, "usr/bin"), { recursive: true });
  symlinkSync(`../share/${name}/dist/cli.js`, join(root, "usr/bin", name));
}

function documents() {
  putPacked(`usr/share/man/man1/${name}.1.gz`, printed("man"));
  put(`usr/share/bash-completion/completions/${name}`, printed("completions", "bash"));
  put(`usr/share/zsh/vendor-completions/_${name}`, printed("completions", "zsh"));
  put(`usr/share/fish/vendor_completions.d/${name}.fish`, printed("completions", "fish"));
  const doc = `usr/share/doc/${name}`;
  put(`${doc}/copyright`, copyright());
  putPacked(
    `${doc}/changelog.gz`,
    `${name} (${version}) unstable; urgency=medium\n\n  * Release ${version}; the changes are in ${homepage.replace(/#.*/, "")}.\n\n -- ${maintainer}  ${date}\n`,
  );
  // The sample is the dump of an x86_64 machine and the module that crashed it: data, which runs nowhere.
  const module = `${SHARE}/sample/lab_nullderef.ko`;
  put(
    `usr/share/lintian/overrides/${name}`,
    `# A module in the sample dump's folder is data.\n${name}: arch-independent-package-contains-binary-or-object *${module}*\n${name}: arch-dependent-file-in-usr-share *${module}*\n`,
  );
}

const copyright = () => `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: ${name}
Source: ${repository.url}

Files: *
Copyright: ${new Date(epoch * 1000).getUTCFullYear()} the ${name} contributors
License: Apache-2.0
 On Debian systems the text of the licence is in /usr/share/common-licenses/Apache-2.0.

Files: usr/share/${name}/sample/*
Copyright: 1991-2026 Linus Torvalds and the contributors of Linux and of Debian's packages of it
License: GPL-2
 The sample dump is the memory of a machine that ran Debian's Linux. On Debian systems the text of the licence is in
 /usr/share/common-licenses/GPL-2. sample/README.md has the offer of the source.

Files: usr/share/${name}/dist/*
Copyright: ${new Date(epoch * 1000).getUTCFullYear()} the ${name} contributors, and those whom ThirdPartyNotices.txt in that directory names
License: Apache-2.0 and others
 The programs contain packages of other authors. ThirdPartyNotices.txt in that directory has the licence of each.
`;

/** @param {string} folder @returns {string[]} files below it, links left out */
const filesBelow = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : [];
  });

function control() {
  const files = filesBelow(root);
  const kilobytes = Math.ceil(files.reduce((sum, file) => sum + statSync(file).size, 0) / 1024);
  const digest = (/** @type {string} */ file) => createHash("md5").update(readFileSync(file)).digest("hex");
  put("DEBIAN/md5sums", files.map((file) => `${digest(file)}  ${file.slice(root.length + 1)}\n`).join(""));
  put(
    "DEBIAN/control",
    `Package: ${name}
Version: ${version}
Section: devel
Priority: optional
Architecture: all
Depends: nodejs (>= 22.15)
Suggests: kdump-tools, linux-image-amd64-dbg
Installed-Size: ${kilobytes}
Maintainer: ${maintainer}
Homepage: ${homepage}
Description: debugger for Linux kernel crash dumps
 ${description}
 .
 It opens vmcore files of kdump, makedumpfile, QEMU and other hypervisors of
 seven machines, in a terminal with the commands of crash, as a debug adapter
 for editors, and as a server of tools for language models. The dump alone is
 enough; debuginfo adds source lines and variables.
`.replace(/^ .{80,}$/gm, (line) =>
      line
        .replace(/(.{1,76})(?: |$)/g, " $1\n")
        .replace(/\n$/, "")
        .replace(/^ {2}/gm, " "),
    ),
  );
}

try {
  program();
  documents();
  control();
  // Directories of this machine's umask would differ.
  execFileSync("find", [root, "-type", "d", "-exec", "chmod", "0755", "{}", "+"]);
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(epoch) };
  execFileSync("dpkg-deb", ["--root-owner-group", "-Zxz", "--build", root, output], { env, stdio: "inherit" });
} finally {
  rmSync(root, { recursive: true, force: true });
}
console.log(`${output}: ${(statSync(output).size / 1e6).toFixed(1)} MB`);
