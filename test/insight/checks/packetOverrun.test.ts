import assert from "node:assert/strict";
import { test } from "node:test";
import { readOverrun } from "../../../src/insight/checks/packetOverrun.ts";

test("the line of skb_over_panic() gives the packet's figures and the function that added too much", () => {
  const line =
    "skbuff: skb_over_panic: text:ffffffffc04282ab len:576 put:512 head:ffff8f2dc2e05800 data:ffff8f2dc2e05800 tail:0x240 end:0xc0 dev:<NULL>";
  assert.deepEqual(readOverrun(line), {
    isEnd: true,
    caller: 0xffffffffc04282abn,
    length: 576,
    added: 512,
    head: 0xffff8f2dc2e05800n,
    data: 0xffff8f2dc2e05800n,
    tail: 0x240n,
    end: 0xc0n,
    device: "<NULL>",
  });
});

test("a packet whose start went before its buffer is told from one whose end went beyond it", () => {
  const line =
    "skb_under_panic: text:ffffffff81a8f3c4 len:142 put:40 head:ffff888012345600 data:ffff8880123455f8 tail:0x86 end:0x140 dev:eth0";
  assert.equal(readOverrun(line)?.isEnd, false);
  assert.equal(readOverrun("skbuff: something else"), undefined);
});
