// The bundle of Capstone. Its WebAssembly stands packed beside the bundle, in a fourth of its size.
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { zstdDecompressSync } = require("node:zlib");
const load = require("../node_modules/@alexaltea/capstone-js/dist/capstone.js");

module.exports = () => load({ wasmBinary: zstdDecompressSync(readFileSync(join(__dirname, "capstone.wasm.zst"))) });
