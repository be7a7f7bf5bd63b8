/**
 * The benchmark's load client: keeps a number of connections busy with one request and measures during a window.
 * Takes a {@link LoadPlan} as JSON in its first argument and prints a {@link LoadResult} as one line of JSON. Reads HTTP by hand, into one
 * buffer that all connections share, because node:http would make this process the bottleneck.
 */
import { connect, type Socket } from "node:net";

import { cpuSeconds, machineBusySeconds } from "./machine.ts";
import { markByte, monotonicMicros, readMark } from "./marks.ts";
import { requestBytes, type RequestPlan } from "./requests.ts";

/** What to send, how much of it, and what to watch meanwhile. Times in ms. */
export interface LoadPlan {
  readonly request: RequestPlan;
  readonly port: number;
  readonly connections: number;
  /** The connections start evenly over this time. */
  readonly rampMs: number;
  /** Runs unmeasured for this long after the ramp. */
  readonly warmMs: number;
  readonly windowMs: number;
  /** The process whose CPU is measured, undefined when nothing stands between client and upstream. */
  readonly watched?: number;
  readonly upstream: number;
}

/** What happened within the window. */
export interface LoadResult {
  readonly seconds: number;
  readonly requests: number;
  readonly events: number;
  /** CPU seconds of the watched process. */
  readonly cpu: number;
  /** CPU seconds of this client and the upstream. */
  readonly toolCpu: number;
  /** CPU seconds of everything else on the machine. */
  readonly otherCpu: number;
  /** Median time in ms from the upstream's write to this client's read, undefined when events were not paced. */
  readonly delayMs?: number;
  /** Failed answers since the start, and the first of them in words. */
  readonly errors: number;
  readonly firstError?: string;
}

const plan = JSON.parse(process.argv[2] ?? "{}") as LoadPlan;
const request = requestBytes(plan.request);
const expectedEvents = plan.request.pace?.events;
/** How often an answer says its text: in Responses its end does so again for the text, its part, its item and the response. */
const tellings = plan.request.protocol === "responses" && plan.request.pace?.intervalMs === 0 ? 5 : 1;
const lastChunk = "\r\n0\r\n\r\n";
/** All reads land here; what is kept beyond one read is copied out. */
const shared = Buffer.allocUnsafe(262_144);

let measuring = false;
let requests = 0;
let events = 0;
let errors = 0;
let firstError: string | undefined;
const delays: number[] = [];

function fail(reason: string): void {
  errors += 1;
  firstError ??= reason;
}

/** One connection, which sends the request again as soon as an answer is complete. */
function open(): void {
  let head = "";
  let inBody = false;
  /** Bytes of the body still to come, or -1 when its end is told by the last chunk. */
  let missing = 0;
  let tail = "";
  let seen = 0;

  const begin = () => {
    head = tail = "";
    inBody = false;
    seen = 0;
    socket.write(request);
  };
  const finish = () => {
    if (expectedEvents !== undefined && seen !== expectedEvents * tellings) fail(`${seen / tellings} events instead of ${expectedEvents}`);
    if (measuring) requests += 1;
    begin();
  };
  const readHead = (bytes: Buffer): Buffer | undefined => {
    const before = head.length;
    head += bytes.toString("latin1", 0, bytes.length);
    const end = head.indexOf("\r\n\r\n");
    if (end === -1) return undefined;
    if (!head.startsWith("HTTP/1.1 200")) fail(head.slice(0, 400).replaceAll(/\s+/g, " "));
    const length = /\r\ncontent-length: *(\d+)/i.exec(head.slice(0, end))?.[1];
    missing = length === undefined ? -1 : Number(length);
    inBody = true;
    return bytes.subarray(end + 4 - before);
  };
  const onBytes = (count: number): boolean => {
    const bytes = shared.subarray(0, count);
    const body = inBody ? bytes : readHead(bytes);
    if (body === undefined) return true;
    if (expectedEvents !== undefined) seen += countEvents(body);
    if (missing >= 0) missing -= body.length;
    else tail = (tail + body.toString("latin1", Math.max(0, body.length - lastChunk.length))).slice(-lastChunk.length);
    if (missing === 0 || tail === lastChunk) finish();
    return true;
  };

  const socket: Socket = connect({ port: plan.port, host: "127.0.0.1", noDelay: true, onread: { buffer: shared, callback: onBytes } });
  socket.on("connect", begin);
  socket.on("error", (error) => fail(error.message));
  socket.on("close", () => {
    fail("the connection was closed");
    setTimeout(open, 100);
  });
}

function countEvents(body: Buffer): number {
  const now = measuring ? monotonicMicros() : 0;
  let count = 0;
  for (let at = body.indexOf(markByte); at !== -1; at = body.indexOf(markByte, at + 1)) {
    count += 1;
    if (!measuring || plan.request.pace?.intervalMs === 0) continue;
    const time = readMark(body, at);
    if (time !== undefined) delays.push(now - time);
  }
  if (measuring) events += count / tellings;
  return count;
}

const sample = () => ({
  at: monotonicMicros(),
  watched: plan.watched === undefined ? 0 : cpuSeconds(plan.watched),
  tools: cpuSeconds(plan.upstream) + cpuSeconds(process.pid),
  busy: machineBusySeconds(),
});

function median(numbers: number[]): number | undefined {
  return numbers.sort((a, b) => a - b)[numbers.length >> 1];
}

for (let index = 0; index < plan.connections; index += 1) setTimeout(open, (plan.rampMs * index) / plan.connections);
setTimeout(() => {
  const start = sample();
  measuring = true;
  setTimeout(() => {
    measuring = false;
    const end = sample();
    const cpu = end.watched - start.watched;
    const toolCpu = end.tools - start.tools;
    const delay = median(delays);
    const result: LoadResult = {
      seconds: (end.at - start.at) / 1e6,
      requests,
      events,
      cpu,
      toolCpu,
      otherCpu: end.busy - start.busy - cpu - toolCpu,
      ...(delay !== undefined && { delayMs: delay / 1000 }),
      errors,
      ...(firstError !== undefined && { firstError }),
    };
    process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
  }, plan.windowMs);
}, plan.rampMs + plan.warmMs);
