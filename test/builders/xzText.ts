const words = Array.from({ length: 120 }, (_, i) => ((i * i * 7919) % 1009).toString(36) + "task_struct".slice(i % 11));
const text = words.join(", ");
/** Literals, matches near and far, distances that come again, a run. */
export const TEXT = Buffer.from(text + text.slice(300) + "\0".repeat(3000));

/** TEXT as XZ Utils 5.4 packs it. */
export const PACKED: Readonly<Record<string, Buffer>> = {
  "--check=crc32 --lzma2=dict=1MiB": Buffer.from(
    "/Td6WFoAAAFpIt42AgAhARAAAACocI6G4BPvAWRdABgdCCdmzriDWFSeVcIS3tGslx/lG/gQQNdSs7hAwlcnmkkOcMblBfbiuunXtnXrWE0b3KaLFxoJ4eFLtjdeMz1YpFFr/1XzySoH57HRMdDnppRV93L62U+1XK7UGuwUgjpUEcajQGnK+S/oscnYVSOBo5kbw7tOZ0jTy0vuT2psuv/5g00F2kozfUGf/eE8V7NXwCK+25/ZeXJT6e9LAHfpuedbr3bnmPQFi9J2F5T4YYjvD7+Hg/XI5wIHi1Br3VNfC4NVKP9O8mtf7lkjZqFJpK6rtykrR/EU2bdnQ5YPkZwIJ6z+lRZlbPidkgM2QeNW5fSCJsdXFG9v5v5kjNx0b9ClhdSpd1hu6TS+jfxNsZSpBygIJXxlG4GaUzstEqyIdvmUxUxiMkK67EFFJZiRPQxXD1H90/njTJr/OVDInxPTkkNUB0Za5j+F0/bMgTpjHrgUFpmTczyVJqHDz+1qi4UAAMV7Yy4AAfwC8CcAAB0YoWA+MA2LAgAAAAABWVo=",
    "base64",
  ),
  "--check=crc64 --lzma2=preset=9e,lc=1,lp=2,pb=0": Buffer.from(
    "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4BPvAWMTABgd8U6IoI/5HpqBDQzsaA06PpMNCtvGIyoJWkVLqV0EUHQOaDOb4KzIGEb6ANU2peI2NXmwss2xeqYPTwkpzkT/a7bvox123gu4xA1dAtb33N7+Gk+LnhbXEsW41dsWvlCH8lyemTV6lH7zv88UcqhOfryx+zWGha32faXJW/FwsOQmIRZHvZspdQXjeVYXqC4Ju2rzsItcy57Gi+54kDjmy20heLZI63oq53406inBvPHtRv/2bGOcgGG42fR2LzBrQ/TUtx7IlA/89tOR9GRyWVQhlh4mKsFqqPgdVrtYs/TGW0dE7EEeLG/Zre6rP5biagEjk/1Yx2BB4t86ZL5q2Lnrdd8JjiItPXfCzBgBXYToDvp4+apdjngZ3doDMGYNZD9SYdqM2q+nWAtala65EhtsD9bQqpT3hCsrjnk1AQi4YLCEUbg5eplNd7dyg6lgy/Tp1HQyNDSfN78eC/scqQMAAM011bMNblETAAH/AvAnAACzajXmscRn+wIAAAAABFla",
    "base64",
  ),
};

/** Bytes like those of x86 code: calls and jumps near and far, with others like opcodes before and after them. */
export const CODE = Buffer.from(
  Array.from({ length: 160 }, (_, i) => {
    const n = (i * 7919 + i * i * 31) % 1009;
    const high = n & 8 ? 0xff : 0;
    return n % 3 === 0
      ? [0xe8 + (n & 1), n & 255, (n * 5) & 255, high, high]
      : Array.from({ length: n % 5 }, (_, j) => [0xe8, 0xe9, 0, 0xff, 0x48][(n + j) % 5] ?? 0);
  }).flat(),
);

/** CODE as XZ Utils 5.4 packs it with `--check=crc32 --x86 --lzma2=dict=64KiB`. */
export const PACKED_CODE = Buffer.from(
  "/Td6WFoAAAFpIt42AgEEACEBCADSuXTL4AHVAR5dAHQBPBleeAUPqAA5T/x01+E0gjXqU7g6LS5GRRv4dm9Q3WhMCx51jN/HskbiBhV4ubXXaWDp0PlRNtlP4LeSXENe4lob0rZ3YYAO8HGRrssAJJ99T63fXZXECvYBfAxjNLjgNxSST28ah2N7RmgyhSJRmjSj/+HiHxMpgGGrNMAGLCL2n+0o2N79biEcyTSbpM9MRVfnUbHxFLEzl+s03wuV24g8BS9XdnIhheWvCBtqsmQYCyD1FKyWlda1aDSKSN+Li72GA4R8lSS6iXCxVl54CMTVA8FXhUlsB0wVYLVLoeEuzBzs0JW7QycW6RR+qo2WLyC+xzOihFzaWmF2FzSqnIaf4A0IaJhKQ8KAMUTpUSwHhDnr4FTlqZNsaUAAAADdY7yTAAG2AtYDAADJL390PjANiwIAAAAAAVla",
  "base64",
);
