/** A dump of 24 TiB, stretched from the guest of 4,000 tasks: it opens fast, answers as the guest, and walks can be ended. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { Cancelled, drive } from "../../src/base/job.ts";
import { run } from "../../src/crash/language/language.ts";
import type { Piece } from "../../src/say/piece.ts";
import { openSession } from "../../src/session/open/open.ts";
import { made } from "../corpus/corpus.ts";
import { STRETCHED_BYTES } from "./stretch.ts";

const guest = join(made, "scale4k", "vmcore.elf");
const skip = !existsSync(guest) && "NOT RUN: the guest of 4,000 tasks is made by scale.test.ts";
// Beside the guest, because /tmp can be in memory.
const folder = skip ? "" : mkdtempSync(join(dirname(made), "stretched-"));
after(() => {
  if (!skip) rmSync(folder, { recursive: true });
});
const stretched = join(folder, "vmcore");
const hook = join(folder, "usage.cjs");
if (!skip) {
  // A process of its own, because the peak of a child includes that of the process that started it.
  const made = spawnSync(process.execPath, [join(import.meta.dirname, "stretch.ts"), guest, stretched]);
  assert.equal(made.status, 0, String(made.stderr));
  const usage = "process.once('exit', () => { const { user, system } = process.cpuUsage(); const peak = process.resourceUsage().maxRSS; require('node:fs').writeSync(2, `usage ${user + system} ${peak}`); });"; // prettier-ignore
  writeFileSync(hook, usage);
}

function answer(vmcore: string, line: string) {
  const argv = ["--require", hook, "dist/cli.js", "--no-rc", "--no-search", vmcore, "-c", line];
  const { stdout, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8", maxBuffer: 1 << 28 });
  const [, micros = "", kib = ""] = /usage (\d+) (\d+)$/.exec(stderr) ?? assert.fail(stderr);
  return { text: stdout.replace(/^ *DUMPFILE:.*$/m, ""), seconds: Number(micros) / 1e6, mib: Number(kib) / 1024 };
}

test(
  "a dump of 24 TiB is sparse, opens in 1.5 s and 300 MiB, and answers as the dump that it was made from",
  { skip },
  () => {
    const { blocks, size } = statSync(stretched);
    assert.ok(blocks * 512 < 2e9 && size > (2 * STRETCHED_BYTES) / 4096 / 8, `${blocks * 512} of ${size} bytes`);
    // The first run reads the file into the page cache.
    answer(stretched, "sys");
    for (const line of ["sys", "log", "ps", "bt"]) {
      const { text, seconds, mib } = answer(stretched, line);
      assert.equal(text, answer(guest, line).text, line);
      console.log(`${line} of 24 TiB: ${seconds.toFixed(2)} s, ${mib.toFixed(0)} MiB`);
      assert.ok(seconds < 1.5 && mib < 300, `${line}: ${seconds.toFixed(2)} s, ${mib.toFixed(0)} MiB`);
    }
  },
);

test("a walk over all pages of 24 TiB shows its progress and ends soon after a cancel", { skip }, async () => {
  const session = openSession({ vmcore: [stretched] });
  const abort = new AbortController();
  const reported: number[] = [];
  let cancelled = 0;
  const onStep = (piece: Piece): void => {
    if (piece.kind !== "progress") return;
    assert.equal(piece.total, STRETCHED_BYTES);
    reported.push(piece.done);
    if (reported.length !== 1000) return;
    cancelled = process.cpuUsage().user;
    abort.abort();
  };
  await assert.rejects(drive(run(session.context, "search -p deadbeef12345678"), abort.signal, { onStep }), Cancelled);
  assert.ok(process.cpuUsage().user - cancelled < 200_000);
  assert.ok(reported.length === 1000 && reported.every((done, i) => i === 0 || done > reported[i - 1]!));
  session.close();
});
