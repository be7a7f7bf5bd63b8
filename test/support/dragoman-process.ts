/** Runs the binary as an operator does: a process of its own, with nothing of this one's environment. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** How a process ended, and all it wrote. */
export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface DragomanProcess {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** Resolves with the first match in what it has written. Rejects when the process ends without one. */
  said(stream: "stdout" | "stderr", pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<Outcome>;
}

/**
 * Starts it.
 * @param limits what a shell does first, such as `ulimit -f 64`.
 */
export function startDragoman(
  args: readonly string[],
  directory: string,
  environment: Readonly<Record<string, string>>,
  limits = "true",
): DragomanProcess {
  const command = ["-c", `${limits} && exec "$@"`, "sh", process.execPath, main, ...args];
  const child = spawn("/bin/sh", command, { cwd: directory, env: { ...environment }, stdio: ["ignore", "pipe", "pipe"] });
  const written = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (text: string) => (written[stream] += text));
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode) => resolve({ exitCode, ...written }));
  });
  return {
    child,
    ended,
    said: (stream, pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(written[stream]);
          if (match !== null) resolve(match);
        };
        look();
        child[stream].on("data", look);
        void ended.then((outcome) => reject(new Error(`dragoman ended before it said ${String(pattern)}: ${JSON.stringify(outcome)}`)));
      }),
  };
}

/** Runs it to its end. */
export function runDragoman(args: readonly string[], directory: string, environment: Readonly<Record<string, string>>): Promise<Outcome> {
  return startDragoman(args, directory, environment).ended;
}
