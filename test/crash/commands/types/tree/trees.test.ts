/** tree and waitq on the dump that ships: what one command finds in a tree, another finds by another way. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openSession } from "../../../../../src/session/open/open.ts";
import { data, transcript } from "../../../../builders/transcript.ts";

const session = openSession({ vmcore: ["sample/vmcore"] });
const { context } = session;
after(() => session.close());

const lines = (line: string): string[] => transcript(context, line).split("\n");
type Row = Readonly<Record<string, string | number>>;
const rows = (line: string): Row[] => data(context, line) as Row[];

test("a red-black tree has the vmalloc areas that kmem -v lists, with -l in their order", () => {
  const tree = "tree -t rbtree -o vmap_area.rb_node vmap_area_root";
  const areas = lines("kmem -v").flatMap((line) => /^[0-9a-f]{16}(?=  )/.exec(line) ?? []);
  const inOrder = lines(`${tree} -l`);
  assert.ok(areas.length > 20);
  assert.deepEqual(
    inOrder.filter((area) => areas.includes(area)),
    areas,
  );
  assert.deepEqual(lines(tree).sort(), [...inOrder].sort());
  assert.notDeepEqual(lines(tree), inOrder);
});

test("-p shows the turns from the root to an element, and -N accepts the node they lead to", () => {
  const [root, rootPlace, left, leftPlace] = lines("tree -p -o vmap_area.rb_node vmap_area_root");
  assert.deepEqual([rootPlace, leftPlace], ["  position: root", "  position: root/l"]);
  const child = rows(`struct vmap_area.rb_node ${root}`)[0]!["value"] as unknown as Record<string, Row>;
  const node = String(child["rb_node"]!["rb_left"]);
  assert.equal(lines(`tree -N -o vmap_area.rb_node ${node}`)[0], left);
});

test("an xarray has the pids that ps lists, by their numbers", () => {
  const found = rows("tree -t xarray -r idr.idr_rt init_pid_ns.idr -s pid.level");
  const pids = new Set(rows("ps").map((row) => Number(row["pid"])));
  const indexes = found.map((row) => Number(row["index"]));
  for (const pid of pids) if (pid !== 0) assert.ok(indexes.includes(pid), `pid ${pid}`);
  assert.ok(found.every((row) => row["level"] === 0));
});

test("a maple tree has a process's areas in the order of vm, and -v its nodes and gaps", () => {
  const [, , mm] = lines("vm 1");
  const address = /^[0-9a-f]{16}/.exec(mm ?? "")?.[0];
  const areas = lines("vm 1").flatMap((line) => /^[0-9a-f]{16}(?= +[0-9a-f]+ +[0-9a-f]+ +[0-9a-f]+)/.exec(line) ?? []);
  assert.ok(areas.length > 4);
  assert.deepEqual(lines(`tree -t maple -r mm_struct.mm_mt ${address}`), areas);
  const whole = transcript(context, `tree -v -t maple -r mm_struct.mm_mt ${address}`);
  assert.match(whole, /^maple_tree\([0-9a-f]{16}\) flags [0-9A-F]+, height 1 root 0x[0-9a-f]{16}$/m);
  for (const area of areas) assert.match(whole, new RegExp(`: 0x${area}$`, "m"));
  assert.match(whole, /: 0x0$/m);
});

test("tree reports contradictory options and the supported kinds", () => {
  const wrong: Readonly<Record<string, RegExp>> = {
    "tree vmap_area_root -t heap": /invalid tree type: heap/,
    "tree -r 8 -N init_mm": /-r and -N options are mutually exclusive/,
    "tree -t maple -o 8 init_mm": /-o option is not applicable/,
    "tree -t xarray -l init_mm": /-l option is not applicable/,
    "tree -v vmap_area_root": /-v option is only applicable to maple trees/,
    tree: /a starting address is required/,
  };
  for (const [line, message] of Object.entries(wrong)) assert.match(transcript(context, line), message, line);
});

test("waitq lists who waits on a queue, by symbol, by member and by address", () => {
  const waiting = /^PID: 27 +TASK: ffff8ef684580000 +CPU: 0 +COMMAND: "kauditd"$/;
  assert.match(transcript(context, "waitq kauditd_wait"), waiting);
  const address = /^[0-9a-f]+/.exec(transcript(context, "sym kauditd_wait"))?.[0];
  assert.match(transcript(context, `waitq ${address}`), waiting);
  assert.match(
    transcript(context, "waitq signal_struct.wait_chldexit init_signals"),
    /^wait queue "signal_struct.wait_chldexit init_signals" \([0-9a-f]{16}\) is empty$/,
  );
  assert.match(transcript(context, "waitq nosuch"), /^waitq: no symbol nosuch/);
  assert.match(transcript(context, "waitq"), /^waitq: a wait queue is missing/);
});
