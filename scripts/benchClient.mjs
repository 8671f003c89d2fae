// A DAP client that measures: the time of each request, the peak memory of the adapter.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** A DAP client that only asks and waits. */
export class Client {
  #rest = Buffer.alloc(0);
  #waiting = new Map();
  #seq = 1;
  /** @param {Record<string, unknown>} launch arguments of `launch` */
  constructor(launch) {
    this.launch = launch;
    this.process = spawn(process.execPath, ["dist/adapter.js"], {
      stdio: ["pipe", "pipe", "inherit"],
      // The program keeps its compiled code itself.
      env: { ...process.env, NODE_COMPILE_CACHE: undefined },
    });
    this.stopped = new Promise((done) => this.#waiting.set("stopped", done));
    this.process.stdout.on("data", (data) => this.#read(data));
  }
  /** @param {Buffer} data */
  #read(data) {
    this.#rest = Buffer.concat([this.#rest, data]);
    for (;;) {
      const head = this.#rest.indexOf("\r\n\r\n");
      const length = Number(/Content-Length: (\d+)/.exec(this.#rest.toString("latin1", 0, Math.max(0, head)))?.[1]);
      if (head < 0 || this.#rest.length < head + 4 + length) return;
      const message = JSON.parse(this.#rest.toString("utf8", head + 4, head + 4 + length));
      this.#rest = this.#rest.subarray(head + 4 + length);
      this.#waiting.get(message.type === "response" ? message.request_seq : message.event)?.(message);
    }
  }
  /** @param {string} command @param {object} [args] @returns {Promise<any>} the body of the response */
  async request(command, args) {
    const seq = this.#seq++;
    const json = JSON.stringify({ seq, type: "request", command, arguments: args });
    const answer = new Promise((done) => this.#waiting.set(seq, done));
    this.process.stdin.write(`Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`);
    const { success, message, body } = await answer;
    if (!success) throw new Error(`${command}: ${message}`);
    return body;
  }
  /** Opens the dump. @returns the thread in which it stopped */
  async open() {
    await this.request("initialize", { adapterID: "vmcore", pathFormat: "path" });
    await this.request("launch", { ...this.launch, search: false });
    await this.request("configurationDone");
    return (await this.stopped).body.threadId;
  }
  /** Opens the dump and asks what an editor asks first. */
  async arrive() {
    const threadId = await this.open();
    const { stackFrames } = await this.request("stackTrace", { threadId });
    const isCrash = (/** @type {any} */ { source, presentationHint }) =>
      source && source.presentationHint !== "deemphasize" && presentationHint === undefined;
    const { scopes } = await this.request("scopes", { frameId: stackFrames.find(isCrash).id });
    return { stackFrames, scopes };
  }
  peakMiB() {
    const status = existsSync("/proc/self") ? readFileSync(`/proc/${this.process.pid}/status`, "utf8") : "";
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? NaN) / 1024;
  }
  async close() {
    const gone = new Promise((done) => this.process.once("exit", done));
    await this.request("disconnect");
    await gone;
  }
}

/** Words that are hovered over, and lines that are typed letter by letter, in a frame of vfs_write(). */
const HOVERED = [
  "file",
  "file->f_path",
  "file->f_op",
  "file->f_inode->i_sb",
  "count",
  "pos",
  "jiffies",
  "init_task",
  "runqueues:1",
  "ffffffff81aa8a06",
];
const TYPED = ["p file->f_pat", "struct task_struct", "p init_task.mm", "bt -l", "log -T", "p jiffies", "sym panic"];
const PREFIXES = TYPED.flatMap((line) => Array.from(line, (_, i) => line.slice(0, i + 1)));

export const hovered = (/** @type {number} */ i) => HOVERED[i % HOVERED.length];
export const typed = (/** @type {number} */ i) => PREFIXES[i % PREFIXES.length] ?? "";
