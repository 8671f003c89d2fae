import assert from "node:assert/strict";
import { test } from "node:test";
import { diagnosisText } from "../../../src/cli/operate/doctor.ts";

test("missing features are printed first, each answer on one line", () => {
  const text = diagnosisText([
    { state: "ok", what: "CONFIG_SYSFS", says: "CONFIG_SYSFS=y is set." },
    { state: "note", what: "/var/crash", says: "It does not exist." },
    { state: "missing", what: "CONFIG_KEXEC", says: "No\u001b[31m dump." },
  ]);
  assert.deepEqual(
    text.split("\n").map((line) => line.split(/ {2,}/, 2)),
    [["missing", "CONFIG_KEXEC"], ["note", "/var/crash"], ["ok", "CONFIG_SYSFS"], [""]],
  );
  assert.ok(!text.includes("\u001b"));
});
