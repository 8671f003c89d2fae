/** The `waitq` command: the tasks on a wait queue. */
import { hex } from "../../../base/hex.ts";
import { UsageError } from "../../../base/usageError.ts";
import { bare } from "../../../debuginfo/ctype.ts";
import { taskAt } from "../../../linux/sched/task.ts";
import { simpleWaiters, waiters, type Waiter } from "../../../linux/sched/wait.ts";
import type { Kernel } from "../../../model/kernel.ts";
import type { Obj } from "../../../model/object.ts";
import { typeName } from "../../../model/typeName.ts";
import { address, evaluateIn } from "../../language/address.ts";
import { addressSpan } from "../../say/addressCell.ts";
import { command, type Context } from "../../language/command.ts";
import { functionColumn } from "../../say/functionCell.ts";
import { hexNumber, symbolAddress } from "../../language/number.ts";
import { TableLayout } from "../../../render/layout.ts";
import { text } from "../../../say/piece.ts";
import { type Column, columnOf, type Table, untitled } from "../../../say/table.ts";
import { structReference } from "../../say/structView.ts";
import { headingColumns, taskColumns } from "../../say/taskHeading.ts";
import { WrongUse } from "../../language/wrongUse.ts";

export const waitq = command({
  name: "waitq",
  readsOnly: true,
  summary: "tasks on a wait queue",
  usage: "[symbol] | [struct.member struct_addr] | [address]",
  options: [],
  description: `Shows the tasks on a wait queue in the order of its list. The queue is a symbol, an address, an expression, or a member of a struct at an address.

A swait_queue_head is recognized by its type; an address alone is read as a wait_queue_head. A waiter that is not a task, such as an epoll instance, is shown by its wake function.`,
  examples: [
    { line: "waitq log_wait", shows: "A queue by its symbol." },
    { line: "waitq signal_struct.wait_chldexit init_signals", shows: "A queue within a struct." },
  ],
  records: () => [
    { line: "waitq", fields: tasksTable.columns },
    { line: "waitq", fields: othersTable.columns },
  ],
  needs: ["types"],
  *run(context, { rest }) {
    const queue = queueOf(context, rest);
    const { kernel } = context;
    const each = queue.isSimple ? simpleWaiters : waiters;
    const [tasks, others] = [new TableLayout(kernel, tasksTable), new TableLayout(kernel, othersTable)];
    let isEmpty = true;
    for (const waiter of each(kernel, queue.address)) {
      isEmpty = false;
      const task = taskAt(kernel, waiter.private);
      yield task ? tasks.row({ kernel, waiter, task }) : others.row({ kernel, waiter });
    }
    if (isEmpty) yield text(`wait queue "${rest.join(" ")}" (${hex(queue.address)}) is empty`);
  },
});

interface Queue {
  readonly address: bigint;
  readonly isSimple: boolean;
}

/**
 * Resolves the words of the command to a wait queue. @throws UsageError when they do not name one
 * @throws Fault when its address cannot be read
 */
function queueOf(context: Context, words: readonly string[]): Queue {
  const { kernel } = context;
  const [first, second, surplus] = words;
  if (first === undefined) throw new WrongUse("a wait queue is missing");
  if (surplus !== undefined) throw new UsageError(`invalid argument: ${surplus}; one wait queue is shown`);
  if (second !== undefined) {
    const { type, members } = structReference(kernel, first);
    const [member] = members;
    if (member === undefined) throw new UsageError(`${first} does not name a member; use struct.member`);
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
    throw new UsageError(`${first} is not a wait queue; its type is ${typeName(type)}`);
  return { address: value.address, isSimple: isSimple(type) };
}

const isSimple = (type: ReturnType<typeof bare>): boolean => type.kind === "struct" && type.name === "swait_queue_head";

/** A waiter, which need not be a task. */
interface Waiting {
  readonly kernel: Kernel;
  readonly waiter: Waiter;
}

interface WaitingTask extends Waiting {
  readonly task: Obj;
}

const entry = <Row extends Waiting>(): Column<Row> => ({
  kind: "address",
  about: "entry in the queue's list",
  value: ({ waiter }) => waiter.address,
});

const wake = <Row extends Waiting>(): Column<Row> => ({
  ...functionColumn<Row>(
    ({ kernel }) => kernel,
    ({ waiter }) => (waiter.wake === 0n ? undefined : waiter.wake),
  ),
  about: "wake function of the entry",
});

const ofTask = (column: Column<Obj>): Column<WaitingTask> => columnOf(column, ({ task }) => task);

export const tasksTable: Table<WaitingTask> = {
  end: '"',
  columns: {
    ...untitled({ entry: entry<WaitingTask>(), function: wake<WaitingTask>() }),
    pid: ofTask(headingColumns.pid),
    task: ofTask(headingColumns.task),
    cpu: ofTask(headingColumns.cpu),
    comm: ofTask(headingColumns.comm),
    state: ofTask(taskColumns.state),
  },
};

export const othersTable: Table<Waiting> = {
  columns: {
    entry: { ...entry(), title: "", gap: "WAITER: " },
    function: { ...wake(), title: "", gap: "  FUNCTION: ", absent: ({ kernel }) => addressSpan(kernel, 0n) },
    private: {
      kind: "address",
      about: "the private member of the entry, a task for most entries",
      value: ({ waiter }) => waiter.private,
    },
  },
};
