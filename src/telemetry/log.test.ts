import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GatewayError, toGatewayError } from "../chat/error.ts";
import { createLogger, LOG_LEVELS, type LogLevel } from "./log.ts";
import { Redaction } from "./redaction.ts";

function logged(secrets: readonly string[] | Redaction, write: (log: ReturnType<typeof createLogger>) => void, level: LogLevel = "trace") {
  const lines: string[] = [];
  write(createLogger({ level, secrets, stream: { write: (line) => lines.push(line) } }));
  return lines;
}

function only(lines: readonly string[]): Record<string, unknown> {
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? "") as Record<string, unknown>;
}

const SECRET = 'sk-live-"quoted"\\and/slashed+0123456789';

describe("no line at any level holds a secret", () => {
  const everywhere: [string, (log: ReturnType<typeof createLogger>, level: Exclude<LogLevel, "silent">) => void][] = [
    ["as the message", (log, level) => log[level](`key ${SECRET} refused`)],
    ["as a value", (log, level) => log[level]({ headers: { "x-api-key": SECRET } }, "m")],
    ["as a key", (log, level) => log[level]({ [SECRET]: 1 }, "m")],
    ["in a list, in the middle", (log, level) => log[level]({ list: [[`a${SECRET}b`]] }, "m")],
    ["in a URL", (log, level) => log[level]({ url: `/v1/models?key=${encodeURIComponent(SECRET)}` }, "m")],
    ["in an error", (log, level) => log[level]({ err: new Error(`no ${SECRET}`, { cause: new Error(SECRET) }) }, "m")],
    ["in an error's properties", (log, level) => log[level]({ err: Object.assign(new Error("m"), { request: { key: SECRET } }) }, "m")],
    ["in a gateway error", (log, level) => log[level]({ err: toGatewayError(new Error(SECRET)) }, "m")],
    ["bound to a child", (log, level) => log.child({ key: SECRET })[level]("m")],
  ];

  test.each(everywhere)("%s", (_place, write) => {
    for (const level of LOG_LEVELS) {
      if (level === "silent") continue;
      const lines = logged(["other-secret", SECRET], (log) => write(log, level));
      only(lines);
      const line = lines.join("");
      expect(line).toContain("[redacted]");
      expect(line).not.toContain("0123456789");
      expect(line).not.toContain(SECRET);
    }
  });

  test("any secret, any place in the text", () => {
    const secret = fc.string({ minLength: 8, unit: "grapheme" });
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (secret, before, after) => {
        const line = new Redaction([secret]).redact(JSON.stringify({ text: `${before}${secret}${after}` }));
        const { text } = JSON.parse(line) as { text: string };
        expect(text).not.toContain(secret);
        expect(text).toContain("[redacted]");
      }),
    );
  });
});

test("of secrets that begin alike the longer goes whole", () => {
  expect(new Redaction(["abcdefgh", "abcdefgh-ijkl"]).redact('{"a":"abcdefgh-ijkl"}')).toBe('{"a":"[redacted]"}');
});

test("a short secret goes where it stands alone, and ordinary words stay", () => {
  expect(new Redaction(["in"]).redact('{"a":"in","b":"within","in":1}')).toBe('{"a":"[redacted]","b":"within","[redacted]":1}');
});

test("keys that nobody registered go from the places keys stand in", () => {
  const redaction = new Redaction([]);
  expect(redaction.redact('{"authorization":"Bearer wrong-key-1"}')).toBe('{"authorization":"Bearer [redacted]"}');
  expect(redaction.redact('{"url":"/v1beta/models?alt=sse&key=AIza-wrong&x=1"}')).toBe(
    '{"url":"/v1beta/models?alt=sse&key=[redacted]&x=1"}',
  );
});

test("new secrets are left out from then on, and old ones still", () => {
  const redaction = new Redaction(["first-secret", "both-secret"]);
  const lines = logged(redaction, (log) => {
    log.info("second-secret");
    redaction.replace(["second-secret", "both-secret"]);
    redaction.replace(["third-secret", "both-secret"]);
    log.info("first-secret second-secret third-secret both-secret");
  });
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
    "second-secret",
    "[redacted] [redacted] [redacted] [redacted]",
  ]);
});

test("what is always a secret is never replaced", () => {
  const redaction = new Redaction(["first-secret"], ["admin-secret"]);
  for (let i = 0; i < 300; i += 1) redaction.replace([`secret-${String(i).padStart(4, "0")}`]);
  expect(redaction.redact("admin-secret first-secret")).toBe("[redacted] first-secret");
});

test("of secrets that were replaced long ago the oldest are forgotten", () => {
  const redaction = new Redaction(["secret-0000"]);
  for (let i = 1; i <= 201; i += 1) redaction.replace([`secret-${String(i).padStart(4, "0")}`]);
  expect(redaction.redact("secret-0000 secret-0001 secret-0201")).toBe("secret-0000 [redacted] [redacted]");
});

test("an empty secret changes nothing", () => {
  expect(new Redaction([""]).redact('{"a":""}')).toBe('{"a":""}');
});

describe("errors", () => {
  test("what a caller or an upstream caused has no stack, no body and no cause but its message", () => {
    const error = new GatewayError("rate-limited", "Wait.", {
      retryAfterMs: 3000,
      upstreamStatus: 429,
      upstreamAnswer: { status: 429, headers: ["set-cookie", "x"], body: Buffer.from("a prompt") },
      cause: new Error("socket closed"),
    });
    const lines = logged([], (log) => log.warn({ err: error }, "attempt failed"));
    expect(only(lines)["err"]).toEqual({
      kind: "rate-limited",
      message: "Wait.",
      retryAfterMs: 3000,
      upstreamStatus: 429,
      cause: "socket closed",
    });
  });

  test("our own fault has its stack and its cause's", () => {
    const lines = logged([], (log) => log.error({ err: toGatewayError(new TypeError("x is undefined")) }, "failed"));
    expect(only(lines)["err"]).toMatchObject({
      kind: "internal",
      stack: expect.stringContaining("log.test.ts") as string,
      cause: { type: "TypeError", message: "x is undefined", stack: expect.stringContaining("log.test.ts") as string },
    });
  });
});

test("lines below the level are not written", () => {
  const lines = logged([], (log) => (log.info("a"), log.warn("b"), log.error("c")), "warn");
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(["b", "c"]);
});

test("a line says how grave, and when in UTC", () => {
  const line = only(logged([], (log) => log.info("a")));
  expect(line).toEqual({ level: "info", time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string, msg: "a" });
});
