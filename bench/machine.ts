/** What Linux tells of a process and of the machine. Times are in seconds of CPU. */
import { readFileSync, readdirSync } from "node:fs";

const ticksPerSecond = 100;

/** A process and all that descend from it. */
function family(pid: number): number[] {
  const pids = [pid];
  for (const parent of pids) {
    for (const thread of list(`/proc/${parent}/task`)) {
      const children = read(`/proc/${parent}/task/${thread}/children`).trim();
      if (children !== "") pids.push(...children.split(" ").map(Number));
    }
  }
  return pids;
}

/** CPU seconds, user and system, that a process and its descendants have used. */
export function cpuSeconds(pid: number): number {
  return sum(family(pid), (member) => {
    const [, fields = ""] = read(`/proc/${member}/stat`).split(") ");
    const [user, system] = fields.split(" ").slice(11, 13).map(Number);
    return ((user ?? 0) + (system ?? 0)) / ticksPerSecond;
  });
}

/** The most memory in MB that a process and its descendants have held at once. */
export function peakMegabytes(pid: number): number {
  return sum(family(pid), (member) => Number(/VmHWM:\s+(\d+)/.exec(read(`/proc/${member}/status`))?.[1] ?? 0) / 1024);
}

/** CPU seconds that all processors together have worked since the machine started. */
export function machineBusySeconds(): number {
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, softInterrupts = 0, stolen = 0] = (read("/proc/stat").split("\n")[0] ?? "")
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + interrupts + softInterrupts + stolen) / ticksPerSecond;
}

function sum(pids: readonly number[], measure: (pid: number) => number): number {
  return pids.reduce((total, pid) => total + measure(pid), 0);
}

/** A process may end between being listed and being read; then it counts as nothing. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
