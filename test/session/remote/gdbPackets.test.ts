import assert from "node:assert/strict";
import { test } from "node:test";
import { gdbAddress } from "../../../src/session/remote/gdbPackets.ts";
import { ramRanges, registerPlaces, registerValues } from "../../../src/session/remote/guestFacts.ts";

test("addresses of gdbstubs", () => {
  assert.deepEqual(gdbAddress("localhost:1234"), { host: "localhost", port: 1234 });
  assert.deepEqual(gdbAddress(":1234"), { host: "localhost", port: 1234 });
  assert.deepEqual(gdbAddress("[::1]:1234"), { host: "::1", port: 1234 });
  assert.deepEqual(gdbAddress("unix:/run/x"), { path: "/run/x" });
  for (const wrong of ["", "host", "host:99999", "host:1;reboot", "a b:1"]) assert.equal(gdbAddress(wrong), undefined);
});

test("a memory tree without the system's memory has no ranges", () => {
  assert.deepEqual(
    ramRanges('FlatView #0\n AS "I/O", root: io\n  0000000000000000-0000000000000fff (prio 0, ram): x\n'),
    [],
  );
});

test("registers are read in the order of the description, and a short reply ends them", async () => {
  const files: Readonly<Record<string, string>> = {
    "target.xml": '<target><xi:include href="a.xml"/><xi:include href="b.xml"/></target>',
    "a.xml": '<reg name="rip" bitsize="64" type="code_ptr"/><reg name="st0" bitsize="80"/>',
    "b.xml": '<reg name="cr3" bitsize="32"/><reg name="never" bitsize="0"/><reg bitsize="8"/>',
  };
  const places = await registerPlaces((file) => Promise.resolve(files[file] ?? ""));
  assert.deepEqual(places, [
    { name: "rip", bytes: 8 },
    { name: "st0", bytes: 10 },
    { name: "cr3", bytes: 4 },
  ]);
  const reply = `1000000000000080${"00".repeat(10)}00200000`;
  assert.deepEqual(registerValues(places, reply), { rip: "0x8000000000000010", cr3: "0x00002000" });
  assert.deepEqual(registerValues(places, reply.slice(0, 20)), { rip: "0x8000000000000010" });
});

test("a register that the stub calls unavailable has no value", () => {
  const places = [{ name: "rip", bytes: 2 }, { name: "cr3", bytes: 2 }]; // prettier-ignore
  assert.deepEqual(registerValues(places, "xxxx0200"), { cr3: "0x0002" });
});
