/** The official SDK talks to the simulator directly: what it accepts is what OpenAI's own client accepts. */
import OpenAI from "openai";
import type {
  FunctionTool,
  ResponseCreateParamsNonStreaming,
  ResponseInputItem,
  ResponseStreamEvent,
} from "openai/resources/responses/responses";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSimulator, type Simulator } from "./server.ts";
import type { Quirk, ScriptedBlock } from "./types.ts";

const MODEL = "gpt-6-sol";
const bash: FunctionTool = {
  type: "function",
  name: "Bash",
  strict: false,
  parameters: { type: "object", properties: { command: { type: "string" } }, required: ["command"] },
};

let simulator: Simulator;
let client: OpenAI;

beforeAll(async () => {
  simulator = await startSimulator({ record: true, requireKey: true });
  client = new OpenAI({ baseURL: `${simulator.url}/v1`, apiKey: "k", maxRetries: 0 });
});
afterAll(() => simulator.close());

const sealed = { include: ["reasoning.encrypted_content" as const], reasoning: { summary: "auto" as const } };

async function whole(body: Partial<ResponseCreateParamsNonStreaming> = {}): Promise<OpenAI.Responses.Response> {
  return client.responses.create({ model: MODEL, input: "Hi", ...body });
}

async function streamed(body: Partial<ResponseCreateParamsNonStreaming> = {}): Promise<OpenAI.Responses.Response> {
  return client.responses.stream({ model: MODEL, input: "Hi", ...body, stream: true }).finalResponse();
}

async function eventsOf(body: Partial<ResponseCreateParamsNonStreaming> = {}): Promise<ResponseStreamEvent[]> {
  const events: ResponseStreamEvent[] = [];
  for await (const event of await client.responses.create({ model: MODEL, input: "Hi", ...body, stream: true })) events.push(event);
  return events;
}

type Item = Record<string, unknown> & { readonly type: string };

/** The items of an answer, without what the SDK's parser puts there, as they may go back. */
function itemsOf({ output }: Pick<OpenAI.Responses.Response, "output">): Item[] {
  return JSON.parse(JSON.stringify(output, (key, value: unknown) => (key.startsWith("parsed") ? undefined : value))) as Item[];
}

/** Ids and seals depend on every byte of the request. */
function unminted(items: readonly Item[]): unknown {
  return JSON.parse(JSON.stringify(items).replaceAll(/"(id|call_id|encrypted_content)":"[^"]*"/g, '"$1":"…"'));
}

describe("a whole answer and a streamed one are the same", () => {
  const source = { url: "https://example.com/a", title: "A" };
  const BLOCKS: readonly ScriptedBlock[] = [
    { type: "thinking", text: "First.\n\nSecond." },
    { type: "search", query: "q", results: [source] },
    { type: "text", text: "Grüße. " },
    { type: "text", text: "Done.", citations: [{ ...source, text: "Done" }] },
    { type: "redacted" },
    { type: "call", name: "f", namespace: "ns", input: { a: 1 }, id: "call_x" },
    { type: "call", name: "p", arguments: "free\ntext", custom: true },
    { type: "image", mimeType: "image/png", data: "AAAA" },
  ];

  test("in what was asked", async () => {
    const answer = await whole({ input: "Grüß Gott, 世界 👋" });
    expect(answer).toMatchObject({ object: "response", status: "completed", model: MODEL, error: null, incomplete_details: null });
    expect(answer.output_text).toContain("Grüß Gott, 世界 👋");
    expect(unminted(itemsOf(await streamed({ input: "Grüß Gott, 世界 👋" })))).toEqual(unminted(itemsOf(answer)));
  });

  test("in every kind of item, in its order", async () => {
    simulator.script({ blocks: BLOCKS, times: 2 });
    const include: ResponseCreateParamsNonStreaming["include"] = [...sealed.include, "web_search_call.action.sources"];
    const items = itemsOf(await whole({ ...sealed, include }));
    expect(items).toMatchObject([
      { type: "reasoning", summary: [{ text: "First." }, { text: "Second." }], encrypted_content: expect.stringMatching(/^gAAA/) },
      { type: "web_search_call", status: "completed", action: { type: "search", query: "q", sources: [{ type: "url", url: source.url }] } },
      {
        type: "message",
        content: [
          { type: "output_text", text: "Grüße. ", annotations: [], logprobs: [] },
          { type: "output_text", text: "Done.", annotations: [{ type: "url_citation", ...source, start_index: 0, end_index: 4 }] },
        ],
      },
      { type: "reasoning", summary: [] },
      { type: "function_call", name: "f", namespace: "ns", call_id: "call_x", arguments: '{"a":1}', status: "completed" },
      { type: "custom_tool_call", name: "p", input: "free\ntext" },
      { type: "image_generation_call", result: "AAAA", output_format: "png" },
    ]);
    expect(items.map((item) => Object.keys(item).sort()).slice(0, 3)).toEqual([
      ["content", "encrypted_content", "id", "summary", "type"],
      ["action", "id", "status", "type"],
      ["content", "id", "phase", "role", "status", "type"],
    ]);
    expect(unminted(itemsOf(await streamed({ ...sealed, include })))).toEqual(unminted(items));
  });

  test("in calls that take turns", async () => {
    const calls: ScriptedBlock[] = ["a", "b"].map((name) => ({ type: "call", name, input: { n: 1 }, sizes: [3] }));
    simulator.script({ blocks: calls, interleave: true, times: 2 });
    const events = await eventsOf();
    expect(
      events.flatMap((event) => (event.type.endsWith("arguments.delta") && "output_index" in event ? [event.output_index] : [])),
    ).toEqual([0, 1, 0, 1, 0, 1]);
    expect(itemsOf(await streamed())).toMatchObject([
      { name: "a", arguments: '{"n":1}' },
      { name: "b", arguments: '{"n":1}' },
    ]);
  });
});

test("rules 285, 286: events are numbered from 0, and items are added in their order", async () => {
  const events = await eventsOf({ ...sealed, input: "Run `a` and `b`.", tools: [bash] });
  expect(events.map((event) => ("sequence_number" in event ? event.sequence_number : undefined))).toEqual(events.map((_, index) => index));
  const added = events.filter((event) => event.type === "response.output_item.added");
  expect(added.map(({ item, output_index: index }) => [index, item.type])).toEqual([
    [0, "reasoning"],
    [1, "message"],
    [2, "function_call"],
    [3, "function_call"],
  ]);
});

test("rule 287: the last response holds the items as they were done", async () => {
  const events = await eventsOf({ ...sealed, input: "Run `a`.", tools: [bash] });
  const done = events.flatMap((event) => (event.type === "response.output_item.done" ? [event.item] : []));
  expect(events.at(-1)).toMatchObject({
    type: "response.completed",
    response: { output: done, usage: { total_tokens: expect.any(Number) } },
  });
});

test("rules 136, 289: an item that is added holds nothing yet, and of its seal only a beginning", async () => {
  const events = await eventsOf({ ...sealed, input: "Run `a`.", tools: [bash] });
  const [added, done] = ["response.output_item.added", "response.output_item.done"].map((type) =>
    events.flatMap((event) => (event.type === type && "item" in event ? [event.item as unknown as Record<string, string>] : [])),
  ) as [Record<string, string>[], Record<string, string>[]];
  expect(added).toMatchObject([{ summary: [] }, { content: [], status: "in_progress" }, { arguments: "", status: "in_progress" }]);
  const [early, late] = [added[0]?.["encrypted_content"] ?? "", done[0]?.["encrypted_content"] ?? ""];
  expect(late.length).toBeGreaterThan(early.length);
  expect(early.length).toBeGreaterThan(0);
});

test("rule 383: deltas are padded unless that is declined, and only by OpenAI", async () => {
  const paddings = async (body: object): Promise<number> => (await eventsOf(body)).filter((event) => "obfuscation" in event).length;
  expect(await paddings({})).toBeGreaterThan(0);
  expect(await paddings({ stream_options: { include_obfuscation: false } })).toBe(0);
  expect(await paddings({ model: "some-model" })).toBe(0);
});

test("rule 267: the answer repeats what was asked, with the defaults of what was not", async () => {
  expect(await whole()).toMatchObject({
    tools: [],
    tool_choice: "auto",
    parallel_tool_calls: true,
    temperature: 1,
    text: { format: { type: "text" }, verbosity: "medium" },
    metadata: {},
    store: true,
    reasoning: { effort: "medium", summary: null },
    previous_response_id: null,
  });
  const asked = {
    instructions: "Be brief.",
    max_output_tokens: 100,
    metadata: { a: "b" },
    store: false,
    tools: [bash],
    reasoning: { effort: "low" as const },
  };
  expect(await whole(asked)).toMatchObject({ ...asked, reasoning: { effort: "low" } });
});

test("a summary is given to whoever asks for one, a seal to whoever wants it", async () => {
  const reasoning = async (body: object): Promise<Item | undefined> => itemsOf(await whole(body)).find(({ type }) => type === "reasoning");
  expect(await reasoning({})).toMatchObject({ summary: [], content: [] });
  expect(await reasoning({})).not.toHaveProperty("encrypted_content");
  expect(await reasoning(sealed)).toMatchObject({ summary: [{ type: "summary_text" }], encrypted_content: expect.any(String) });
  expect(await reasoning({ reasoning: { effort: "none" } })).toBeUndefined();
  expect((await whole({ reasoning: { effort: "none" } })).usage?.output_tokens_details.reasoning_tokens).toBe(0);
});

test("open models show what they think, whole and streamed", async () => {
  const items = itemsOf(await whole({ model: "deepseek-v4" }));
  expect(items[0]).toMatchObject({
    type: "reasoning",
    summary: [],
    content: [{ type: "reasoning_text", text: expect.stringContaining("short") }],
  });
  expect(unminted(itemsOf(await streamed({ model: "deepseek-v4" })))).toEqual(unminted(items));
});

test("a tool loop with parallel calls runs to its end, whole and streamed", async () => {
  const input: ResponseInputItem[] = [{ role: "user", content: "Run `printf one` and `printf two`, then `printf three`." }];
  const outputs = ["one", "two", "three"];
  const rounds: number[] = [];
  for (let turn = 0; turn < 3; turn++) {
    const body = { ...sealed, store: false, tools: [bash], input: [...input] };
    const items = itemsOf(turn === 1 ? await whole(body) : await streamed(body));
    const calls = items.filter(({ type }) => type === "function_call");
    rounds.push(calls.length);
    input.push(...(items as unknown as ResponseInputItem[]));
    for (const call of calls) input.push({ type: "function_call_output", call_id: String(call["call_id"]), output: outputs.shift() ?? "" });
  }
  expect(rounds).toEqual([2, 1, 0]);
  expect(JSON.stringify(input.at(-1))).toContain("three");
});

describe("endings", () => {
  test.each([
    ["length", "incomplete", "max_output_tokens"],
    ["context-full", "incomplete", "max_output_tokens"],
    ["filter", "incomplete", "content_filter"],
    ["end", "completed", undefined],
    ["pause", "completed", undefined],
  ] as const)("%s", async (end, status, reason) => {
    simulator.script({ text: "So far", end, times: 2 });
    const answers = [await whole(), await streamed()];
    for (const answer of answers) {
      expect(answer).toMatchObject({ status, incomplete_details: reason === undefined ? null : { reason } });
      expect(itemsOf(answer).at(-1)).toMatchObject({ type: "message", status });
    }
  });

  test("rule 88: the limit cuts the answer, and what was cut says so", async () => {
    const text = "x".repeat(100);
    simulator.script({ blocks: [{ type: "text", text }], times: 2 });
    expect(itemsOf(await whole({ max_output_tokens: 16 }))).toMatchObject([{ status: "incomplete", content: [{ text: "x".repeat(64) }] }]);
    expect((await eventsOf({ max_output_tokens: 16 })).at(-1)).toMatchObject({
      type: "response.incomplete",
      response: { usage: { output_tokens: 16 } },
    });
  });

  test("a refusal is a part of a message", async () => {
    simulator.script({ blocks: [{ type: "refusal", text: "I will not." }], times: 2 });
    for (const answer of [await whole(), await streamed()]) {
      expect(answer.status).toBe("completed");
      expect(itemsOf(answer)).toMatchObject([{ type: "message", content: [{ type: "refusal", refusal: "I will not." }] }]);
    }
  });

  test("in the background an answer is queued first, and can be fetched", async () => {
    simulator.script({ text: "Later.", times: 2 });
    const queued = await whole({ background: true });
    expect(queued).toMatchObject({ status: "queued", output: [], usage: null });
    expect((await client.responses.retrieve(queued.id)).output_text).toBe("Later.");
    const types = (await eventsOf({ background: true })).map(({ type }) => type as string);
    expect(types.slice(0, 3)).toEqual(["response.created", "response.queued", "response.in_progress"]);
  });
});

test("log probabilities spell the text", async () => {
  const body = { model: "gpt-4.1", include: ["message.output_text.logprobs" as const], top_logprobs: 2 };
  const [message] = itemsOf(await whole(body)) as unknown as {
    content: [{ text: string; logprobs: { token: string; top_logprobs: unknown[] }[] }];
  }[];
  const [part] = message?.content ?? [];
  expect(part?.logprobs.map(({ token }) => token).join("")).toBe(part?.text);
  expect(part?.logprobs[0]?.top_logprobs).toHaveLength(2);
});

test("usage can be given by its slices", async () => {
  simulator.script({ usage: { input: 10, cacheRead: 90, cacheWrite: 5, output: 40, thinking: 30 } });
  expect((await whole()).usage).toEqual({
    input_tokens: 105,
    input_tokens_details: { cached_tokens: 90, cache_write_tokens: 5 },
    output_tokens: 40,
    output_tokens_details: { reasoning_tokens: 30 },
    total_tokens: 145,
  });
});

test("a repeated prefix is read from the cache", async () => {
  const long = { role: "user" as const, content: "x".repeat(20_000) };
  const input: ResponseInputItem[] = [long, { role: "assistant", content: "Yes." }, { role: "user", content: "Hi" }];
  expect((await whole({ input })).usage?.input_tokens_details.cached_tokens).toBeGreaterThan(4000);
  expect((await whole({ input: [long] })).usage?.input_tokens_details.cached_tokens).toBe(0);
});

test("rule 400: tokens are counted", async () => {
  const count = async (input: string): Promise<number> => (await client.responses.inputTokens.count({ model: MODEL, input })).input_tokens;
  expect(await count("Hello ".repeat(500))).toBeGreaterThan(await count("Hello"));
});

describe("quirks of compatible servers", () => {
  const raw = async (quirk: Quirk): Promise<Record<string, unknown>[]> => {
    simulator.script({ quirks: [quirk], text: "Hello." });
    const answer = await fetch(`${simulator.url}/v1/responses`, {
      method: "POST",
      headers: { authorization: "Bearer k" },
      body: JSON.stringify({ model: MODEL, input: "Hi", stream: true }),
    });
    return [...(await answer.text()).matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json as string) as Record<string, unknown>);
  };
  const idIn = (event: Record<string, unknown>): unknown =>
    event["item_id"] ?? (event["item"] as Item | undefined)?.["id"] ?? (event["response"] as Item | undefined)?.["id"];

  test("rotating-ids: no id stands in two events", async () => {
    const ids = (await raw("rotating-ids")).map(idIn);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("empty-output: the last response holds no items, those before do", async () => {
    const events = await raw("empty-output");
    expect(events.at(-1)).toMatchObject({ type: "response.completed", response: { output: [] } });
    expect(events.some(({ type }) => type === "response.output_item.done")).toBe(true);
  });

  test("no-sequence-numbers and no-deltas: they are left out, and nothing else", async () => {
    expect((await raw("no-sequence-numbers")).every((event) => !("sequence_number" in event))).toBe(true);
    const events = await raw("no-deltas");
    expect(events.filter(({ type }) => String(type).endsWith(".delta"))).toEqual([]);
    expect(events.find(({ type }) => type === "response.output_text.done")).toMatchObject({ text: "Hello." });
  });
});

test("it is served below any path", async () => {
  const nested = new OpenAI({ baseURL: `${simulator.url}/api/openai/v2`, apiKey: "k", maxRetries: 0 });
  const { id } = await nested.responses.create({ model: MODEL, input: "Hi" });
  expect((await nested.responses.retrieve(id)).id).toBe(id);
});

test("errors have the SDK's classes, and one in a stream is one", async () => {
  simulator.script("401", { fault: "429", retryAfter: 2 }, "503", "no-credit", "context-too-long");
  await expect(whole()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  await expect(whole()).rejects.toMatchObject({ status: 429, code: "rate_limit_exceeded" });
  await expect(whole()).rejects.toBeInstanceOf(OpenAI.InternalServerError);
  await expect(whole()).rejects.toMatchObject({ status: 429, code: "insufficient_quota" });
  await expect(whole()).rejects.toMatchObject({ status: 400, code: "context_length_exceeded", param: "input" });
  simulator.script({ fault: "error-after-content", status: 500 });
  await expect(streamed()).rejects.toThrow("The server had an error");
});

test("a stream that fails tells the error and then the failed response, under its own id", async () => {
  simulator.script({ fault: "error-after-content", status: 429 });
  const answer = await fetch(`${simulator.url}/v1/responses`, {
    method: "POST",
    headers: { authorization: "Bearer k" },
    body: JSON.stringify({ model: MODEL, input: "Hi", stream: true }),
  });
  const events = [...(await answer.text()).matchAll(/^data: (.*)$/gm)].map(
    ([, json]) => JSON.parse(json as string) as Record<string, unknown>,
  );
  const created = events[0]?.["response"] as { id: string };
  expect(events.map((event) => event["sequence_number"])).toEqual(events.map((_, index) => index));
  expect(events.slice(-2)).toMatchObject([
    { type: "error", error: { code: "rate_limit_exceeded", message: expect.stringContaining("try again in 2s"), param: null } },
    { type: "response.failed", response: { id: created.id, status: "failed", error: { code: "rate_limit_exceeded" }, usage: null } },
  ]);
});
