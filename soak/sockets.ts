/** The sockets that a process holds, told apart by whom they lead to. Linux only. */
import { readFileSync, readdirSync, readlinkSync } from "node:fs";

/** Counts of one process. */
export interface OpenFiles {
  /** Connections that came in on the port. */
  readonly clients: number;
  /** Connections that lead to the upstream's port. */
  readonly upstream: number;
  /** Everything else that is open: files, pipes, and sockets that listen or lead elsewhere. */
  readonly others: number;
}

/** What a process has open. @param port where it listens @param upstreamPort where its upstream does */
export function openFiles(pid: number, port: number, upstreamPort: number): OpenFiles {
  const ends = new Map([...connections(`/proc/${pid}/net/tcp`), ...connections(`/proc/${pid}/net/tcp6`)]);
  let [clients, upstream, others] = [0, 0, 0];
  for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
    const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${descriptor}`))?.[1] ?? "";
    const end = ends.get(inode);
    if (end?.remote === upstreamPort) upstream += 1;
    else if (end?.local === port && end.remote !== 0) clients += 1;
    else others += 1;
  }
  return { clients, upstream, others };
}

/** Ports of each TCP socket by its inode, as in proc(5); a socket that listens has no remote port. */
function connections(file: string): [inode: string, ends: { readonly local: number; readonly remote: number }][] {
  const lines = readFileSync(file, "utf8").trim().split("\n").slice(1);
  return lines.map((line) => {
    const fields = line.trim().split(/\s+/);
    const [local, remote] = [fields[1], fields[2]].map((address = "") => Number.parseInt(address.split(":")[1] ?? "0", 16));
    return [fields[9] ?? "", { local: local ?? 0, remote: remote ?? 0 }];
  });
}

/** A descriptor may be closed between being listed and being read. */
function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return "";
  }
}
