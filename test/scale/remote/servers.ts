/** Real servers on ports of their own, and the built program that reads dumps from them. */
import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { corpus } from "../../corpus/corpus.ts";

const stored = join(corpus, "x86_64-6.1/sysrq/vmcore");
/** The stored dump, or the sample where there is no corpus. */
export const dump = existsSync(stored) ? stored : "sample/vmcore";

export const has = (program: string): boolean => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;

/** Returns a port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Waits until a server accepts connections. @throws Error with the output of a program that has ended */
async function listening(port: number, child: ChildProcess, output: () => string): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended: ${output()}`);
    const socket = connect(port, "127.0.0.1");
    const isOpen = await once(socket, "connect").then(() => true, () => false); // prettier-ignore
    socket.destroy();
    if (isOpen) return;
    await sleep(50);
  }
  throw new Error(`${child.spawnfile} does not listen at port ${port}: ${output()}`);
}

/** A folder with the files of servers, and the servers that were started in it. */
export class Servers {
  readonly folder = mkdtempSync(join(tmpdir(), "vmcore-servers-"));
  private readonly children: ChildProcess[] = [];

  /** Starts a program and waits until it listens at a port. */
  async start(command: string, argv: readonly string[], port: number): Promise<void> {
    const child = spawn(command, argv, { stdio: ["ignore", "ignore", "pipe"] });
    this.children.push(child);
    let text = "";
    child.stderr?.setEncoding("utf8").on("data", (more: string) => (text = (text + more).slice(-4000)));
    await listening(port, child, () => text);
  }

  /** Writes a file in the folder, and returns its path. */
  write(name: string, text: string, mode = 0o644): string {
    const path = join(this.folder, name);
    writeFileSync(path, text, { mode });
    return path;
  }

  async stop(): Promise<void> {
    for (const child of this.children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill();
      await once(child, "exit");
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Starts nginx with blocks of `server { … }`, and returns what its log has: a line for each request. */
export async function nginx(servers: Servers, port: number, blocks: string): Promise<() => readonly string[]> {
  const { folder } = servers;
  const log = join(folder, "access.log");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  );
  const config = servers.write(
    "nginx.conf",
    `${process.getuid?.() === 0 ? "user root;" : ""} worker_processes 1; daemon off; pid ${join(folder, "nginx.pid")};
    events { worker_connections 64; }
    http {
      ${temporary.join(" ")}
      log_format seen '$status $host $request_uri range=$http_range auth=$http_authorization';
      access_log ${log} seen;
      ${blocks}
    }`,
  );
  await servers.start("nginx", ["-c", config, "-p", folder, "-e", join(folder, "error.log")], port);
  return () => readFileSync(log, "utf8").trim().split("\n");
}

export interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built program on an address, with a cache of its own. The line that names the file is left out. */
export async function open(
  address: string,
  lines: readonly string[],
  { env = {}, cache = mkdtempSync(join(tmpdir(), "vmcore-remote-")) } = {},
): Promise<Answer> {
  const argv = ["dist/cli.js", "--no-rc", "--no-search", address, ...lines.flatMap((line) => ["-c", line])];
  mkdirSync(cache, { recursive: true });
  const answer = await new Promise<Answer>((done) => {
    execFile(
      process.execPath,
      argv,
      // Names of proxies in the caller's environment are not for this test.
      { encoding: "utf8", maxBuffer: 1 << 26, timeout: 120_000, env: { ...withoutProxies(), ...env, XDG_CACHE_HOME: cache } }, // prettier-ignore
      (error, stdout, stderr) => done({ status: Number(error?.code ?? 0), stdout: stdout.replace(/^ *DUMPFILE:.*$/m, ""), stderr }), // prettier-ignore
    );
  });
  rmSync(cache, { recursive: true });
  return answer;
}

const withoutProxies = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name)));

/** Makes a certificate of an authority and one of a server at 127.0.0.1 that it signed. */
export function certificates(folder: string): {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
} {
  // prettier-ignore
  const at = (name: string): string => join(folder, name);
  const run = (...argv: string[]): void => void execFileSync("openssl", argv, { cwd: folder, stdio: "ignore" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  run("req", "-x509", ...key, "-subj", "/CN=test authority", "-days", "2", "-keyout", "ca.key", "-out", "ca.pem");
  run("req", ...key, "-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "server.csr");
  writeFileSync(at("names"), "subjectAltName=IP:127.0.0.1\n");
  run("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "server.pem"); // prettier-ignore
  return { authority: at("ca.pem"), certificate: at("server.pem"), key: at("server.key") };
}
