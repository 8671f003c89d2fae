// Copies a kdump file with another crash time: one page more, that of the clock, uncompressed, at the end of the file.
import { execFileSync } from "node:child_process";
import { appendFileSync, closeSync, copyFileSync, openSync, statSync, writeSync } from "node:fs";
import { openFile } from "../src/base/file.ts";
import { bitmap } from "../src/dump/kdump/bitmap.ts";
import { DESCRIPTOR_BYTES } from "../src/dump/kdump/descriptors.ts";
import { member } from "../src/dump/kdump/kdumpMember.ts";
import { timekeeper } from "../src/linux/time/timekeeping.ts";
import { openSession } from "../src/session/open/open.ts";

const DAY = 86_400;

/**
 * Copies a dump with a crash time that is `days` later.
 * @param {string} from
 * @param {string} to
 * @param {number} days
 */
export function withCrashTime(from, to, days) {
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
