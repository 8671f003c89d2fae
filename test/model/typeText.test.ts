import assert from "node:assert/strict";
import { test } from "node:test";
import type { StructType } from "../../src/debuginfo/ctype.ts";
import { describeType, type LayoutOptions, memberLines } from "../../src/model/typeText.ts";
import { toyKernel } from "../builders/kernel.ts";

const kernel = toyKernel({
  types: `
    struct list_head { struct list_head *next, *prev; };
    struct page {
      unsigned long flags;
      union {
        struct { struct list_head lru; void *mapping; };
        struct { unsigned long head; unsigned char order : 4, spare : 2; };
        struct { short low; struct { int deep; } inner; } named[2];
      };
      enum { FREE, USED = 4, GONE } state;
      int (*release)(struct page *, int);
      char tail[];
    };
    struct empty { };
    struct opaque;
    typedef struct { int counter; } atomic_t;
    typedef unsigned int gfp_t;
    typedef void (*callback_t)(int);
    typedef enum { OFF, ON } power_t;
    typedef int (filter_t)(void *);
    typedef const gfp_t *gfp_ptr;
    enum state { RUNNING, DEAD = 7 };
    struct opaque *hidden;`,
});

const described = (name: string, options: LayoutOptions = {}): string =>
  describeType(kernel.types.named(name), options).join("\n");

test("a struct is declared member by member, anonymous ones opened", () => {
  assert.equal(
    described("struct page"),
    `struct page {
    unsigned long flags;
    union {
        struct {
            struct list_head lru;
            void *mapping;
        };
        struct {
            unsigned long head;
            unsigned char order : 4;
            unsigned char spare : 2;
        };
        struct {
            short low;
            struct {...} inner;
        } named[2];
    };
    enum {FREE, USED = 4, GONE} state;
    int (*release)(struct page *, int);
    char tail[];
}
SIZE: 48`,
  );
});

test("offsets are in a column as wide as the size; members of a named block have none, as in crash", () => {
  assert.equal(
    described("struct page", { offsets: true }),
    `struct page {
   [0] unsigned long flags;
       union {
           struct {
   [8]         struct list_head lru;
  [24]         void *mapping;
           };
           struct {
   [8]         unsigned long head;
  [16]         unsigned char order : 4;
  [16]         unsigned char spare : 2;
           };
           struct {
               short low;
               struct {...} inner;
   [8]     } named[2];
       };
  [32] enum {FREE, USED = 4, GONE} state;
  [40] int (*release)(struct page *, int);
  [48] char tail[];
}
SIZE: 48`,
  );
});

test("offsets can be printed in hexadecimal, and as addresses of an instance", () => {
  assert.equal(
    described("struct list_head", { offsets: true, radix: 16 }),
    "struct list_head {\n   [0x0] struct list_head *next;\n   [0x8] struct list_head *prev;\n}\nSIZE: 0x10",
  );
  assert.match(
    described("struct list_head", { offsets: true, address: 0xffff0000n }),
    /^ {2}\[ffff0008\] struct list_head \*prev;$/m,
  );
});

test("a single member is shown at its position in the whole struct", () => {
  assert.equal(
    described("struct page", { offsets: true, member: "mapping" }),
    "struct page {\n  [24]         void *mapping;\n}",
  );
});

const short: readonly (readonly [string, string])[] = [
  ["struct empty", "struct empty {\n    <no data fields>\n}\nSIZE: 0"],
  ["struct opaque", "struct opaque {\n    <incomplete type>\n}\nSIZE: 0"],
  ["atomic_t", "typedef struct {\n    int counter;\n} atomic_t;\nSIZE: 4"],
  ["gfp_t", "typedef unsigned int gfp_t;\nSIZE: 4"],
  ["callback_t", "typedef void (*)(int) callback_t;\nSIZE: 8"],
  ["filter_t", "typedef int (void *) filter_t;\nSIZE: 1"],
  ["power_t", "typedef enum {OFF, ON} power_t;\nSIZE: 4"],
  ["gfp_ptr", "typedef const unsigned int * gfp_ptr;\nSIZE: 8"],
  ["enum state", "enum state {\n  RUNNING = 0\n  DEAD = 7\n};"],
];
for (const [name, text] of short) {
  test(`${name} is described as crash's whatis does`, () => {
    assert.equal(described(name), text);
  });
}

test("a struct that nests itself is cut off", () => {
  const members: StructType["members"] = [];
  const loop: StructType = { kind: "struct", name: undefined, size: 8, incomplete: false, members };
  for (let i = 0; i < 2; i++)
    (members as unknown[]).push({ name: undefined, type: loop, bitOffset: 0, bitSize: undefined });
  assert.equal([...memberLines(loop)].length, 100_000);
});
