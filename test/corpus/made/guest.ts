import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createConnection } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What QEMU emulates. */
export interface Machine {
  readonly qemu: string;
  readonly argv: readonly string[];
  /** The kernel's name for the serial console. */
  readonly console: string;
}

export const x86_64: Machine = {
  qemu: "qemu-system-x86_64",
  argv: ["-cpu", "max,la57=off", "-machine", "q35"],
  console: "ttyS0",
};

export const arm64: Machine = {
  qemu: "qemu-system-aarch64",
  argv: ["-cpu", "max,pauth-impdef=on", "-machine", "virt,gic-version=3"],
  console: "ttyAMA0",
};

export interface Guest {
  readonly runsOn: Machine;
  readonly kernel: string;
  /** Undefined boots without one. */
  readonly initrd: string | undefined;
  readonly disk: string;
  readonly append: string;
  readonly memory: number;
  readonly console: string;
  readonly timeout: number;
  readonly machine?: { readonly after: string; readonly seconds: number; readonly does: "nmi" | "stall-disk" };
}

const CRASHED = /end Kernel panic/;

/**
 * Boots a guest under QEMU, waits for its panic and writes its memory as ELF to `vmcore`.
 * @throws Error when it does not panic within the time
 */
export async function crashGuest(guest: Guest, vmcore: string): Promise<void> {
  rmSync(guest.console, { force: true });
  const socket = `${vmcore}.qmp`;
  const argv = [
    ...["-accel", "tcg,thread=multi", ...guest.runsOn.argv, "-m", String(guest.memory), "-smp", "2"],
    ...["-display", "none", "-no-reboot", "-nodefaults", "-device", "vmcoreinfo"],
    ...["-serial", `file:${guest.console}`, "-qmp", `unix:${socket},server,nowait`],
    ...["-drive", `file=${guest.disk},if=none,id=d0,format=raw,cache=unsafe`, "-device", "virtio-blk-pci,drive=d0"],
    ...["-kernel", guest.kernel, "-append", `console=${guest.runsOn.console} panic=0 ${guest.append}`],
    ...(guest.initrd === undefined ? [] : ["-initrd", guest.initrd]),
  ];
  const qemu = spawn(guest.runsOn.qemu, argv, { stdio: ["ignore", "ignore", "inherit"] });
  const deadline = Date.now() + guest.timeout * 1000;
  try {
    const ask = await monitorOf(qemu, socket);
    if (guest.machine) {
      await said(guest.machine.after, guest, qemu, deadline);
      await sleep(guest.machine.seconds * 1000);
      if (guest.machine.does === "nmi") await ask("inject-nmi");
      else await ask("block_set_io_throttle", STALLED);
    }
    await said(CRASHED, guest, qemu, deadline);
    await sleep(500);
    await ask("stop");
    await ask("dump-guest-memory", { paging: false, protocol: `file:${vmcore}` });
    await ask("quit").catch(() => {});
  } finally {
    qemu.kill();
    rmSync(socket, { force: true });
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

/** One byte a second: a request that is sent now is answered in some hours. */
const STALLED = { device: "d0", bps: 1, bps_rd: 0, bps_wr: 0, iops: 0, iops_rd: 0, iops_wr: 0 };

async function said(what: string | RegExp, guest: Guest, qemu: ChildProcess, deadline: number): Promise<void> {
  for (;;) {
    const text = existsSync(guest.console) ? readFileSync(guest.console, "latin1") : "";
    if (typeof what === "string" ? text.includes(what) : what.test(text)) return;
    if (hasEnded(qemu) || Date.now() > deadline)
      throw new Error(`the guest never said ${String(what)}; see ${guest.console}`);
    await sleep(200);
  }
}

type Ask = (execute: string, args?: object) => Promise<void>;

/** QEMU's machine protocol: a line of JSON each way. */
async function monitorOf(qemu: ChildProcess, path: string): Promise<Ask> {
  while (!existsSync(path)) {
    if (hasEnded(qemu)) throw new Error("QEMU does not start");
    await sleep(50);
  }
  const socket = createConnection(path);
  socket.setEncoding("utf8");
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  let rest = "";
  socket.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const answer = JSON.parse(line) as { return?: unknown; error?: { desc: string } };
      if (answer.error) waiting.shift()?.reject(new Error(answer.error.desc));
      else if (answer.return !== undefined) waiting.shift()?.resolve();
    }
  });
  socket.on("error", (error) => waiting.shift()?.reject(error));
  const ask: Ask = (execute, args) =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    });
  await ask("qmp_capabilities");
  return ask;
}
