/** 25,000 bodies made by mutating real ones: no crash, no hang, no unhandled rejection, always a valid envelope. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JsonValue } from "../src/chat/json.ts";
import { BODIES as CHAT_BODIES } from "./support/chat-bodies.ts";
import { startTestGateway, type TestGateway } from "./support/gateway.ts";
import { loadCaptures } from "./support/captures.ts";
import { loadRecordings } from "./support/recordings.ts";
import { BODIES as RESPONSES_BODIES } from "./support/responses-bodies.ts";

const RUNS = 2_500;
/** Larger bodies say nothing new, and would only slow this down. */
const MAX_BODY_CHARS = 12_000;

/** Bodies of real requests to these paths. */
function realBodies(path: RegExp): string[] {
  const recorded = ["anthropic-messages", "gemini", "openai-responses"].flatMap((folder) =>
    loadRecordings(folder).flatMap(({ request }) => request ?? []),
  );
  const everything = [
    ...CHAT_BODIES.map((body) => ({ path: "/v1/chat/completions", body })),
    ...RESPONSES_BODIES.map((body) => ({ path: "/v1/responses", body })),
  ];
  const real: readonly { readonly path: string; readonly body: unknown }[] = [...recorded, ...loadCaptures()];
  const bodies = real.filter((request) => typeof request.body === "object" && request.body !== null);
  return (
    [...bodies.map((request) => ({ ...request, body: trimmed(request.body as JsonValue) })), ...everything]
      .filter((request) => path.test(request.path))
      // Pictures that would have to be fetched first say nothing about bodies, and looking for their hosts takes long.
      .map(({ body }) => JSON.stringify(body).replaceAll(/"https:[^"]*"/g, '"data:image/png;base64,iVBORw0KGgo="'))
      .filter((text) => text.length <= MAX_BODY_CHARS)
  );
}

/** Long texts cut, so that a capture's structure fits. */
function trimmed(value: JsonValue): JsonValue {
  if (typeof value === "string") return value.slice(0, 60);
  if (Array.isArray(value)) return value.slice(0, 6).map(trimmed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, trimmed(member as JsonValue)]));
}

type Path = readonly (string | number)[];

function pathsOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, member]) => pathsOf(member, [...at, Array.isArray(value) ? Number(key) : key]))];
}

function changed(value: unknown, path: Path, change: (old: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return change(value);
  if (Array.isArray(value)) return value.flatMap((member, i) => (i === key ? keep(changed(member, rest, change)) : [member]));
  const entries = Object.entries(value as object).flatMap(([name, member]) =>
    name === key ? keep(changed(member, rest, change)).map((kept) => [name, kept]) : [[name, member]],
  );
  return Object.fromEntries(entries) as unknown;
}

const REMOVED = Symbol("removed");
const keep = (value: unknown): unknown[] => (value === REMOVED ? [] : [value]);

const structural = (body: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      body,
      fc.array(
        fc.tuple(
          fc.nat(),
          fc.oneof(fc.constant(REMOVED), fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(null, "", -1, 1e308, [], {}, [[]], "text", true)),
        ),
        { minLength: 1, maxLength: 3 },
      ),
    )
    .map(([text, changes]) => {
      let value: unknown = JSON.parse(text);
      for (const [at, replacement] of changes) {
        const paths = pathsOf(value);
        const path = paths[at % paths.length] ?? [];
        if (path.length > 0) value = changed(value, path, () => replacement);
      }
      return JSON.stringify(value);
    });
const textual = (body: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      body,
      fc.array(fc.tuple(fc.nat(), fc.constantFrom("", '"', "{", "}", "[", "]", ",", ":", "\\", "\u0000", "\ud800", "0", "null", "\n")), {
        minLength: 1,
        maxLength: 3,
      }),
      fc.boolean(),
    )
    .map(([text, edits, cut]) => {
      const edited = edits.reduce(
        (now, [at, insert]) => now.slice(0, at % now.length) + insert + now.slice((at % now.length) + (insert === "" ? 3 : 1)),
        text,
      );
      return cut ? edited.slice(0, edited.length >> 1) : edited;
    });

/** A protocol that clients speak. */
interface Dialect {
  readonly name: string;
  readonly path: string;
  /** The paths of requests like those. */
  readonly like: RegExp;
  readonly headers: Readonly<Record<string, string>>;
  /** How a stream ends, well or not. */
  readonly streamEnd: RegExp;
  readonly whole: object;
  readonly error: object;
}

const text = expect.any(String) as string;
const GOOGLE_ERROR = { code: expect.any(Number) as number, status: text, message: expect.stringMatching(/\S/) as string };
const DIALECTS: readonly Dialect[] = [
  {
    name: "Messages",
    path: "/v1/messages",
    like: /^\/v1\/messages/,
    headers: { "anthropic-version": "2023-06-01" },
    streamEnd: /event: (?:message_stop|error)\n.*\n\n$/,
    whole: { type: "message", content: expect.any(Array) as unknown[], usage: expect.any(Object) as object },
    error: { type: "error", error: { type: text, message: expect.stringMatching(/\S/) as string } },
  },
  {
    name: "Chat",
    path: "/v1/chat/completions",
    like: /^\/v1\/chat\/completions/,
    headers: {},
    streamEnd: /data: (?:\[DONE\]|\{"error":\{.*)\n\n$/,
    whole: { object: "chat.completion", choices: [{ message: { role: "assistant" }, finish_reason: text }] },
    error: { error: { type: text, message: expect.stringMatching(/\S/) as string } },
  },
  {
    name: "Responses",
    path: "/v1/responses",
    like: /^\/v1\/responses/,
    headers: {},
    streamEnd: /event: response\.(?:completed|incomplete|failed)\n.*\n\n$/,
    whole: {
      object: "response",
      status: expect.stringMatching(/^(?:completed|incomplete)$/) as string,
      output: expect.any(Array) as unknown[],
    },
    error: { error: { type: text, message: expect.stringMatching(/\S/) as string } },
  },
  {
    name: "Gemini",
    path: "/v1beta/models/m:streamGenerateContent?alt=sse",
    like: /enerateContent/,
    headers: { "x-goog-api-key": "any" },
    streamEnd: /data: \{.*"(?:finishReason|error)":.*\}\r?\n\r?\n$/,
    whole: {},
    error: { error: GOOGLE_ERROR },
  },
  {
    name: "Gemini array",
    path: "/v1beta/models/m:streamGenerateContent",
    like: /enerateContent/,
    headers: { "x-goog-api-key": "any" },
    streamEnd: /^$/,
    whole: expect.arrayContaining([
      expect.objectContaining({ candidates: [expect.objectContaining({ finishReason: text })] as unknown }),
    ]) as object,
    error: [{ error: GOOGLE_ERROR }],
  },
];
const CASES = DIALECTS.flatMap((dialect) => (["anthropic", "gemini"] as const).map((type) => [dialect.name, type, dialect] as const));

describe.each(CASES)("a %s client's mutated bodies, %s upstream", (_name, type, dialect) => {
  let gateway: TestGateway;
  const unhandled: unknown[] = [];
  const catchAll = (reason: unknown): void => void unhandled.push(reason);
  beforeAll(async () => {
    process.on("unhandledRejection", catchAll);
    // The upstream has no fault of its own, so nothing may rest and nothing may be a 5xx.
    gateway = await startTestGateway({
      simulator: { record: false },
      config: (upstream) => `
server: { heartbeat: 20s }
providers:
  up: { type: ${type}, base_url: "${upstream}", credentials: [{ name: a, api_key: k }] }
models: { "*": ${type === "gemini" ? "up/gemini-3.8-pro" : "up/claude-sonnet-4-6"} }
`,
    });
  });
  afterAll(async () => {
    process.off("unhandledRejection", catchAll);
    await gateway.close();
  });

  test(`${RUNS} bodies`, async () => {
    const statuses = new Map<number, number>();
    const check = async (text: string): Promise<void> => {
      const headers = { "content-type": "application/json", ...dialect.headers };
      const answer = await fetch(`${gateway.url}${dialect.path}`, { method: "POST", headers, body: text });
      const said = await answer.text();
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      expect([200, 400, 404, 413]).toContain(answer.status);
      expect(said).not.toBe("");
      if (answer.headers.get("content-type")?.startsWith("text/event-stream")) {
        expect(said).toMatch(dialect.streamEnd);
        return;
      }
      expect(JSON.parse(said)).toMatchObject(answer.status === 200 ? dialect.whole : dialect.error);
    };
    const body = fc.constantFrom(...realBodies(dialect.like));
    const bodies = fc.sample(fc.oneof(structural(body), textual(body)), { numRuns: RUNS, seed: 20_261_123 });
    const work = bodies.values();
    const failures: string[] = [];
    await Promise.all(
      Array.from({ length: 12 }, async () => {
        for (const text of work)
          await check(text).catch((error: unknown) => failures.push(`${String(error).slice(0, 300)} <- ${text.slice(0, 400)}`));
      }),
    );
    expect(failures.slice(0, 5)).toEqual([]);
    expect(unhandled).toEqual([]);
    // Both kinds happened, so both were checked.
    expect(statuses.get(200)).toBeGreaterThan(RUNS / 20);
    expect(statuses.get(400)).toBeGreaterThan(RUNS / 20);
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  }, 180_000);
});
