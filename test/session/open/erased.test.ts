import assert from "node:assert/strict";
import { test } from "node:test";
import { erased } from "../../../src/session/open/erased.ts";

const of = (...lines: string[]): string | undefined => erased({ files: [], eraseinfo: lines.join("\n") });

test("data that makedumpfile erased is reported by name, with size and count", () => {
  assert.equal(
    of(
      "erase init_uts_ns.name.nodename size 65",
      "erase saved_command_line nullify",
      "erase t.comm size 16",
      "erase t.comm size 16",
      "",
    ),
    'Data was erased from the dump by makedumpfile\'s filter (--config, --eppic): "XXXX" or zeros replace init_uts_ns.name.nodename (65 bytes), saved_command_line (set to zero), t.comm (16 bytes) 2 times.',
  );
});

test("of many erased names the first are reported, with the number of the others", () => {
  const said = of(...Array.from({ length: 20 }, (_, i) => `erase name${i} size 4`)) ?? "";
  assert.match(said, /name7 \(4 bytes\), and 12 more\.$/);
});

test("no erased data is reported for a complete dump", () => {
  assert.equal(erased({ files: [] }), undefined);
  assert.equal(of("", "garbage"), undefined);
});
