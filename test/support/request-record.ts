/** Records of requests for tests of what keeps them. */
import type { RequestRecord } from "../../src/storage/request-log.ts";

/** One that came now, with everything that a record may hold, unless `changes` say otherwise. */
export function requestRecord(id: string, changes: Partial<RequestRecord> = {}): RequestRecord {
  return {
    id,
    at: Date.now(),
    ms: 1234.5,
    key: "alice",
    protocol: "anthropic-messages",
    operation: "generate",
    stream: true,
    model: "fast",
    session: "5e55",
    outcome: "answered",
    target: "google/gemini-3.8-pro",
    credential: "second",
    lane: "translate",
    ttftMs: 200.25,
    fallback: "rate_limited",
    affinity: "moved",
    attempts: [
      {
        target: "google/gemini-3.8-pro",
        credential: "first",
        cause: "rate_limited",
        atMs: 1,
        ms: 20,
        passedOver: [{ target: "google/gemini-3.8-pro", credential: "third", reason: "cooling", why: "overloaded", recoversMs: 900 }],
      },
      {
        target: "google/gemini-3.8-pro",
        credential: "second",
        cause: "answered",
        atMs: 21,
        ms: 1200,
        ttftMs: 180,
        usage: { input: 10, output: 5 },
      },
    ],
    losses: [],
    usage: { input: 10, cacheRead: 4, cacheWrite: 3, output: 5 },
    costUsd: 0.000_123,
    ...changes,
  };
}
