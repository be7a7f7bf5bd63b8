/** Streams that break off in the middle, on routes with `recovery`: each client, each upstream, each way to die. */
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import type { ChatResponse, ProtocolId } from "../src/chat/chat.ts";
import { collect } from "../src/chat/collect.ts";
import { writeJson } from "../src/chat/json.ts";
import { messagesGrammar } from "../src/conformance/clients/anthropic-grammar.ts";
import { chatGrammar } from "../src/conformance/clients/chat-grammar.ts";
import { geminiGrammar } from "../src/conformance/clients/gemini-grammar.ts";
import { responsesGrammar } from "../src/conformance/clients/responses-grammar.ts";
import { protocols } from "../src/protocols/index.ts";
import type { Behaviour, FaultName } from "../src/simulator/types.ts";
import { JsonArrayReader } from "../src/wire/json-array.ts";
import { formatFrame, SseReader } from "../src/wire/sse.ts";
import { gatewaysForTests, until, type TestGateway } from "./support/gateway.ts";
import { socketsForTests } from "./support/web-socket-client.ts";

const { start } = gatewaysForTests();
const { connect } = socketsForTests();

type Json = Readonly<Record<string, unknown>>;

/** Long enough to be cut in the middle after as many events as any protocol needs to get that far. */
const TEXT = "One, two, three, four, five, six, seven, eight, nine and ten, and that is all there is to say of numbers.";
const WORDS = "Count to six for me, please.";
const CITY = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };

interface Client {
  readonly protocol: ProtocolId;
  readonly path: string;
  readonly body: Json;
  /** What makes it think aloud, and offers it a tool. */
  readonly thinking: Json;
  readonly tool: Json;
  readonly faults: (stream: string) => readonly string[];
  readonly array?: true;
}

const gemini = {
  protocol: "gemini",
  body: { contents: [{ role: "user", parts: [{ text: WORDS }] }] },
  thinking: { generationConfig: { thinkingConfig: { includeThoughts: true } } },
  tool: { tools: [{ functionDeclarations: [{ name: "weather", parametersJsonSchema: CITY }] }] },
} as const;

const CLIENTS: Readonly<Record<string, Client>> = {
  messages: {
    protocol: "anthropic-messages",
    path: "/v1/messages",
    body: { model: "m", max_tokens: 4096, stream: true, messages: [{ role: "user", content: WORDS }] },
    thinking: { thinking: { type: "enabled", budget_tokens: 1024, display: "summarized" } },
    tool: { tools: [{ name: "weather", input_schema: CITY }] },
    faults: messagesGrammar,
  },
  chat: {
    protocol: "openai-chat",
    path: "/v1/chat/completions",
    body: { model: "m", stream: true, stream_options: { include_usage: true }, messages: [{ role: "user", content: WORDS }] },
    thinking: { reasoning_effort: "medium" },
    tool: { tools: [{ type: "function", function: { name: "weather", parameters: CITY } }] },
    faults: chatGrammar,
  },
  responses: {
    protocol: "openai-responses",
    path: "/v1/responses",
    body: { model: "m", stream: true, input: WORDS },
    thinking: { reasoning: { effort: "medium", summary: "auto" } },
    tool: { tools: [{ type: "function", name: "weather", parameters: CITY, strict: false }] },
    faults: responsesGrammar,
  },
  gemini: { ...gemini, path: "/v1beta/models/m:streamGenerateContent?alt=sse", faults: geminiGrammar },
  "gemini, array": { ...gemini, path: "/v1beta/models/m:streamGenerateContent", faults: () => [], array: true },
};

/** One that can be given a beginning, and others. `at`: after how many events the text is under way. */
const UPSTREAMS: readonly (readonly [type: string, protocols: string, path: string, model: string, at: number])[] = [
  ["anthropic", "", "", "claude-sonnet-4-5", 4],
  ["anthropic", "", "", "claude-sonnet-4-6", 4],
  ["gemini", "", "", "gemini-3.8-pro", 1],
  ["openai", "openai-responses", "/v1", "gpt-5.5", 5],
  ["openai", "openai-chat", "/v1", "gpt-5", 2],
];

interface Settings {
  readonly keys?: number;
  readonly recovery?: boolean;
  readonly attempts?: number;
}

function config(
  [type, spoken, path, model]: (typeof UPSTREAMS)[number],
  { keys = 3, recovery = true, attempts = 4 }: Settings = {},
): (upstream: string) => string {
  return (upstream) => `
cooldown: { transient_base: 10ms, transient_max: 20ms }
retry: { attempts: ${attempts} }
providers:
  up:
    type: ${type}
    ${spoken === "" ? "" : `protocols: [${spoken}]`}
    base_url: "${upstream}${path}"
    timeouts: { connect: 5s, headers: 5s, first_content: 5s, idle: 250ms }
    credentials: [${Array.from({ length: keys }, (_, i) => `{ name: c${i + 1}, api_key: key-number-${i + 1} }`).join(", ")}]
models:
  m: { targets: [up/${model}], recovery: ${recovery} }
`;
}

function post(url: string, { path, body }: Client, more: Json = {}): Promise<Response> {
  const headers = { "content-type": "application/json", "anthropic-version": "2023-06-01" };
  return fetch(url + path, { method: "POST", headers, body: JSON.stringify({ ...body, ...more }) });
}

/** What a client makes of a stream. @throws when it says that it failed, or does not say that it is whole. */
function read({ protocol, array }: Client, stream: string): ChatResponse {
  const reader = array ? new JsonArrayReader() : new SseReader();
  const frames = [...reader.push(Buffer.from(stream)), ...reader.end()];
  const decoder = protocols.get(protocol)?.upstream.streamDecoder({ issuer: { platform: "test" } });
  if (!decoder) throw new Error(protocol);
  return collect([...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()]);
}

function saidIn({ items, finish }: ChatResponse): unknown {
  const told = items.flatMap((item) => {
    if (item.type === "text" || item.type === "reasoning") return item.text === "" ? [] : [[item.type, item.text]];
    return item.type === "tool-call" ? [[item.type, item.name, item.input]] : [];
  });
  // In Chat the proof of a thought, which comes last, repeats it.
  return [[...new Set(told.map((one) => JSON.stringify(one)))], finish.reason];
}

function textOf({ items }: ChatResponse): string {
  return items.map((item) => (item.type === "text" ? item.text : "")).join("");
}

/** The last request's line of the log. */
async function logged({ log }: TestGateway, requests = 1): Promise<Json> {
  const lines = (): string[] => log.filter((line) => line.includes('"outcome"'));
  await until(() => lines().length >= requests);
  return JSON.parse(lines().at(-1) as string) as Json;
}

const FAULTS = ["reset-mid-event", "end-early", "error-after-content", "hang-mid-stream"] as const satisfies readonly FaultName[];
const PAIRS = Object.entries(CLIENTS).flatMap(([name, client]) =>
  UPSTREAMS.map((upstream) => [name, upstream[3], client, upstream] as const),
);

describe.each(PAIRS)("client %s, model %s", (_name, model, client, upstream) => {
  test.each(FAULTS)("%s after some content: the client gets a whole answer, and nothing twice", async (fault) => {
    const gateway = await start({ config: config(upstream) });
    const { url, simulator, permits } = gateway;
    const prefills = model === "claude-sonnet-4-5";
    simulator.script({ text: TEXT, thinking: "" });
    const undisturbed = saidIn(read(client, await (await post(url, client)).text()));
    const seen: unknown[] = [];
    for (const at of (fault === "hang-mid-stream" ? [1] : [0, 2]).map((more) => upstream[4] + more)) {
      // Paced: what comes in one read with its failure has not reached anybody, and is tried elsewhere like what never began.
      simulator.script({ text: TEXT, thinking: "", fault, at, status: 529, chunkDelayMs: 5 });
      simulator.script({ text: prefills ? " and so on." : TEXT, thinking: "" });
      const stream = await (await post(url, client)).text();
      const answer = read(client, stream);
      expect(client.faults(stream)).toEqual([]);
      const { recovery } = await logged(gateway, seen.length + 2);
      seen.push(recovery);
      if (prefills) expect(TEXT).toContain(textOf(answer).replace(/ and so on\.$/, ""));
      else expect(saidIn(answer)).toEqual(undisturbed);
    }
    const how = prefills ? "prefill" : "regenerated";
    for (const recovery of seen) expect(fault === "hang-mid-stream" ? [how] : [how, undefined]).toContain(recovery);
    await until(() => permits() === 0 && simulator.openRequests === 0);
  });

  test("a call and a thought that were sent stay what they are, under the ids that the client has", async () => {
    const gateway = await start({ config: config(upstream) });
    const { url, simulator } = gateway;
    const behaviour: Behaviour = {
      thinking: "Two cities are asked for.",
      text: "I look.",
      calls: [
        { name: "weather", input: { city: "Paris, in France" } },
        { name: "weather", input: { city: "London, in England" } },
      ],
    };
    simulator.script(behaviour);
    const more = { ...client.thinking, ...client.tool };
    const undisturbed = read(client, await (await post(url, client, more)).text());
    let requests = 1;
    for (let at = 3; at < 30; at += 3) {
      simulator.script({ ...behaviour, fault: "end-early", at, chunkDelayMs: 2 }, behaviour);
      const stream = await (await post(url, client, more)).text();
      const { recovery } = await logged(gateway, (requests += 1));
      // It had not begun, or was whole.
      if (recovery === undefined) continue;
      if (recovery !== "regenerated") {
        expect(recovery).toBe("failed:unfit");
        expect(() => read(client, stream)).toThrow(/ended before/);
        continue;
      }
      expect(client.faults(stream)).toEqual([]);
      const answer = read(client, stream);
      expect(saidIn(answer)).toEqual(saidIn(undisturbed));
      const ids = answer.items.flatMap((item) => (item.type === "tool-call" ? [item.id] : []));
      expect(ids).toHaveLength(2);
      expect(new Set(ids).size).toBe(2);
    }
  });

  test("another answer is not put behind the words that were sent", async () => {
    if (model === "claude-sonnet-4-5") return;
    const gateway = await start({ config: config(upstream) });
    const { url, simulator } = gateway;
    simulator.script({ text: TEXT, thinking: "", fault: "hang-mid-stream", at: upstream[4] });
    simulator.script({ text: "Seven, eight, nine, ten, eleven and twelve.", thinking: "" });
    const stream = await (await post(url, client)).text();
    expect((await logged(gateway))["recovery"]).toBe("failed:diverged");
    expect(stream).not.toContain("Seven");
    expect(() => read(client, stream)).toThrow(/fell silent/);
    expect(simulator.requests).toHaveLength(2);
  });
});

const claude = UPSTREAMS[1] as (typeof UPSTREAMS)[number];
const prefilling = UPSTREAMS[0] as (typeof UPSTREAMS)[number];
const messages = CLIENTS["messages"] as Client;
const chat = CLIENTS["chat"] as Client;
/** Silence in the middle, which no timing can make an answer that never began. */
const CUT = { text: TEXT, thinking: "", fault: "hang-mid-stream", at: 5 } as const;

describe("what it takes", () => {
  test.each([messages, chat])("nothing of the kind happens by default", async (client) => {
    const gateway = await start({ config: config(claude, { recovery: false }) });
    gateway.simulator.script(CUT);
    const stream = await (await post(gateway.url, client)).text();
    expect(() => read(client, stream)).toThrow(/fell silent/);
    expect(gateway.simulator.requests).toHaveLength(1);
    expect(await logged(gateway)).not.toHaveProperty("recovery");
  });

  test.each([messages, chat])("attempts of the same budget: with none left the client is told what it always was", async (client) => {
    const streams: string[] = [];
    for (const recovery of [true, false]) {
      const gateway = await start({ config: config(claude, { recovery, attempts: 1 }) });
      gateway.simulator.script({ ...CUT, fault: "error-after-content", chunkDelayMs: 20, status: 529 });
      const stream = await (await post(gateway.url, client)).text();
      streams.push(stream.replaceAll(/req_\w+|chatcmpl-\w+|msg_\w+|"created":\d+/g, "_"));
      expect(gateway.simulator.requests).toHaveLength(1);
      expect((await logged(gateway))["recovery"]).toBe(recovery ? "failed:exhausted" : undefined);
    }
    expect(streams[0]).toBe(streams[1]);
  });

  test("one key is enough: it is asked again, once", async () => {
    const gateway = await start({ config: config(claude, { keys: 1 }) });
    gateway.simulator.script(CUT, { text: TEXT, thinking: "" }, CUT, CUT);
    expect(textOf(read(messages, await (await post(gateway.url, messages)).text()))).toBe(TEXT);
    expect(await logged(gateway)).toMatchObject({ recovery: "regenerated" });
    expect(await (await post(gateway.url, messages)).text()).toContain("fell silent");
    expect(gateway.simulator.requests).toHaveLength(4);
  });

  test("a failure that is the request's own is not tried again", async () => {
    const gateway = await start({ config: config(claude) });
    gateway.simulator.script({ ...CUT, fault: "error-after-content", chunkDelayMs: 20, status: 400 });
    const stream = await (await post(gateway.url, messages)).text();
    expect(stream).toContain("invalid_request_error");
    expect(gateway.simulator.requests).toHaveLength(1);
    expect(await logged(gateway)).not.toHaveProperty("recovery");
  });

  test("whoever breaks off rests, whoever answers otherwise does not", async () => {
    const gateway = await start({ config: config(claude, { keys: 2 }) });
    gateway.simulator.script({ ...CUT, fault: "error-after-content", chunkDelayMs: 20, status: 429, retryAfter: 60 }, { text: "Seven." });
    await (await post(gateway.url, messages)).text();
    expect((await logged(gateway))["recovery"]).toBe("failed:diverged");
    const [c1, c2] = gateway.gateway.describe()[0]?.credentials ?? [];
    expect(c1?.cooldowns).toMatchObject([{ why: "rate-limited" }]);
    expect(c2?.cooldowns).toEqual([]);
  });
});

describe("how it goes on", () => {
  test.each([
    ["relayed", messages],
    ["translated", chat],
  ])("%s: from the words that were sent, where the model takes a beginning", async (_lane, client) => {
    const gateway = await start({ config: config(prefilling) });
    gateway.simulator.script(CUT, { text: " And seven." });
    const answer = read(client, await (await post(gateway.url, client)).text());
    const [, second] = gateway.simulator.requests.map(
      ({ body }) => JSON.parse(body.toString()) as { messages: Json[]; max_tokens: number },
    );
    const begun = (second?.messages.at(-1)?.["content"] as readonly { readonly text: string }[] | undefined)?.[0] ?? { text: "" };
    expect(second?.messages.at(-1)).toMatchObject({ role: "assistant" });
    expect(begun.text).not.toBe("");
    expect(TEXT.startsWith(begun.text)).toBe(true);
    expect(textOf(answer)).toBe(`${begun.text} And seven.`);
    if (client === messages) expect(second?.max_tokens).toBeLessThan(4096);
    expect((await logged(gateway))["recovery"]).toBe("prefill");
  });

  test("a relayed request goes out again as it came", async () => {
    const gateway = await start({ config: config(claude) });
    gateway.simulator.script(CUT, { text: TEXT });
    const odd = { ...messages, body: { ...messages.body, metadata: { user_id: "a" } } };
    await (await post(gateway.url, odd)).text();
    const bodies = gateway.simulator.requests.map(({ body }) => body.toString());
    expect(bodies).toHaveLength(2);
    expect(bodies[1]).toBe(bodies[0]);
  });

  test.each([prefilling, claude])("an answer that breaks off again goes on again", async (...upstream) => {
    const gateway = await start({ config: config(upstream) });
    const prefills = upstream[3] === "claude-sonnet-4-5";
    const rest = prefills ? " And seven and eight and nine and ten." : TEXT;
    gateway.simulator.script(CUT, { ...CUT, text: rest, at: prefills ? 5 : 8 }, { text: prefills ? " The end." : TEXT });
    const stream = await (await post(gateway.url, messages)).text();
    expect(messagesGrammar(stream)).toEqual([]);
    expect(textOf(read(messages, stream))).toMatch(prefills ? /^One, .* And seven.* The end\.$/ : TEXT);
    expect(gateway.simulator.requests).toHaveLength(3);
    expect((await logged(gateway))["recovery"]).toBe(prefills ? "prefill" : "regenerated");
  });

  test("a credential that is refused while another attempt is sought is passed over like any other", async () => {
    const gateway = await start({ config: config(claude) });
    gateway.simulator.credentials.set("key-number-2", "invalid-key");
    // What is scripted is for keys that work.
    gateway.simulator.script(CUT, { text: TEXT });
    const stream = await (await post(gateway.url, messages)).text();
    expect(textOf(read(messages, stream))).toBe(TEXT);
    expect((await logged(gateway))["attempts"]).toMatchObject([
      { credential: "c1", cause: "timeout" },
      { credential: "c2", cause: "unauthenticated" },
      { credential: "c3", cause: "answered" },
    ]);
  });

  test.each([
    ["gemini", "gemini-2.0-flash", "", "prefill", " And so on."],
    ["openai", "gpt-5.1", "/v1", "regenerated", TEXT],
  ])("another provider (%s, model %s) may say the rest", async (type, model, path, recovery, text) => {
    const two = (upstream: string): string => `
providers:
  first: { type: anthropic, base_url: "${upstream}", timeouts: { idle: 250ms }, credentials: [{ api_key: k1 }] }
  second: { type: ${type}, base_url: "${upstream}${path}", credentials: [{ api_key: k2 }] }
models:
  m: { targets: [first/claude-sonnet-4-6, second/${model}], recovery: true }
`;
    for (const client of [messages, chat]) {
      const gateway = await start({ config: two });
      gateway.simulator.script(CUT, { text, thinking: "" });
      const stream = await (await post(gateway.url, client)).text();
      expect(client.faults(stream)).toEqual([]);
      const said = textOf(read(client, stream));
      expect(said.endsWith(text)).toBe(true);
      expect(TEXT.startsWith(recovery === "prefill" ? said.slice(0, -text.length) : said)).toBe(true);
      expect(await logged(gateway)).toMatchObject({ target: `second/${model}`, recovery });
    }
  });

  test.each([messages, chat])("both attempts are counted, for the client and in the log", async (client) => {
    const gateway = await start({ config: config(claude) });
    gateway.simulator.script({ ...CUT, usage: { input: 100 } }, { text: TEXT, usage: { input: 100, output: 50 } });
    const answer = read(client, await (await post(gateway.url, client)).text());
    const { usage } = (await logged(gateway)) as { usage: { input: number; output: number } };
    expect(usage.input).toBe(200);
    expect(usage.output).toBeGreaterThan(50);
    expect(answer.usage).toMatchObject({ input: usage.input, output: usage.output });
  });

  test("stop sequences that the upstream does not look for are found across the break", async () => {
    const responses = UPSTREAMS[3] as (typeof UPSTREAMS)[number];
    const gateway = await start({ config: config(responses) });
    gateway.simulator.script({ ...CUT, at: 5 }, { text: TEXT, thinking: "" });
    const stream = await (await post(gateway.url, messages, { stop_sequences: [" seven"] })).text();
    expect(messagesGrammar(stream)).toEqual([]);
    const answer = read(messages, stream);
    expect(textOf(answer)).toBe(TEXT.slice(0, TEXT.indexOf(" seven")));
    expect(answer.finish).toMatchObject({ reason: "stop-sequence", stopSequence: " seven" });
    expect((await logged(gateway))["recovery"]).toBe("regenerated");
  });
});

describe("what Responses has beside", () => {
  const responses = CLIENTS["responses"] as Client;
  const relaying = UPSTREAMS[3] as (typeof UPSTREAMS)[number];

  test.each([relaying, claude])("an answer that went on is kept like any other: type %s", async (...upstream) => {
    const gateway = await start({ config: config(upstream) });
    gateway.simulator.script({ ...CUT, at: upstream[4] }, { text: TEXT, thinking: "" });
    const answer = read(responses, await (await post(gateway.url, responses)).text());
    expect((await logged(gateway))["recovery"]).toBe("regenerated");
    const next = { ...responses, body: { ...responses.body, input: "And backwards?", previous_response_id: answer.id } };
    expect(textOf(read(responses, await (await post(gateway.url, next)).text()))).not.toBe("");
    const last = gateway.simulator.requests.at(-1)?.body.toString();
    for (const said of [WORDS, TEXT, "And backwards?"]) expect(last).toContain(said);
  });

  test.each([relaying, claude])("over a WebSocket too: type %s", async (...upstream) => {
    const gateway = await start({ config: config(upstream) });
    gateway.simulator.script({ ...CUT, at: upstream[4] }, { text: TEXT, thinking: "" });
    const socket = await connect(gateway);
    socket.send({ type: "response.create", model: "m", input: WORDS });
    const events = await socket.answers(1);
    expect(responsesGrammar(events.map((event) => formatFrame(event.type, writeJson(event))).join(""))).toEqual([]);
    expect(events.at(-1)).toMatchObject({ type: "response.completed" });
    expect(JSON.stringify(events.at(-1))).toContain(TEXT);
    expect((await logged(gateway))["recovery"]).toBe("regenerated");
  });
});

describe("official SDKs take the stream for a whole answer", () => {
  const sdkUpstreams = [claude, UPSTREAMS[3] as (typeof UPSTREAMS)[number], UPSTREAMS[4] as (typeof UPSTREAMS)[number]];
  const broken = async (upstream: (typeof UPSTREAMS)[number]): Promise<TestGateway> => {
    const gateway = await start({ config: config(upstream) });
    gateway.simulator.script({ ...CUT, at: upstream[4] }, { text: TEXT, thinking: "" });
    return gateway;
  };

  test.each(sdkUpstreams)("type %s %s %s, model %s", async (...upstream) => {
    const first = await broken(upstream);
    const anthropic = new Anthropic({ baseURL: first.url, apiKey: "any", maxRetries: 0 });
    const params = { model: "m", max_tokens: 4096, messages: [{ role: "user" as const, content: WORDS }] };
    const message = await anthropic.messages.stream(params).finalMessage();
    expect(message.content.map((block) => (block.type === "text" ? block.text : "")).join("")).toBe(TEXT);
    expect((await logged(first))["recovery"]).toBe("regenerated");

    const second = await broken(upstream);
    const openai = new OpenAI({ baseURL: `${second.url}/v1`, apiKey: "any", maxRetries: 0 });
    const completion = await openai.chat.completions
      .stream({ model: "m", messages: [{ role: "user", content: WORDS }] })
      .finalChatCompletion();
    expect(completion.choices[0]?.message.content).toBe(TEXT);
    expect((await logged(second))["recovery"]).toBe("regenerated");

    const third = await broken(upstream);
    const other = new OpenAI({ baseURL: `${third.url}/v1`, apiKey: "any", maxRetries: 0 });
    const response = await other.responses.stream({ model: "m", input: WORDS }).finalResponse();
    expect(response.output_text).toBe(TEXT);
    expect((await logged(third))["recovery"]).toBe("regenerated");

    const fourth = await broken(upstream);
    const google = new GoogleGenAI({ apiKey: "any", httpOptions: { baseUrl: fourth.url } });
    let said = "";
    for await (const chunk of await google.models.generateContentStream({ model: "m", contents: WORDS })) said += chunk.text ?? "";
    expect(said).toBe(TEXT);
    expect((await logged(fourth))["recovery"]).toBe("regenerated");
  });
});
