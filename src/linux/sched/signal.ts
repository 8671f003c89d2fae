/** Signals. */
import type { Obj } from "../../model/object.ts";
import { listEntries } from "../../kernel/list.ts";

/** Number of signals on every supported architecture (include/uapi/asm-generic/signal.h). */
export const _NSIG = 64;
/** The first real-time signal in the kernel's numbering. C libraries reserve two or three real-time signals. */
const SIGRTMIN = 32;

/** Signal names from signal 1 on (include/uapi/asm-generic/signal.h; the same on x86, arm and s390). */
const NAMES = [
  ..."SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT/SIGIOT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2".split(" "),
  ..."SIGPIPE SIGALRM SIGTERM SIGSTKFLT SIGCHLD/SIGCLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG".split(" "),
  ..."SIGXCPU SIGXFSZ SIGVTALRM SIGPROF SIGWINCH SIGIO/SIGPOLL SIGPWR SIGSYS/SIGUNUSED".split(" "),
];

/**
 * Returns the name of a signal, such as `SIGINT`. Two names of one number are separated by a slash. Real-time signals
 * in the upper half are named relative to SIGRTMAX.
 */
export function signalName(number: number): string {
  const name = NAMES[number - 1];
  if (name !== undefined) return name;
  const fromFirst = number - SIGRTMIN;
  const fromLast = _NSIG - number;
  if (fromFirst <= fromLast) return fromFirst === 0 ? "SIGRTMIN" : `SIGRTMIN+${fromFirst}`;
  return fromLast === 0 ? "SIGRTMAX" : `SIGRTMAX-${fromLast}`;
}

/** Returns the signal numbers of a set, ascending. */
export const signalsOf = (set: bigint): number[] =>
  Array.from({ length: _NSIG }, (_, i) => i + 1).filter((number) => (set >> BigInt(number - 1)) & 1n);

/** Returns a `sigset_t` as one number: bit n-1 is signal n. @throws Fault */
export function signalSet(set: Obj<"sigset_t">): bigint {
  const width = BigInt(set.kernel.arch.wordSize * 8);
  let value = 0n;
  let shift = 0n;
  for (const word of set.at("sig").elements()) {
    value |= word.value() << shift;
    shift += width;
  }
  return BigInt.asUintN(_NSIG, value);
}

/** Flags of a sigaction (include/uapi/asm-generic/signal-defs.h; SA_RESTORER from the architectures' headers). */
const SA_FLAGS = [
  ["SA_NOCLDSTOP", 0x00000001n],
  ["SA_RESTORER", 0x04000000n],
  ["SA_NOCLDWAIT", 0x00000002n],
  ["SA_SIGINFO", 0x00000004n],
  ["SA_EXPOSE_TAGBITS", 0x00000800n],
  ["SA_ONSTACK", 0x08000000n],
  ["SA_RESTART", 0x10000000n],
  ["SA_NODEFER", 0x40000000n],
  ["SA_RESETHAND", 0x80000000n],
] as const;

/** Returns the names of the flags that are set in `sa_flags`. */
export const sigactionFlags = (flags: bigint): string[] =>
  SA_FLAGS.filter(([, bit]) => flags & bit).map(([name]) => name);

/** Yields the `struct k_sigaction` of each signal, starting with signal 1. @throws Fault */
export const sigactions = (task: Obj<"struct task_struct">): Generator<Obj<"struct k_sigaction">> =>
  task.at("sighand.action").elements();

/** Yields the `struct sigqueue`s of a `struct sigpending`, oldest first. @throws Fault where the list breaks */
export const queuedSignals = (pending: Obj<"struct sigpending">): Generator<Obj<"struct sigqueue">> =>
  listEntries(pending.kernel, pending.at("list"), "struct sigqueue", "list");

/** Whether an unblocked signal is pending, for the task or for its process. @throws Fault */
export function isSignalPending(task: Obj<"struct task_struct">): boolean {
  const waiting = signalSet(task.at("pending.signal")) | signalSet(task.at("signal.shared_pending.signal"));
  return (waiting & ~signalSet(task.at("blocked"))) !== 0n;
}
