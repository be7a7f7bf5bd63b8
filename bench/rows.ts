import type { LoadPlan } from "./load.ts";
import type { BenchProtocol, RequestPlan } from "./requests.ts";

/** How a row's figure is computed, and in what unit it is shown. */
type Unit = "ms/request" | "µs/event";

/** One kind of work, measured in turn through the gateway, through haproxy and with nothing in between. */
export interface Row {
  readonly name: string;
  readonly unit: Unit;
  readonly load: Pick<LoadPlan, "connections" | "rampMs">;
  /** What the client sends to the gateway; haproxy, which translates nothing, gets what the gateway sends on. */
  readonly request: Omit<RequestPlan, "provider">;
  /** The gateway's provider, which decides between relay and translation. */
  readonly provider: BenchProtocol;
  /** The most that the gateway may cost, as a multiple of haproxy's cost for the same stream or body. */
  readonly maxRatio?: number;
  /** The fewest events per second that one core must do. */
  readonly minEventsPerSecond?: number;
  /** The most that the gateway may add to an event's delay, in ms. */
  readonly maxAddedDelayMs?: number;
  /** The most memory in MB at the end of the window. Such a row gets a process of its own. */
  readonly maxMegabytes?: number;
}

const small = 900;
const large = 200_000;
const burst = { events: 200, intervalMs: 0 };
const paced = { events: 50, intervalMs: 100 };
/** Longer than the window, so that all streams are open at the same time. */
const slow = { events: 100, intervalMs: 200 };

const whole = { protocol: "messages", bodyBytes: small } as const;

/** The rows in the order of the table. The targets are those of the first milestone. */
export const rows: readonly Row[] = [
  { name: "relay-1kb", unit: "ms/request", load: { connections: 32, rampMs: 0 }, request: whole, provider: "messages", maxRatio: 5 },
  {
    name: "relay-200kb",
    unit: "ms/request",
    load: { connections: 8, rampMs: 0 },
    request: { ...whole, bodyBytes: large },
    provider: "messages",
    maxRatio: 6,
  },
  {
    name: "relay-burst",
    unit: "µs/event",
    load: { connections: 16, rampMs: 0 },
    request: { ...whole, pace: burst },
    provider: "messages",
    maxRatio: 12,
  },
  {
    name: "relay-responses-burst",
    unit: "µs/event",
    load: { connections: 16, rampMs: 0 },
    request: { protocol: "responses", bodyBytes: small, pace: burst },
    provider: "responses",
    maxRatio: 12,
  },
  {
    name: "relay-paced",
    unit: "µs/event",
    load: { connections: 300, rampMs: 3000 },
    request: { ...whole, pace: paced },
    provider: "messages",
    maxRatio: 3,
    maxAddedDelayMs: 0.4,
  },
  ...translated("messages", "gemini"),
  ...translated("messages", "chat"),
  ...translated("chat", "messages"),
  translatedBurst("messages", "responses"),
  translatedBurst("responses", "messages"),
  {
    name: "relay-2000-streams",
    unit: "µs/event",
    load: { connections: 2000, rampMs: 4000 },
    request: { ...whole, pace: slow },
    provider: "messages",
    maxMegabytes: 260,
  },
  {
    name: "translate-2000-streams",
    unit: "µs/event",
    load: { connections: 2000, rampMs: 4000 },
    request: { ...whole, pace: slow },
    provider: "gemini",
    maxMegabytes: 260,
  },
];

/** The most ms from the start of the process until it accepts connections. */
export const maxColdStartMs = 800;

/** From one protocol to another, as fast as it comes and as models write. */
function translated(protocol: BenchProtocol, provider: BenchProtocol): readonly Row[] {
  return [
    translatedBurst(protocol, provider),
    {
      name: `${protocol}-to-${provider}-paced`,
      unit: "µs/event",
      load: { connections: 300, rampMs: 3000 },
      request: { protocol, bodyBytes: small, pace: paced },
      provider,
      maxRatio: 3.5,
      maxAddedDelayMs: 0.4,
    },
  ];
}

function translatedBurst(protocol: BenchProtocol, provider: BenchProtocol): Row {
  return {
    name: `${protocol}-to-${provider}-burst`,
    unit: "µs/event",
    load: { connections: 16, rampMs: 0 },
    request: { protocol, bodyBytes: small, pace: burst },
    provider,
    minEventsPerSecond: 120_000,
  };
}
