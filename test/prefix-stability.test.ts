/**
 * Rule 4: the same history always gives the same upstream request, and one turn more leaves every earlier item of the
 * messages, the instructions and the tools byte-identical: prompt caches and bound reasoning state depend on it.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { profileFor } from "../src/catalog/profiles/index.ts";
import type { ChatRequest, ProtocolId } from "../src/chat/chat.ts";
import { LossLedger } from "../src/chat/loss.ts";
import { createStateSealer, type StateBinding } from "../src/chat/state.ts";
import { anthropicMessages } from "../src/protocols/anthropic-messages/index.ts";
import { protocols } from "../src/protocols/index.ts";
import type { ClientRoute, ClientSide, Protocol } from "../src/protocols/protocol.ts";
import { OPENAI_DIALECT, OPENAI_RESPONSES } from "../src/providers/openai/index.ts";
import { loadCaptures, type Capture } from "./support/captures.ts";
import { neutralRequests } from "./support/neutral-requests.ts";

const sealer = createStateSealer([Buffer.alloc(32, 3)]);

/** Upstreams, and models that differ in what they can be told. */
const MODELS: Readonly<Partial<Record<ProtocolId, readonly (readonly [platform: string, model: string])[]>>> = {
  "anthropic-messages": [
    ["anthropic", "claude-opus-5-5"],
    ["anthropic", "claude-sonnet-4-5"],
  ],
  "openai-chat": [
    ["openai", "gpt-5.2"],
    ["deepseek", "deepseek-chat"],
  ],
  "openai-responses": [
    ["openai", "gpt-6"],
    ["openai", "gpt-4.1"],
  ],
  gemini: [
    ["gemini", "gemini-3.8-pro"],
    ["gemini", "gemini-2.5-flash"],
  ],
};

/** Where a request goes. */
interface Target {
  readonly protocol: Protocol;
  readonly platform: string;
  readonly model: string;
}

const targets: readonly Target[] = [...protocols.values()].flatMap((protocol) =>
  (MODELS[protocol.id] ?? []).map(([platform, model]) => ({ protocol, platform, model })),
);
const foreignTo = (id: ProtocolId): readonly Target[] => targets.filter(({ protocol }) => protocol.id !== id);

/** The parts of an upstream request that a conversation repeats, as texts. */
interface Encoded {
  readonly items: readonly string[];
  readonly instructions: string;
  readonly tools: readonly string[];
}

/** A request as a client sends it. */
interface Sent {
  readonly client: ClientSide;
  readonly route: ClientRoute;
  readonly body: unknown;
}

function translate({ client, route, body }: Sent, target: Target): Encoded {
  const sent = { route, query: new URLSearchParams(), headers: {}, body: Buffer.from(JSON.stringify(body)) };
  return encode(client.decodeRequest(sent, sealer), target);
}

function encode(request: ChatRequest, { protocol, platform, model }: Target): Encoded {
  const facts = profileFor({ platform, model, protocol: protocol.id });
  const profile = platform === "openai" ? { ...facts, chat: OPENAI_DIALECT, responses: OPENAI_RESPONSES } : facts;
  const target = { model, profile, issuer: { platform, model, account: "a" }, losses: new LossLedger() };
  const once = protocol.upstream.encodeRequest(request, target).body;
  expect(protocol.upstream.encodeRequest(request, target).body).toBe(once);
  const encoded = JSON.parse(once) as Readonly<Record<string, unknown>>;
  const texts = (items: unknown): string[] => ((items ?? []) as readonly unknown[]).map((item) => JSON.stringify(item));
  const tools = ((encoded["tools"] ?? []) as readonly { functionDeclarations?: readonly unknown[] }[]).flatMap(
    (tool) => tool.functionDeclarations ?? [tool],
  );
  return {
    items: texts(encoded["messages"] ?? encoded["input"] ?? encoded["contents"]).map(withoutMark),
    instructions: withoutMark(JSON.stringify(encoded["system"] ?? encoded["systemInstruction"] ?? "")),
    tools: texts(tools).map(withoutMark),
  };
}

/** Cache marks move with the caller's, and are no content (rule 406). */
function withoutMark(text: string): string {
  return text.replaceAll(/,"cache_control":\{[^}]*\}/g, "");
}

function expectPrefix(earlier: Encoded, later: Encoded): void {
  expect(later.items.slice(0, earlier.items.length)).toEqual(earlier.items);
  expect(later.instructions).toBe(earlier.instructions);
  expect(later.tools.slice(0, earlier.tools.length)).toEqual(earlier.tools);
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

describe.each(foreignTo("anthropic-messages"))("generated histories, Messages to $model", (target) => {
  test("every request is a prefix of the next", () => {
    fc.assert(
      fc.property(fc.array(exchange, { minLength: 1, maxLength: 4 }), (exchanges) => {
        const all = messagesOf(exchanges);
        let earlier: Encoded | undefined;
        for (let length = 1; length <= all.length; length += 1) {
          // A request ends with what the model is to answer.
          if (all[length - 1]?.role === "assistant") continue;
          const messages = withMovingMark(all.slice(0, length));
          const body = { model: "m", max_tokens: 100, system: "Be brief.", messages, tools: [...tools, deferred] };
          const encoded = translate({ client: anthropicMessages.client, route: { operation: "generate" }, body }, target);
          if (earlier) expectPrefix(earlier, encoded);
          earlier = encoded;
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe.each(targets)("arbitrary histories, to $model", (target) => {
  test("a request that ends with words of the user's is a prefix of those behind it", () => {
    fc.assert(
      fc.property(neutralRequests, fc.nat(), (request, at) => {
        const cuts = request.turns.flatMap((_, i) => (isBorder(request, i) ? [i] : []));
        const cut = cuts[at % cuts.length];
        if (cut === undefined) return;
        const shorter = { ...request, turns: request.turns.slice(0, cut), items: request.items.filter(({ turn }) => turn < cut) };
        const [earlier, later] = [encode(shorter, target).items, encode(request, target).items];
        expect(later.slice(0, earlier.length)).toEqual(earlier);
      }),
      { numRuns: 300 },
    );
  });
});

/** Whether the user has spoken before this turn and the model speaks in it. */
function isBorder({ turns, items }: ChatRequest, at: number): boolean {
  const speaks = (turn: number): boolean => items.some((item) => item.turn === turn && item.type === "text" && item.text.trim() !== "");
  return turns[at]?.role === "assistant" && turns[at - 1]?.role === "user" && speaks(at - 1) && speaks(at);
}

/** A captured request, and who its client speaks like. */
interface Captured extends Sent {
  readonly name: string;
  readonly session: string;
}

/** What refers to items that the server keeps is no request before they are put in its place. */
const captured = loadCaptures()
  .filter(({ body }) => !JSON.stringify(body).includes('"item_reference"'))
  .flatMap(place);

function place({ name, session, path, body }: Capture): Captured[] {
  const url = new URL(path, "http://gateway");
  for (const { client } of protocols.values()) {
    const route = client?.route("POST", url.pathname, url.searchParams);
    if (client && route && "operation" in route && route.operation === "generate") return [{ name, session, client, route, body }];
  }
  return [];
}

describe.each(["anthropic-messages", "openai-chat", "openai-responses", "gemini"] as const)(
  "captured sessions of clients that speak %s",
  (id) => {
    const sessions = Map.groupBy(
      captured.filter(({ client }) => client.id === id),
      ({ session }) => session,
    );
    const grown = [...sessions.values()].flatMap((requests) =>
      requests.flatMap((later, i) => {
        const earlier = requests.slice(0, i).findLast(({ body }) => continues(body, later.body));
        return earlier ? [{ earlier, later }] : [];
      }),
    );

    test("there are some that grow", () => expect(grown.length).toBeGreaterThan(1));

    test.each(foreignTo(id))("rules 406–409: to $model", (target) => {
      for (const { earlier, later } of grown) expectPrefix(translate(earlier, target), translate(later, target));
    });
  },
);

/** Whether the later request is the same conversation with more turns; cache marks and the two ways to write a text aside. */
function continues(earlier: unknown, later: unknown): boolean {
  const [a, b] = [earlier, later].map((body) => {
    const { messages, input, contents } = body as Readonly<Record<string, readonly Message[] | string | undefined>>;
    const items = messages ?? input ?? contents ?? [];
    return typeof items === "string" ? [] : items;
  });
  return (
    a !== undefined && b !== undefined && a.length > 0 && b.length > a.length && a.every((one, i) => canonical(one) === canonical(b[i]))
  );
}

function canonical(message: Message | undefined): string {
  const { content, ...rest } = message ?? { role: "", content: undefined };
  const blocks = typeof content === "string" ? [{ type: "text", text: content }] : content;
  return JSON.stringify([rest, blocks], (key, value: unknown) => (key === "cache_control" ? undefined : value));
}
