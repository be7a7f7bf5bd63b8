import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, existsSync, openSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { availableParallelism } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import type { LoadPlan, LoadResult } from "./load.ts";
import { clientKey } from "./requests.ts";

const here = path.dirname(fileURLToPath(import.meta.url));
const gatewayBinary = path.join(here, "../dist/main.js");
const haproxyBinary = ["/usr/sbin/haproxy", "/usr/local/sbin/haproxy", "/usr/bin/haproxy"].find((file) => existsSync(file));
const toolsCore = 0;
const measuredCore = 1;
const startLimitMs = 20_000;

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Whether processes can be given a core each; without it, client and gateway take each other's time. */
export const canPin = existsSync("/usr/bin/taskset") && availableParallelism() > 1;

/** Whether the plain reverse proxy to compare with is installed. */
export const hasHaproxy = haproxyBinary !== undefined;

/** A process that listens on a port of this machine. */
export interface Listening {
  readonly pid: number;
  readonly port: number;
  /** From the start of the process until a connection was accepted. */
  readonly startMs: number;
  stop(): Promise<void>;
}

/** Starts the upstream that answers every request of the benchmark. */
export async function startUpstream(): Promise<Listening> {
  const port = await freePort();
  return listening(launch(toolsCore, [process.execPath, path.join(here, "upstream.ts"), String(port)]), port);
}

/** Starts the built gateway with client keys, usage accounting and its log on, as an operator would run it. */
export async function startGateway(folder: string, upstreamPort: number): Promise<Listening> {
  const base_url = `http://127.0.0.1:${upstreamPort}`;
  const credentials = [{ api_key: "upstream-key" }];
  const config = {
    keys: [{ name: "bench", key: clientKey }],
    providers: {
      messages: { type: "anthropic", base_url, credentials },
      chat: { type: "openai-compatible", base_url: `${base_url}/v1`, credentials },
      responses: { type: "openai", base_url: `${base_url}/v1`, credentials },
      gemini: { type: "gemini", base_url, credentials },
    },
  };
  const file = path.join(folder, "dragoman.yaml");
  writeFileSync(file, JSON.stringify(config));
  const port = await freePort();
  const command = [process.execPath, gatewayBinary, "serve", "--config", file, "--port", String(port)];
  return listening(launch(measuredCore, command, { log: path.join(folder, "gateway.log"), env: { DRAGOMAN_HOME: folder } }), port);
}

/** Starts haproxy as a plain reverse proxy with the smallest configuration that keeps connections to the upstream open. */
export async function startHaproxy(folder: string, upstreamPort: number): Promise<Listening> {
  if (haproxyBinary === undefined) throw new Error("haproxy is not installed");
  const port = await freePort();
  const file = path.join(folder, "haproxy.cfg");
  writeFileSync(file, haproxyConfig(port, upstreamPort));
  return listening(launch(measuredCore, [haproxyBinary, "-db", "-f", file]), port);
}

function haproxyConfig(port: number, upstreamPort: number): string {
  return `global
  nbthread 1
  maxconn 9900
  tune.bufsize 32768
defaults
  mode http
  timeout connect 5s
  timeout client 120s
  timeout server 120s
  option http-keep-alive
  option http-no-delay
frontend clients
  bind 127.0.0.1:${port} backlog 4096
  default_backend upstream
backend upstream
  http-reuse always
  server upstream 127.0.0.1:${upstreamPort} pool-max-conn -1
`;
}

/** Runs the load client once. */
export async function runLoad(plan: LoadPlan): Promise<LoadResult> {
  const child = launch(toolsCore, [process.execPath, path.join(here, "load.ts"), JSON.stringify(plan)]);
  let output = "";
  child.stdout?.on("data", (chunk) => (output += chunk));
  await new Promise((resolve) => child.on("close", resolve));
  if (output === "") throw new Error("the load client gave no result");
  return JSON.parse(output) as LoadResult;
}

interface LaunchOptions {
  /** The file that takes what is written to stderr. */
  readonly log?: string;
  readonly env?: NodeJS.ProcessEnv;
}

function launch(core: number, command: readonly string[], { log, env }: LaunchOptions = {}): ChildProcess {
  const [file = "", ...args] = canPin ? ["taskset", "-c", String(core), ...command] : command;
  const stderr = log === undefined ? "inherit" : openSync(log, "w");
  const child = spawn(file, args, { stdio: ["ignore", "pipe", stderr], env: { ...process.env, ...env } });
  if (stderr !== "inherit") closeSync(stderr);
  running.add(child);
  child.on("exit", () => running.delete(child));
  return child;
}

async function listening(child: ChildProcess, port: number): Promise<Listening> {
  const started = performance.now();
  child.stdout?.resume();
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  while (!(await accepts(port))) {
    if (child.exitCode !== null || performance.now() - started > startLimitMs) {
      throw new Error(`${child.spawnargs.join(" ")} does not listen on port ${port}; run it by hand to see why`);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const startMs = performance.now() - started;
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  return { pid: child.pid ?? 0, port, startMs, stop };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const settle = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.on("connect", () => settle(true)).on("error", () => settle(false));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
