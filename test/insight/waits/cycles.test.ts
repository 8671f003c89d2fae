import assert from "node:assert/strict";
import { test } from "node:test";
import { cycleThrough, cyclicComponents } from "../../../src/insight/waits/cycles.ts";

const graph = (edges: { readonly [node: string]: string }) => ({
  nodes: Object.keys(edges),
  next: (node: string): readonly string[] => (edges[node] ?? "").split("").filter((one) => one !== ""),
});
const components = (edges: { readonly [node: string]: string }): string[] =>
  cyclicComponents(graph(edges))
    .map((nodes) => nodes.sort().join(""))
    .sort();

test("only components that hold a cycle are found", () => {
  assert.deepEqual(components({ a: "b", b: "c", c: "" }), []);
  assert.deepEqual(components({ a: "b", b: "a", c: "a" }), ["ab"]);
  assert.deepEqual(components({ a: "b", b: "c", c: "a", d: "ae", e: "d" }), ["abc", "de"]);
});

test("a node that leads to itself is a cycle", () => {
  assert.deepEqual(components({ a: "a", b: "a" }), ["a"]);
});

test("the shortest cycle is returned in order", () => {
  const { next } = graph({ a: "b", b: "cd", c: "a", d: "a" });
  assert.deepEqual(cycleThrough("a", new Set("abcd"), next), ["a", "b", "c"]);
  assert.deepEqual(cycleThrough("x", new Set("x"), next), []);
});

test("a ring of a hundred thousand is followed without recursion", () => {
  const count = 100_000;
  const nodes = Array.from({ length: count }, (_, at) => at);
  const [component] = cyclicComponents({ nodes, next: (at) => [(at + 1) % count] });
  assert.equal(component?.length, count);
});
