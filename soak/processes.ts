/** The processes of a soak: the built gateway, the upstream behind it and the load before it. */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import type { LoadPlan } from "./load.ts";
import { gatewayConfig } from "./gateway-config.ts";
import type { UpstreamReport } from "./upstream.ts";

const here = path.dirname(fileURLToPath(import.meta.url));
const gatewayBinary = path.join(here, "../dist/main.js");
const startMs = 20_000;
/** Longer than the gateway gives running answers, and there are none. */
const endMs = 15_000;

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A process that answers one message after the other. */
export class Companion<Report> {
  readonly child: ChildProcess;

  constructor(child: ChildProcess) {
    this.child = child;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Sends it a message and waits for the reply. @throws Error when it has ended. */
  async ask(message: string): Promise<Report> {
    const reply = this.next();
    this.child.send(message);
    return reply;
  }

  /** Its next message. @throws Error when it ends before. */
  next(): Promise<Report> {
    return new Promise((resolve, reject) => {
      const failed = () => reject(new Error(`${this.child.spawnargs.slice(1, 3).join(" ")} has ended`));
      this.child.once("exit", failed);
      this.child.once("message", (report) => {
        this.child.off("exit", failed);
        resolve(report as Report);
      });
    });
  }

  /** Asks the process to end. @returns whether it did so by itself, with exit code 0 */
  async stop(): Promise<boolean> {
    const { child } = this;
    const ended = new Promise<boolean>((resolve) => child.once("exit", (code) => resolve(code === 0)));
    if (child.exitCode !== null) return false;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), endMs);
    const clean = await ended;
    clearTimeout(timer);
    return clean;
  }
}

/** Starts the upstream. */
export async function startUpstream(): Promise<{ readonly upstream: Companion<UpstreamReport>; readonly port: number }> {
  const upstream = new Companion<UpstreamReport>(launch([path.join(here, "upstream.ts")]));
  const { port } = await upstream.next();
  return { upstream, port };
}

/** Starts the load, which begins at once. */
export function startLoad<Report>(plan: LoadPlan): Companion<Report> {
  return new Companion(launch([path.join(here, "load.ts"), JSON.stringify(plan)]));
}

/**
 * Starts the built gateway with the probe in it; its configuration, its state and its log are in the folder.
 * @throws Error with the end of its log when it does not listen
 */
export async function startGateway<Report>(
  folder: string,
  upstreamPort: number,
): Promise<{ readonly gateway: Companion<Report>; readonly port: number }> {
  const file = path.join(folder, "dragoman.yaml");
  const log = path.join(folder, "gateway.log");
  writeFileSync(file, JSON.stringify(gatewayConfig(`http://127.0.0.1:${upstreamPort}`), undefined, 2));
  const args = ["--import", path.join(here, "probe.ts"), gatewayBinary, "serve", "--config", file, "--port", "0"];
  const child = launch(args, { log, env: gatewayEnvironment(folder) });
  const port = await new Promise<number>((resolve, reject) => {
    const fail = () => reject(new Error(`the gateway does not start: ${readFileSync(log, "utf8").slice(-3000)}`));
    const timer = setTimeout(fail, startMs);
    let output = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      const found = /listens on http:\/\/[^:\s]+:(\d+)/.exec(output)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(Number(found));
    });
    child.once("exit", fail);
  });
  return { gateway: new Companion<Report>(child), port };
}

/** As `npm start` would run it, but for a home of its own. */
function gatewayEnvironment(folder: string): NodeJS.ProcessEnv {
  const allocator = Object.entries(process.env).filter(([name]) => name.startsWith("MALLOC_"));
  return { ...Object.fromEntries(allocator), HOME: folder, DRAGOMAN_HOME: folder, DRAGOMAN_LOG: "info", PATH: process.env["PATH"] };
}

interface LaunchOptions {
  /** The file that takes what is written to stderr. */
  readonly log?: string;
  readonly env?: NodeJS.ProcessEnv;
}

function launch(args: readonly string[], { log, env }: LaunchOptions = {}): ChildProcess {
  const stderr = log === undefined ? "inherit" : openSync(log, "w");
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", stderr, "ipc"], env: env ?? process.env });
  if (stderr !== "inherit") closeSync(stderr);
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}
