/** A Redis or Valkey server of a test's own: it keeps nothing on disk, and can be killed, brought back and stopped in its tracks. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { tmpdir } from "node:os";

export interface RedisServer {
  readonly port: number;
  /** For the config. */
  readonly url: string;
  /** Ends it at once; all that it knew is gone. */
  kill(): Promise<void>;
  /** Starts it again, empty, on the same port. */
  restart(): Promise<void>;
  /** It answers nothing, and its connections stay open. */
  hang(): void;
  goOn(): void;
}

export interface RedisServerOptions {
  readonly password?: string;
  /** Whether it is to be started; absent: it is. */
  readonly started?: boolean;
}

/** @throws Error when neither server is installed. */
export async function startRedis({ password, started = true }: RedisServerOptions = {}): Promise<RedisServer> {
  const binary = installed();
  const port = await freePort();
  let child: ChildProcess | undefined;
  const restart = async (): Promise<void> => {
    const words = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", tmpdir()];
    if (password !== undefined) words.push("--requirepass", password);
    child = spawn(binary, words, { stdio: ["ignore", "pipe", "inherit"] });
    await ready(child);
  };
  if (started) await restart();
  return {
    port,
    url: `redis://${password === undefined ? "" : `:${encodeURIComponent(password)}@`}127.0.0.1:${port}`,
    restart,
    async kill() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
    hang: () => void child?.kill("SIGSTOP"),
    goOn: () => void child?.kill("SIGCONT"),
  };
}

function installed(): string {
  const found = ["redis-server", "valkey-server"].find((name) => spawnSync(name, ["--version"]).status === 0);
  if (found === undefined) {
    throw new Error("These tests need a Redis or Valkey server: install the Debian package redis-server or valkey-server.");
  }
  return found;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes("Ready to accept connections")) resolve();
    });
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`the server ended: ${said}`)));
  });
}
