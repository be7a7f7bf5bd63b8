import { spawn } from "node:child_process";
import path from "node:path";

import type { Command } from "./client.ts";

const timeoutMs = 120_000;
/** Nothing listens there, so that no client reaches anything but this machine. */
const deadProxy = "http://127.0.0.1:9";

/** Where a client's packages, its home and its working folder are. */
export interface Place {
  readonly modules: string;
  readonly home: string;
  readonly workFolder: string;
}

/** A client that did not end well; the message has the end of its output. */
export class ClientFailure extends Error {
  /** Whether it had to be ended, because it took too long. */
  readonly hung: boolean;

  constructor(message: string, hung: boolean) {
    super(message);
    this.hung = hung;
  }
}

/**
 * Runs a client's command with a clean environment and closed stdin.
 * @returns what it printed on stdout
 * @throws ClientFailure when it fails or takes too long
 */
export async function runClient({ program, args, environment }: Command, { modules, home, workFolder }: Place): Promise<string> {
  const child = spawn(path.resolve(modules, ".bin", program), args, {
    cwd: workFolder,
    stdio: ["ignore", "pipe", "pipe"],
    // A process group of its own: some clients start themselves a second time.
    detached: true,
    env: {
      HOME: home,
      PATH: [path.dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"].join(path.delimiter),
      TERM: "dumb",
      LANG: "C.UTF-8",
      NO_COLOR: "1",
      HTTPS_PROXY: deadProxy,
      https_proxy: deadProxy,
      NO_PROXY: "127.0.0.1,localhost",
      no_proxy: "127.0.0.1,localhost",
      ...environment,
    },
  });
  const written = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (text: string) => (written[stream] += text));
  const end = () => child.pid !== undefined && process.kill(-child.pid, "SIGKILL");
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    end();
  }, timeoutMs);
  const how = await new Promise<string>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(signal === null ? `exit code ${code}` : `ended by ${signal}`));
  });
  clearTimeout(timer);
  if (how !== "exit code 0") {
    throw new ClientFailure(`${program}: ${how}\n${written.stdout.slice(-1500)}\n${written.stderr.slice(-1500)}`, hung);
  }
  return written.stdout;
}
