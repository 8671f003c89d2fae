// Measures `triage` on 200 dumps: copies of stored dumps, each with another crash time. Usage: benchTriage.mjs FOLDER
// DUMP... The copies are made in FOLDER when they are not there. A copy is a kdump file with one page more: the page of
// the clock, uncompressed, at the end of the file.
import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, copyFileSync, existsSync, mkdirSync, openSync, closeSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openFile } from "../src/base/file.ts";
import { bitmap } from "../src/dump/kdump/bitmap.ts";
import { DESCRIPTOR_BYTES } from "../src/dump/kdump/descriptors.ts";
import { member } from "../src/dump/kdump/kdumpMember.ts";
import { timekeeper } from "../src/linux/time/timekeeping.ts";
import { openSession } from "../src/session/open/open.ts";

const COPIES = 200;
const DAY = 86_400;

const [folder, ...dumps] = process.argv.slice(2);
if (folder === undefined || dumps.length === 0) throw new Error("usage: benchTriage.mjs FOLDER DUMP...");
mkdirSync(folder, { recursive: true });
for (let i = 0; i < COPIES; i++) {
  const to = join(folder, `vmcore-${String(i).padStart(3, "0")}`);
  if (!existsSync(to)) rewrite(dumps[i % dumps.length] ?? "", to, i);
}

for (const jobs of [1, 2, 4]) {
  const started = performance.now();
  const { stdout } = spawnSync(process.execPath, ["dist/cli.js", "triage", folder, "--json", "--jobs", String(jobs)], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const seconds = (performance.now() - started) / 1000;
  const records = stdout.trim().split("\n").map((line) => JSON.parse(line)); // prettier-ignore
  const times = records.map(({ cpuMs }) => cpuMs).sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => times[Math.ceil(share * times.length) - 1];
  const keys = new Set(records.map(({ key }) => key)).size;
  console.log(
    `jobs ${jobs}: ${records.length} records, ${keys} keys, ${records.filter(({ failed }) => failed).length} failed; ` +
      `processor time of a dump: median ${at(0.5)} ms, 99th percentile ${at(0.99)} ms; ${(records.length / seconds).toFixed(2)} dumps/s`,
  );
}

/**
 * Copies a dump with a crash time that is `days` later.
 * @param {string} from
 * @param {string} to
 * @param {number} days
 */
function rewrite(from, to, days) {
  const { kernel } = openSession({ vmcore: [from] });
  const clock = timekeeper(kernel).at("xtime_sec");
  const { physical } = /** @type {{ physical: bigint }} */ (kernel.memory.translate(clock.address));
  const file = openFile(from);
  const { header, descriptorStart } = member(file);
  const { blockSize, subHeaderBlocks, bitmapBlocks } = header.main;
  const pfn = Number(physical) / blockSize;
  const dumped = bitmap(file, (1 + subHeaderBlocks + bitmapBlocks / 2) * blockSize, (bitmapBlocks / 2) * blockSize * 8);
  const page = Buffer.from(kernel.memory.physical.read(BigInt(Math.floor(pfn) * blockSize), blockSize));
  page.writeBigUInt64LE(clock.value() + BigInt(days * DAY), Number(physical) % blockSize);
  copyFileSync(from, to);
  execFileSync("chmod", ["u+w", to]);
  const descriptor = Buffer.alloc(DESCRIPTOR_BYTES);
  descriptor.writeBigUInt64LE(BigInt(statSync(to).size), 0);
  descriptor.writeUInt32LE(blockSize, 8);
  appendFileSync(to, page);
  const fd = openSync(to, "r+");
  writeSync(fd, descriptor, 0, DESCRIPTOR_BYTES, descriptorStart + dumped.rank(Math.floor(pfn)) * DESCRIPTOR_BYTES);
  closeSync(fd);
  file.close();
}
