import assert from "node:assert/strict";
import { test } from "node:test";
import { distributionOf } from "../../src/log/facts/system.ts";

test("a release whose form two distributions use names both", () => {
  assert.equal(distributionOf("5.10.0-0.deb10.16-amd64"), "Debian 10");
  assert.equal(distributionOf("6.1.0-0.deb11.7-amd64"), "Debian 11");
  assert.equal(distributionOf("4.19.0-0.bpo.19-amd64"), "Debian");
  assert.equal(distributionOf("6.12.9+bpo-amd64"), "Debian");
  assert.equal(distributionOf("6.6.7-0-lts"), "Arch Linux or Alpine Linux");
  assert.equal(distributionOf("6.6.7-0-virt"), "Alpine Linux");
  assert.equal(distributionOf("6.6.7-arch1-1"), "Arch Linux");
  assert.equal(distributionOf("6.1.0-56-cloud-amd64"), "Debian");
});
