import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { toyKernel } from "../../../../builders/kernel.ts";
import { pieces, toyContext, transcript } from "../../../../builders/transcript.ts";

const TEXT = 0xffffffff81000000n;
const CONFIG = "CONFIG_SMP=y\n# CONFIG_DEBUG_INFO is not set\n";
const marked = Buffer.concat([Buffer.from("IKCFG_ST"), gzipSync(CONFIG), Buffer.from("IKCFG_ED")]);

/** A kernel with its configuration at an address, in an image of `pages` that begins at TEXT. */
function configured(at: bigint, symbols: Record<string, bigint>, pages = 4) {
  const kernel = toyKernel({ symbols: { _etext: TEXT, ...symbols } });
  const image = Buffer.alloc(pages * 4096);
  marked.copy(image, Number(at - TEXT));
  kernel.memory.poke(TEXT, image);
  return toyContext(kernel);
}

const lines = CONFIG.trimEnd();

test("sys config reads the kernel's configuration by its symbols, without a vmlinux", () => {
  const at = TEXT + 0x123n;
  const data = { kernel_config_data: at + 8n, kernel_config_data_end: at + BigInt(marked.length - 8) };
  assert.equal(transcript(configured(at, data), "sys config"), lines);
  // Until v5.0 the symbol was that of an array with the marks in it.
  assert.equal(transcript(configured(at, { kernel_config_data: at }), "sys config"), lines);
});

test("in a kernel with symbols of functions only, the mark of the configuration is searched in memory", () => {
  for (const offset of [0n, 0x123n, 0x1000n - 3n, 0x2000n - 8n])
    assert.equal(transcript(configured(TEXT + offset, {}), "sys config"), lines, `${offset}`);
});

test("a long search reports its progress; no search is needed if data has symbols", () => {
  const far = configured(TEXT + 0x110000n, {}, 300);
  assert.ok(pieces(far, "sys config").some(({ kind }) => kind === "progress"));
  assert.equal(transcript(far, "sys config"), lines);
  const without = configured(TEXT, { init_task: TEXT + 0x3000n });
  assert.equal(transcript(without, "sys config"), "sys: kernel_config_data does not exist in this kernel");
});
