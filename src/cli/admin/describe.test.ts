import { expect, test } from "vitest";
import { requestRecord } from "../../../test/support/request-record.ts";
import type { Status } from "../../http/admin/status.ts";
import { describeChoice } from "./describe-choice.ts";
import { describeRequest } from "./describe-request.ts";
import { describeStatus } from "./status.ts";
import { shortDuration } from "./words.ts";

test.each([
  [0, "0ms"],
  [999.4, "999ms"],
  [999.6, "1s"],
  [1_234, "1.2s"],
  [9_999, "9.9s"],
  [59_999, "59s"],
  [60_000, "1m"],
  [200_000, "3m 20s"],
  [3_600_000, "1h"],
  [7_500_000, "2h 5m"],
  [277_200_000, "3d 5h"],
])("%s ms are %s", (ms, text) => {
  expect(shortDuration(ms)).toBe(text);
});

test("a record, in words", () => {
  const record = requestRecord("req_1", {
    at: Date.UTC(2026, 2, 1),
    fallback: "overloaded",
    recovery: "continued",
    losses: [{ code: "end-user", path: "metadata.user_id", severity: "info" }],
  });
  expect(describeRequest(record)).toBe(`req_1  2026-03-01T00:00:00.000Z

  outcome    answered after 1.2s, first content after 200ms
  key        alice
  asked      fast, anthropic-messages, generate, streamed
  served by  google/gemini-3.8-pro, second, translate lane
  fallback   from the first step, by overloaded
  affinity   the conversation moved to another credential
  session    5e55
  recovery   continued
  usage      10 in, 4 of them from the cache, 3 written to the cache, 5 out
  cost       $0.000123

attempts
  1  google/gemini-3.8-pro  first   rate_limited  at 1ms   for 20ms
  2  google/gemini-3.8-pro  second  answered      at 21ms  for 1.2s  first content after 180ms

passed over
  1  google/gemini-3.8-pro  third  cooling: overloaded  back in 900ms

losses
  info  end-user  metadata.user_id
`);
});

test("a request that nobody could serve, in words", () => {
  const {
    key: _key,
    model: _model,
    credential: _credential,
    lane: _lane,
    ...rest
  } = requestRecord("req_2", {
    at: 0,
    ms: 3,
    stream: false,
    outcome: "failed",
    error: { kind: "rate-limited", message: "Every credential rests." },
    attempts: [{ target: "google/gemini-3.8-pro", cause: "rate-limited", atMs: 2, ms: 0 }],
  });
  const { ttftMs: _ttft, fallback: _fallback, affinity: _affinity, session: _session, usage: _usage, costUsd: _cost, ...bare } = rest;
  expect(describeRequest(bare)).toBe(`req_2  1970-01-01T00:00:00.000Z

  outcome    failed after 3ms
  told       rate-limited: Every credential rests.
  asked      no model, anthropic-messages, generate
  served by  nobody; last tried: google/gemini-3.8-pro

attempts
  1  google/gemini-3.8-pro  no credential  rate-limited  at 2ms  for 0ms
`);
});

test("a status, in words", () => {
  const rest = { class: "rate-limit", failures: 1, sinceMs: 40_000, untilMs: 80_000, nextProbeMs: 80_000, probing: false } as const;
  const credential = { priority: 0, inUse: 0, cooldowns: [], rates: [] };
  const status: Status = {
    version: "1.2.3",
    at: 0,
    uptimeMs: 7_500_000,
    config: { kind: "environment", variables: ["GEMINI_API_KEY"] },
    store: { path: "/s.db", works: false, trouble: "no space left" },
    sharing: { server: "redis.test", state: "down", sinceMs: 4_000, reason: "connection refused" },
    pools: [
      {
        provider: "google",
        waiting: 2,
        circuit: [{ ...rest, model: "m", why: "overloaded", class: "transient" }],
        credentials: [
          { ...credential, name: "a", inUse: 3, maxConcurrency: 8, cooldowns: [{ ...rest, model: "m", why: "rate-limited", failures: 3 }] },
          { ...credential, name: "b", cooldowns: [{ ...rest, why: "billing", nextProbeMs: 1_000 }] },
          { ...credential, name: "c", cooldowns: [{ ...rest, model: "m", why: "timeout", untilMs: 0, nextProbeMs: 0, probing: true }] },
          { ...credential, name: "d", rates: [{ model: "m", unit: "requests", remaining: 1_200, resetMs: 38_000 }] },
        ],
      },
    ],
  };
  expect(describeStatus(status, "http://127.0.0.1:8317")).toBe(`Dragoman 1.2.3 at http://127.0.0.1:8317, up 2h 5m

  config  no config file; providers from GEMINI_API_KEY
  store   cannot be written: no space left
  shared  through redis.test, down for 4s: connection refused

google  (provider down, 2 requests wait)
  a  cooling for 1 model    3 of 8 in use
  b  cooling                0 in use
  c  due to be tried again  0 in use
  d  ready                  0 in use

    all  m           overloaded              for 40s      1m 20s to go  probe in 1m 20s
    a    m           rate-limited (3 times)  for 40s      1m 20s to go  probe in 1m 20s
    b    all models  billing                 for 40s      1m 20s to go  probe in 1s
    c    m           timeout                 for 40s      over          being probed
    d    m           1,200 requests left     more in 38s
`);
  const { sharing: _sharing, ...alone } = status;
  expect(describeStatus({ ...alone, store: { works: true }, pools: [] }, "u")).toContain(
    "store   in memory, until Dragoman ends\n\nNo provider is configured.\n",
  );
});

test("a choice, in words", () => {
  const choice = describeChoice({
    model: "fast",
    loss: "strict",
    session: "s",
    outcome: { type: "refused", kind: "rate-limited", message: "Every credential rests.", retryAfterMs: 200_000 },
    steps: [
      {
        targets: [{ target: "google/x", protocol: "gemini" }],
        strategy: "weighted",
        reached: true,
        passedOver: [
          { target: "google/x", credential: "a", reason: "cooling", why: "rate-limited", recoversMs: 200_000 },
          { target: "google/x", credential: "b", reason: "probing", why: "timeout", recoversMs: 0 },
        ],
      },
      { targets: [{ target: "o/y", protocol: "openai-chat" }], strategy: "cheapest", on: ["billing"], reached: false, passedOver: [] },
    ],
  });
  expect(choice).toBe(`fast  (session s, loss strict)
  is refused (rate-limited): Every credential rests. Again in 3m 20s.

step 1  google/x  (weighted)
    google/x  a  cooling: rate-limited  back in 3m 20s
    google/x  b  being probed: timeout  due to be tried again

step 2  o/y  (cheapest; on billing)
  no credentials
`);
});
