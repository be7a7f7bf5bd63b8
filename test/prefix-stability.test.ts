/**
 * Rule 4: the same history always gives the same upstream request, and one turn more leaves every earlier item of
 * `contents`, `systemInstruction` and `tools` byte-identical: prompt caches and bound reasoning state depend on it.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { profileFor } from "../src/catalog/profiles/index.ts";
import { LossLedger } from "../src/chat/loss.ts";
import { createStateSealer, type StateBinding } from "../src/chat/state.ts";
import { anthropicMessages } from "../src/protocols/anthropic-messages/index.ts";
import { gemini } from "../src/protocols/gemini/index.ts";
import type { ClientSide } from "../src/protocols/protocol.ts";
import { loadCaptures } from "./support/captures.ts";

const sealer = createStateSealer([Buffer.alloc(32, 3)]);
const client = anthropicMessages.client as ClientSide;

interface Encoded {
  readonly contents: readonly unknown[];
  readonly systemInstruction?: unknown;
  readonly tools?: readonly { functionDeclarations?: readonly unknown[] }[];
}

function translate(body: unknown, model: string): Encoded {
  const request = client.decodeRequest(
    { route: { operation: "generate" }, query: new URLSearchParams(), headers: {}, body: Buffer.from(JSON.stringify(body)) },
    sealer,
  );
  const target = {
    model,
    profile: profileFor({ platform: "gemini", model, protocol: "gemini" }),
    issuer: { platform: "gemini", model, account: "a" },
    losses: new LossLedger(),
  };
  const once = gemini.upstream.encodeRequest(request, target).body;
  expect(gemini.upstream.encodeRequest(request, target).body).toBe(once);
  return JSON.parse(once) as Encoded;
}

function expectPrefix(earlier: Encoded, later: Encoded): void {
  const text = (items: readonly unknown[] = []): string[] => items.map((item) => JSON.stringify(item));
  const declarations = (encoded: Encoded): string[] =>
    text(encoded.tools?.flatMap(({ functionDeclarations }) => functionDeclarations ?? []));
  expect(text(later.contents).slice(0, earlier.contents.length)).toEqual(text(earlier.contents));
  expect(JSON.stringify(later.systemInstruction)).toBe(JSON.stringify(earlier.systemInstruction));
  expect(declarations(later).slice(0, declarations(earlier).length)).toEqual(declarations(earlier));
}

const state = fc.constantFrom<StateBinding>("self", "next-call", "next-text", "alone").map((binds) =>
  sealer.seal({
    state: { issuer: { platform: "gemini", model: "gemini-3.8-pro", account: "a" }, kind: "thought-signature", value: "c2lnbmF0dXJl" },
    binds,
  }),
);
const words = fc.constantFrom("hello", "Please go on.", "é 😀", '{"json": 1}', "a\nb");
const thinking = fc.record({
  type: fc.constant("thinking"),
  thinking: fc.constantFrom("", "hm"),
  signature: fc.oneof(state, fc.constantFrom("", "EqQBCkYIBxgCKkC-foreign")),
});
const png = { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } };
const call = fc.record({
  name: fc.constantFrom("Bash", "Read", "2nd.tool"),
  input: fc.constantFrom({}, { command: "ls" }, { n: 1.5, deep: { a: [1, 2] } }),
});
const result = fc.oneof(
  words,
  fc.constant([png]),
  fc.constant([{ type: "text", text: "ok" }, png]),
  fc.constant([{ type: "tool_reference", tool_name: "Later" }]),
  fc.constant(""),
);

/** One exchange: what the user says, perhaps a system turn, what the model did. */
const exchange = fc.record({
  user: fc.oneof(words, fc.constant([png, { type: "text", text: "what is this?" }])),
  system: fc.option(words, { nil: undefined }),
  thinking: fc.option(thinking, { nil: undefined }),
  text: fc.option(words, { nil: undefined }),
  calls: fc.array(fc.tuple(call, result, fc.boolean()), { maxLength: 3 }),
  reversed: fc.boolean(),
  after: fc.option(words, { nil: undefined }),
});

type Exchange = typeof exchange extends fc.Arbitrary<infer Value> ? Value : never;

interface Message {
  readonly role: string;
  readonly content: unknown;
}

function messagesOf(exchanges: readonly Exchange[]): Message[] {
  let calls = 0;
  return exchanges.flatMap((one) => {
    const numbered = one.calls.map(([made, outcome, failed]) => ({ made, outcome, failed, id: `toolu_${(calls += 1)}` }));
    const said = [
      ...(one.thinking ? [one.thinking] : []),
      ...(one.text === undefined ? [] : [{ type: "text", text: one.text }]),
      ...numbered.map(({ made, id }) => ({ type: "tool_use", id, ...made })),
    ];
    const results: unknown[] = numbered.map(({ outcome, failed, id }) => ({
      type: "tool_result",
      tool_use_id: id,
      content: outcome,
      is_error: failed,
    }));
    if (one.reversed) results.reverse();
    if (results.length > 0 && one.after !== undefined) results.push({ type: "text", text: one.after });
    return [
      { role: "user", content: one.user },
      ...(one.system === undefined ? [] : [{ role: "system", content: one.system }]),
      { role: "assistant", content: said.length === 0 ? [{ type: "text", text: "…" }] : said },
      ...(results.length > 0
        ? [
            { role: "user", content: results },
            { role: "assistant", content: [{ type: "text", text: "done" }] },
          ]
        : []),
    ];
  });
}

const tools = ["Bash", "Read", "2nd.tool"].map((name) => ({
  name,
  description: name,
  input_schema: { type: "object", properties: { command: { type: "string" } } },
}));
const deferred = { name: "Later", description: "later", input_schema: { type: "object" }, defer_loading: true };

/** As a client does: the cache mark moves to the last message, and with it a string becomes a block. */
function withMovingMark(messages: readonly Message[]): Message[] {
  return messages.map((message, i) => {
    if (i < messages.length - 1 || typeof message.content !== "string") return message;
    return { ...message, content: [{ type: "text", text: message.content, cache_control: { type: "ephemeral" } }] };
  });
}

describe("prefix stability, Messages to Gemini", () => {
  test.each(["gemini-3.8-pro", "gemini-2.5-flash"])("generated histories, %s: every request is a prefix of the next", (model) => {
    fc.assert(
      fc.property(fc.array(exchange, { minLength: 1, maxLength: 4 }), (exchanges) => {
        const all = messagesOf(exchanges);
        let earlier: Encoded | undefined;
        for (let length = 1; length <= all.length; length += 1) {
          // A request ends with what the model is to answer.
          if (all[length - 1]?.role === "assistant") continue;
          const messages = withMovingMark(all.slice(0, length));
          const encoded = translate({ model: "m", max_tokens: 100, system: "Be brief.", messages, tools: [...tools, deferred] }, model);
          if (earlier) expectPrefix(earlier, encoded);
          earlier = encoded;
        }
      }),
      { numRuns: 300 },
    );
  });

  const sessions = Map.groupBy(
    loadCaptures().filter(({ path }) => /^\/v1\/messages(\?|$)/.test(path)),
    ({ session }) => session,
  );
  const grown = [...sessions].flatMap(([name, requests]) =>
    requests.flatMap((later, i) => {
      const earlier = requests.slice(0, i).findLast(({ body }) => continues(body, later.body));
      return earlier ? [[`${name}: ${earlier.name} → ${later.name}`, earlier, later] as const] : [];
    }),
  );

  test("there are captured sessions that grow", () => expect(grown.length).toBeGreaterThan(5));

  test.each(grown)("rules 406–409: captured session %s", (_name, earlier, later) => {
    expectPrefix(translate(earlier.body, "gemini-3.8-pro"), translate(later.body, "gemini-3.8-pro"));
  });
});

/** Whether the later request is the same conversation with more turns; cache marks and the two ways to write a text aside. */
function continues(earlier: Readonly<Record<string, unknown>>, later: Readonly<Record<string, unknown>>): boolean {
  const [a, b] = [earlier["messages"], later["messages"]];
  if (!Array.isArray(a) || !Array.isArray(b) || b.length <= a.length) return false;
  return a.every((message: Message, i) => canonical(message) === canonical(b[i] as Message));
}

function canonical({ role, content }: Message): string {
  const blocks = typeof content === "string" ? [{ type: "text", text: content }] : content;
  return JSON.stringify([role, blocks], (key, value: unknown) => (key === "cache_control" ? undefined : value));
}
