// Draws the icon: media/icon.svg and media/icon.png. `--preview DIR` also writes it at 16, 32 and 128 px on light and dark.
// A chip (the memory of a machine) that holds the frames of a stack; the topmost one, where the kernel stopped, is broken.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";

/** @typedef {readonly [x: number, y: number]} Point */
/** A rounded rectangle or a polygon in a square of 128. @typedef {{ fill: string } & ({ box: readonly [x: number, y: number, width: number, height: number, radius: number] } | { points: readonly Point[] })} Shape */

const SIZE = 128;
const BODY = "#1f6fb2";
const PIN = "#8fb4d3";
const FRAME = "#ffffff";
const BROKEN = "#ffb020";

const pins = [32, 56, 80].flatMap(
  (y) =>
    /** @type {Shape[]} */ ([
      { fill: PIN, box: [0, y, 16, 8, 2] },
      { fill: PIN, box: [112, y, 16, 8, 2] },
    ]),
);

/**
 * Edges at multiples of 8 are edges of pixels in an icon of 16.
 * @type {Shape[]}
 */
const shapes = [
  ...pins,
  { fill: BODY, box: [16, 8, 96, 112, 12] },
  // The broken frame: two halves with a zigzag between them.
  { fill: BROKEN, points: [[32, 24], [66, 24], [54, 33], [63, 39], [54, 48], [32, 48]] }, // prettier-ignore
  { fill: BROKEN, points: [[80, 16], [96, 16], [96, 40], [69, 40], [78, 33], [67, 27]] }, // prettier-ignore
  { fill: FRAME, box: [32, 56, 64, 16, 2] },
  { fill: FRAME, box: [32, 88, 64, 16, 2] },
];

/** @param {Shape} shape */
const svgOf = (shape) => {
  if ("points" in shape) return `<polygon fill="${shape.fill}" points="${shape.points.join(" ")}"/>`;
  const [x, y, width, height, radius] = shape.box;
  return `<rect fill="${shape.fill}" x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}"/>`;
};

const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE} ${SIZE}">
${shapes.map((shape) => `  ${svgOf(shape)}`).join("\n")}
</svg>
`;

/** Whether a point is inside; edges by the even-odd rule. @param {Shape} shape @param {number} x @param {number} y */
function isInside(shape, x, y) {
  if ("box" in shape) {
    const [left, top, width, height, radius] = shape.box;
    if (x < left || y < top || x >= left + width || y >= top + height) return false;
    const dx = Math.max(left + radius - x, x - (left + width - radius), 0);
    const dy = Math.max(top + radius - y, y - (top + height - radius), 0);
    return dx * dx + dy * dy <= radius * radius;
  }
  let inside = false;
  for (const [i, [x1, y1]] of shape.points.entries()) {
    const [x2, y2] = /** @type {Point} */ (shape.points[(i + 1) % shape.points.length]);
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  }
  return inside;
}

/** @param {string} colour `#rrggbb` */
const rgb = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

/**
 * The pixels in RGBA, 64 samples each.
 * @param {number} size pixels of a side @param {string} [background] `#rrggbb`; transparent when it is absent
 */
function pixels(size, background) {
  const SAMPLES = 8;
  const out = Buffer.alloc(size * size * 4);
  for (let at = 0; at < size * size; at++) {
    const sum = [0, 0, 0, 0];
    for (let sample = 0; sample < SAMPLES * SAMPLES; sample++) {
      const x = (((at % size) + ((sample % SAMPLES) + 0.5) / SAMPLES) * SIZE) / size;
      const y = ((Math.floor(at / size) + (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES) * SIZE) / size;
      const fill = shapes.findLast((shape) => isInside(shape, x, y))?.fill ?? background;
      if (fill === undefined) continue;
      for (const [i, value] of [...rgb(fill), 255].entries()) sum[i] = (sum[i] ?? 0) + value;
    }
    const alpha = (sum[3] ?? 0) / (SAMPLES * SAMPLES);
    const covered = (alpha / 255) * SAMPLES * SAMPLES;
    for (let i = 0; i < 3; i++) out[at * 4 + i] = covered === 0 ? 0 : Math.round((sum[i] ?? 0) / covered);
    out[at * 4 + 3] = Math.round(alpha);
  }
  return out;
}

/** @param {string} type @param {Buffer} data */
function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** A PNG of 8-bit RGBA. @param {number} size @param {Buffer} data */
function png(size, data) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const rows = Buffer.concat(
    Array.from({ length: size }, (_, y) =>
      Buffer.concat([Buffer.of(0), data.subarray(y * size * 4, (y + 1) * size * 4)]),
    ),
  );
  const signature = Buffer.from("89504e470d0a1a0a", "hex");
  const parts = [chunk("IHDR", header), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([signature, ...parts]);
}

writeFileSync("media/icon.svg", svg);
writeFileSync("media/icon.png", png(SIZE, pixels(SIZE)));
const preview = process.argv.indexOf("--preview");
const folder = preview < 0 ? undefined : process.argv[preview + 1];
if (folder !== undefined) {
  mkdirSync(folder, { recursive: true });
  for (const size of [16, 32, 128])
    for (const [name, background] of [
      ["light", "#ffffff"],
      ["dark", "#1e1e1e"],
    ])
      // prettier-ignore
      writeFileSync(join(folder, `icon-${size}-${name}.png`), png(size, pixels(size, background)));
}
