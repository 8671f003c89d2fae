import assert from "node:assert/strict";
import { test } from "node:test";
import { namesOfPids } from "../../../src/linux/trace/savedComm.ts";
import { toyKernel } from "../../builders/kernel.ts";

const SAVED = 0x9000n;
const PIDS = 0xa000n;

/** Returns the kept names where the map has a number of elements. */
function names(elements: number): readonly (readonly [number, string])[] {
  const map = Array.from({ length: elements }, (_, i) => (i === 1 ? 0 : 0xffff_ffff));
  const kernel = toyKernel({
    types: `struct saved_cmdlines_buffer { unsigned map_pid_to_cmdline[${elements}]; unsigned *map_cmdline_to_pid;
      unsigned cmdline_num; char saved_cmdlines[16]; };`,
    symbols: { savedcmd: 0x8000n },
    memory: [
      ["unsigned long", 0x8000n, SAVED],
      ["struct saved_cmdlines_buffer", SAVED, { map_pid_to_cmdline: map, map_cmdline_to_pid: PIDS, cmdline_num: 1, saved_cmdlines: "init" }], // prettier-ignore
      ["unsigned int", PIDS, 25],
    ],
  });
  return [...namesOfPids(kernel)];
}

test("the lower bits of a PID are its place in the map, with one element more than a power of two or without", () => {
  assert.deepEqual(names(9), [[25, "init"]]);
  assert.deepEqual(names(8), [[25, "init"]]);
});
