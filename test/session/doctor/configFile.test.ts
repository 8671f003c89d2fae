import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { KERNEL_NEEDS, kernelOptions, needName } from "../../../src/linux/kdump/kernelOptions.ts";
import { configDiagnoses, dumpConfig, readConfig, runningConfig } from "../../../src/session/doctor/configFile.ts";

const folder = mkdtempSync(join(tmpdir(), "doctor-"));
after(() => {
  rmSync(folder, { recursive: true });
});

/** The lines of Debian's configurations that the needs are about, from the packages linux-headers-RELEASE. */
const debian = JSON.parse(readFileSync(new URL("./debianConfigs.json", import.meta.url), "utf8")) as {
  readonly [kernel: string]: readonly string[];
};

/** The options that a configuration lacks, each with its cost. */
const missing = (lines: readonly string[]): readonly (readonly [string, string])[] =>
  configDiagnoses({ path: "", config: kernelOptions(lines) })
    .filter(({ state }) => state === "missing")
    .map(({ what, says }) => [what, says]);

for (const [kernel, lines] of Object.entries(debian))
  test(`Debian's ${kernel} lacks the features that its configuration switches off`, () => {
    // Only the kernels for arm, and the older ones for arm64, are built without symbols of data.
    const expected = lines.includes("CONFIG_KALLSYMS_ALL=y") ? [] : ["CONFIG_KALLSYMS_ALL"];
    assert.deepEqual(
      missing(lines).map(([what]) => what),
      expected,
    );
    assert.equal(expected.length > 0, /armmp|6\.1\.0-\d+-arm64/.test(kernel));
  });

const COMPLETE = ["CONFIG_X86=y", ...KERNEL_NEEDS.flatMap(({ anyOf }) => anyOf.map((name) => `CONFIG_${name}=y`))];

for (const need of KERNEL_NEEDS)
  test(`a configuration without ${needName(need)} is reported to lack exactly that, with the consequence`, () => {
    const lines = COMPLETE.map((line) =>
      need.anyOf.some((name) => line === `CONFIG_${name}=y`) ? `# ${line.replace("=y", "")} is not set` : line,
    );
    assert.deepEqual(missing(lines), [[needName(need), need.cost]]);
  });

test("one of several options is enough", () => {
  assert.deepEqual(missing(COMPLETE.filter((line) => !/CONFIG_(KEXEC|DEBUG_INFO)=/.test(line))), []);
  assert.deepEqual(missing(COMPLETE.filter((line) => !/CONFIG_(KEXEC_FILE|DEBUG_INFO_BTF)=/.test(line))), []);
});

test("a kernel for arm needs not to be relocatable", () => {
  const lines = COMPLETE.map((line) => line.replace("X86", "ARM")).filter((line) => !line.includes("RELOCATABLE"));
  assert.deepEqual(missing(lines), []);
});

test("types that only DWARF has are reported", () => {
  const lines = COMPLETE.filter((line) => !line.includes("DEBUG_INFO_BTF"));
  const [types] = configDiagnoses({ path: "", config: kernelOptions(lines) }).filter(({ what }) =>
    what.includes("DEBUG_INFO"),
  );
  assert.deepEqual(
    [types?.state, types?.says],
    ["ok", "CONFIG_DEBUG_INFO=y is set. CONFIG_DEBUG_INFO_BTF is not: types come from a vmlinux only."],
  );
});

test("a configuration is read as text and packed; a file without options is refused", () => {
  const [text, packed, other] = ["config", "config.gz", "other"].map((name) => join(folder, name));
  assert.ok(text && packed && other);
  writeFileSync(text, '# comment\nCONFIG_KEXEC=y\nCONFIG_LOCALVERSION="-x"\n');
  writeFileSync(packed, gzipSync("CONFIG_KEXEC=y\n"));
  writeFileSync(other, "hello\n");
  assert.equal(readConfig(text).config.get("LOCALVERSION"), '"-x"');
  assert.equal(readConfig(packed).config.get("KEXEC"), "y");
  assert.throws(() => readConfig(other), /other: not a kernel configuration/);
});

test("without a configuration in the usual places no configuration is found", () => {
  assert.equal(runningConfig(join(folder, "empty"), "6.1.0"), undefined);
});

test("the configuration of a dump's kernel is found beside the dump, and by its release only", () => {
  const places = { beside: [folder], directories: [], root: join(folder, "empty"), store: undefined, cache: undefined };
  writeFileSync(join(folder, "config-6.1.0-9"), "CONFIG_KEXEC=y\n");
  assert.equal(dumpConfig(places, "6.1.0-9")?.path, join(folder, "config-6.1.0-9"));
  assert.equal(dumpConfig(places, "6.1.0-10"), undefined);
  assert.equal(dumpConfig(places, "../6.1.0-9"), undefined);
});
