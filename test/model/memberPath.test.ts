import assert from "node:assert/strict";
import { test } from "node:test";
import type { CType, Member, StructType } from "../../src/debuginfo/ctype.ts";
import { memberPath, pathText } from "../../src/model/memberPath.ts";

const member = (name: string | undefined, bytes: number, type: CType): Member => ({
  name,
  type,
  bitOffset: bytes * 8,
  bitSize: undefined,
});

const struct = (name: string | undefined, size: number, ...members: readonly Member[]): StructType => ({
  kind: "struct",
  name,
  size,
  incomplete: false,
  members,
});

const list = struct("list_head", 16);
const item = struct(
  "item",
  72,
  member("id", 0, { kind: "int", name: "int", size: 4, signed: true, encoding: "int" }),
  member(undefined, 8, struct(undefined, 16, member("link", 0, list))),
  member("queues", 24, { kind: "array", element: struct("queue", 24, member("head", 8, list)), count: 2 }),
);

const link = (offset: number): string | undefined => {
  const path = memberPath(item, offset, (type) => type === list);
  return path && pathText(path);
};

test("a member of an anonymous struct and one in an array of structs have the paths that C gives them", () => {
  assert.equal(link(8), ".link");
  assert.equal(link(56), ".queues[1].head");
});

test("an offset within a member, before the struct, or after it has no path", () => {
  for (const offset of [0, 12, 48, -8, 72, 2 ** 60]) assert.equal(link(offset), undefined);
});
