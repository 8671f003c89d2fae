import assert from "node:assert/strict";
import { test } from "node:test";
import { distributionOf } from "../../src/log/facts/system.ts";

test("a release whose form two distributions use names both", () => {
  assert.equal(distributionOf("6.6.7-0-lts"), "Arch Linux or Alpine Linux");
  assert.equal(distributionOf("6.6.7-0-virt"), "Alpine Linux");
  assert.equal(distributionOf("6.6.7-arch1-1"), "Arch Linux");
  assert.equal(distributionOf("6.1.0-56-cloud-amd64"), "Debian");
});
