/** 10,000 bodies made by mutating real ones: no crash, no hang, no unhandled rejection, always a valid envelope. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JsonValue } from "../src/chat/json.ts";
import { post, readEvents, startTestGateway, type TestGateway } from "./support/gateway.ts";
import { loadCaptures } from "./support/captures.ts";
import { loadRecordings } from "./support/recordings.ts";

const RUNS = 5_000;
/** Larger bodies say nothing new, and would only slow this down. */
const MAX_BODY_CHARS = 12_000;

const real: string[] = [
  ...loadRecordings("anthropic-messages").flatMap(({ request }) =>
    request && typeof request.body === "object" ? [JSON.stringify(request.body)] : [],
  ),
  ...loadCaptures().map(({ body }) => JSON.stringify(trimmed(body))),
].filter((text) => text.length <= MAX_BODY_CHARS);

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

const body = fc.constantFrom(...real);
const structural = fc
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
const textual = fc
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

describe.each(["anthropic", "gemini"] as const)("a Messages client's mutated bodies, %s upstream", (type) => {
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
      const answer = await post(gateway.url, text);
      const said = await answer.text();
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      expect([200, 400, 404, 413]).toContain(answer.status);
      expect(said).not.toBe("");
      if (answer.headers.get("content-type")?.startsWith("text/event-stream")) {
        const events = readEvents(said);
        expect(["message_stop", "error"]).toContain(events.at(-1)?.event);
        return;
      }
      const value = JSON.parse(said) as { type: string; error?: { type: string; message: string } };
      if (answer.status === 200) expect(value).toMatchObject({ type: "message", content: expect.any(Array), usage: expect.any(Object) });
      else expect(value).toMatchObject({ type: "error", error: { type: expect.any(String), message: expect.stringMatching(/\S/) } });
    };
    const bodies = fc.sample(fc.oneof(structural, textual), { numRuns: RUNS, seed: 20_261_123 });
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
