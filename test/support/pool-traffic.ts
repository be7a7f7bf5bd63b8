/** Configurations and traffic for simulations of the pool. */
import type { Config } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/load.ts";
import type { TrafficRequest } from "../../src/pool-simulation/traffic.ts";

/** When recorded traffic begins. */
export const START = Date.UTC(2026, 0, 5, 8);

export function poolConfig(text: string): Config {
  return parseConfig(text, { path: "dragoman.yaml", environment: {} }).config;
}

/** One provider, `p`, with these credentials, in YAML. */
export function onePool(credentials: string, more = "", strategy = "round-robin"): Config {
  return poolConfig(`providers: { p: { type: gemini, strategy: ${strategy}, credentials: [${credentials}] } }\n${more}`);
}

/** A request for Gemini, so many ms after the start, that takes a second. */
export function recorded(afterMs: number, settings: Partial<TrafficRequest> = {}): TrafficRequest {
  return { at: START + afterMs, protocol: "gemini", model: "gemini-2.5-pro", ms: 1_000, cancelled: false, ...settings };
}
