import { hex } from "../../../base/hex.ts";
import { UsageError } from "../../../base/usageError.ts";
import { bare } from "../../../debuginfo/ctype.ts";
import { taskAt } from "../../../linux/sched/task.ts";
import { simpleWaiters, waiters, type Waiter } from "../../../linux/sched/wait.ts";
import type { Kernel } from "../../../model/kernel.ts";
import { typeName } from "../../../model/typeName.ts";
import { address, evaluateIn } from "../../language/address.ts";
import { addressSpan } from "../../say/addressCell.ts";
import { command, type Context } from "../../language/command.ts";
import { functionSpans, symbolName } from "../../say/functionCell.ts";
import { hexNumber, symbolAddress } from "../../language/number.ts";
import { type Piece, record, text, addressJson } from "../../../say/piece.ts";
import { structReference } from "../../say/structView.ts";
import { taskFacts, taskHeading } from "../../say/taskHeading.ts";
import { WrongUse } from "../../language/wrongUse.ts";

export const waitq = command({
  name: "waitq",
  readsOnly: true,
  summary: "tasks that wait on a wait queue",
  usage: "[symbol] | [struct.member struct_addr] | [address]",
  options: [],
  description: `Shows the tasks that wait on a wait queue, first in line first. The queue is a symbol, an address or an expression, or a member of a struct at an address.

Besides wait_queue_head, swait_queue_head is understood where its type is known. What waits without being a task - an epoll instance, for one - is shown by the function that is called for it.`,
  examples: [
    { line: "waitq log_wait", shows: "A queue by its symbol." },
    { line: "waitq signal_struct.wait_chldexit init_signals", shows: "A queue within a struct." },
  ],
  needs: ["types"],
  *run(context, { rest }) {
    const queue = queueOf(context, rest);
    const { kernel } = context;
    const each = queue.isSimple ? simpleWaiters : waiters;
    let isEmpty = true;
    for (const waiter of each(kernel, queue.address)) {
      isEmpty = false;
      yield waiterRow(kernel, waiter);
    }
    if (isEmpty) yield text(`wait queue "${rest.join(" ")}" (${hex(queue.address)}) is empty`);
  },
});

interface Queue {
  readonly address: bigint;
  readonly isSimple: boolean;
}

/** @throws UsageError, Fault */
function queueOf(context: Context, words: readonly string[]): Queue {
  const { kernel } = context;
  const [first, second, surplus] = words;
  if (first === undefined) throw new WrongUse("a wait queue is missing");
  if (surplus !== undefined) throw new UsageError(`invalid argument: ${surplus}`);
  if (second !== undefined) {
    const { type, members } = structReference(kernel, first);
    const [member] = members;
    if (member === undefined) throw new UsageError(`${first} names no member`);
    const queue = kernel.object(type, address(context, second)).at(member);
    const target = bare(queue.type);
    const inner = target.kind === "pointer" ? queue.deref() : queue;
    return { address: inner.address, isSimple: isSimple(bare(inner.type)) };
  }
  const direct = symbolAddress(context, first) ?? hexNumber(first);
  if (direct !== undefined) {
    const declared = kernel.hasVariable(first) ? kernel.types.variable(first) : undefined;
    return { address: direct, isSimple: declared !== undefined && isSimple(bare(declared)) };
  }
  const object = evaluateIn(context, first);
  const value = bare(object.type).kind === "pointer" ? object.deref() : object;
  const type = bare(value.type);
  if (type.kind !== "struct" || !/^(__|s)?wait_queue_head$/.test(type.name ?? ""))
    throw new UsageError(`${first} is no wait queue but ${typeName(type)}`);
  return { address: value.address, isSimple: isSimple(type) };
}

const isSimple = (type: ReturnType<typeof bare>): boolean => type.kind === "struct" && type.name === "swait_queue_head";

function waiterRow(kernel: Kernel, waiter: Waiter): Piece {
  const task = taskAt(kernel, waiter.private);
  const data = {
    entry: addressJson(waiter.address),
    function: waiter.wake === 0n ? null : symbolName(kernel, waiter.wake),
  };
  if (task) return record({ ...data, ...taskFacts(task) }, taskHeading(task));
  return record({ ...data, private: addressJson(waiter.private) }, [
    "WAITER: ",
    addressSpan(kernel, waiter.address),
    "  FUNCTION: ",
    ...functionSpans(kernel, waiter.wake),
  ]);
}
