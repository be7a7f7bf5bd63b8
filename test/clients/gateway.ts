import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const binary = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const startMs = 20_000;

/** The built gateway as a process of its own. */
export interface GatewayProcess {
  readonly url: string;
  /** All that it has logged. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * Starts the gateway with this configuration on a free port; its state and its log go into the folder.
 * @throws Error with the end of its log when it does not listen
 */
export async function startGateway(folder: string, config: object): Promise<GatewayProcess> {
  const file = path.join(folder, "dragoman.yaml");
  const logFile = path.join(folder, "gateway.log");
  writeFileSync(file, JSON.stringify(config, undefined, 2));
  const logDescriptor = openSync(logFile, "w");
  const child = spawn(process.execPath, [binary, "serve", "--config", file, "--port", "0"], {
    cwd: folder,
    env: { HOME: folder, DRAGOMAN_HOME: folder, DRAGOMAN_LOG: "debug", PATH: process.env["PATH"] },
    stdio: ["ignore", "pipe", logDescriptor],
  });
  closeSync(logDescriptor);
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const log = () => readFileSync(logFile, "utf8");
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));

  const url = await new Promise<string>((resolve, reject) => {
    const fail = () => reject(new Error(`the gateway does not start: ${log().slice(-3000)}`));
    const timer = setTimeout(fail, startMs);
    let output = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      const found = /listens on (http:\/\/\S+)/.exec(output)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    });
    void ended.then(fail);
  });
  return {
    url,
    log,
    async stop() {
      child.kill("SIGTERM");
      await ended;
      process.off("exit", kill);
    },
  };
}
