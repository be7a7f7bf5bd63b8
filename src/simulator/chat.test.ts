/** The official SDK talks to the simulator directly: what it accepts is what OpenAI's own client accepts. */
import OpenAI from "openai";
import type { ChatCompletionChunk, ChatCompletionMessageParam, ChatCompletionTool } from "openai/resources/chat/completions";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startSimulator, type Simulator } from "./server.ts";

const MODEL = "gpt-6-sol";
const bash: ChatCompletionTool = {
  type: "function",
  function: { name: "Bash", parameters: { type: "object", properties: { command: { type: "string" } }, required: ["command"] } },
};

let simulator: Simulator;
let client: OpenAI;

beforeAll(async () => {
  simulator = await startSimulator({ record: true, requireKey: true });
  client = new OpenAI({ baseURL: `${simulator.url}/v1`, apiKey: "k", maxRetries: 0 });
});
afterAll(() => simulator.close());

const user = (content: string): ChatCompletionMessageParam => ({ role: "user", content });

async function chunksOf(body: object): Promise<ChatCompletionChunk[]> {
  const stream = await client.chat.completions.create({ model: MODEL, messages: [user("Hi")], ...body, stream: true });
  return collected(stream);
}

async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test("a whole completion and a streamed one are the same", async () => {
  const request = { model: MODEL, messages: [user("Grüß Gott, 世界 👋")] };
  const whole = await client.chat.completions.create(request);
  const streamed = await client.chat.completions.stream({ ...request, stream_options: { include_usage: true } }).finalChatCompletion();
  expect(whole).toMatchObject({
    object: "chat.completion",
    model: MODEL,
    choices: [{ finish_reason: "stop", message: { role: "assistant" } }],
  });
  expect(whole.choices[0]?.message.content).toContain("Grüß Gott, 世界 👋");
  expect(streamed.choices[0]?.message.content).toBe(whole.choices[0]?.message.content);
  expect(streamed.usage).toEqual(whole.usage);
});

test("reasoning models count their reasoning and keep it; those of compatible servers show it", async () => {
  const hidden = await client.chat.completions.create({ model: MODEL, messages: [user("Hi")] });
  expect(hidden.usage?.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(0);
  expect(hidden.choices[0]?.message).not.toHaveProperty("reasoning_content");
  const shown = await client.chat.completions.create({ model: "deepseek-v4", messages: [user("Hi")] });
  expect(shown.choices[0]?.message).toMatchObject({ reasoning_content: expect.stringContaining("short answer") });
});

test("a tool loop with parallel calls runs to its end, whole and streamed", async () => {
  const messages: ChatCompletionMessageParam[] = [user("Run `printf one` and `printf two`, then `printf three`.")];
  const outputs = ["one", "two", "three"];
  const finishes: string[] = [];
  for (let turn = 0; turn < 3; turn++) {
    const body = { model: MODEL, tools: [bash], messages };
    const completion =
      turn === 1 ? await client.chat.completions.create(body) : await client.chat.completions.stream(body).finalChatCompletion();
    const choice = completion.choices[0] as (typeof completion.choices)[number];
    finishes.push(choice.finish_reason);
    const calls = (choice.message.tool_calls ?? []).filter((call) => call.type === "function");
    // The helper adds fields of its own that OpenAI does not take back.
    const replayed = calls.map(({ id, type, function: called }) => ({
      id,
      type,
      function: { name: called.name, arguments: called.arguments },
    }));
    messages.push({ role: "assistant", content: choice.message.content, ...(calls.length === 0 ? {} : { tool_calls: replayed }) });
    for (const { id } of calls) messages.push({ role: "tool", tool_call_id: id, content: outputs.shift() ?? "" });
  }
  expect(finishes).toEqual(["tool_calls", "tool_calls", "stop"]);
  expect(outputs).toEqual([]);
});

test("calls wait for one another where parallel ones are not allowed", async () => {
  const body = { model: MODEL, tools: [bash], parallel_tool_calls: false, messages: [user("Run `a` and `b`.")] };
  expect((await client.chat.completions.create(body)).choices[0]?.message.tool_calls).toHaveLength(1);
});

test("rules 258, 259: usage comes on a chunk of its own, and only when asked for", async () => {
  const without = await chunksOf({});
  expect(without.every((chunk) => chunk.choices.length === 1 && !("usage" in chunk))).toBe(true);
  const chunks = await chunksOf({ stream_options: { include_usage: true } });
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } });
  expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
});

test("rules 262, 279: chunks share id, time and model; the role comes first, the finish with an empty delta", async () => {
  const chunks = await chunksOf({});
  expect(new Set(chunks.map(({ id, created, model, object }) => JSON.stringify([id, created, model, object]))).size).toBe(1);
  expect(chunks[0]?.choices[0]?.delta).toMatchObject({ role: "assistant", content: "" });
  expect(chunks.at(-1)?.choices[0]).toMatchObject({ delta: {}, finish_reason: "stop" });
});

test("rule 383: chunks are padded unless that is declined, and only by OpenAI", async () => {
  expect((await chunksOf({}))[0]).toHaveProperty("obfuscation");
  expect((await chunksOf({ stream_options: { include_obfuscation: false } }))[0]).not.toHaveProperty("obfuscation");
  expect((await chunksOf({ model: "kimi-k3" }))[0]).not.toHaveProperty("obfuscation");
});

test("several choices stream in turns and are counted", async () => {
  const body = { model: "gpt-4.1", messages: [user("Hi")], n: 2 };
  const whole = await client.chat.completions.create(body);
  const one = await client.chat.completions.create({ ...body, n: 1 });
  expect(whole.choices.map(({ index }) => index)).toEqual([0, 1]);
  expect(whole.usage?.completion_tokens).toBe(2 * (one.usage?.completion_tokens ?? 0));
  const chunks = await chunksOf(body);
  expect(chunks.slice(0, 4).map(({ choices }) => choices[0]?.index)).toEqual([0, 1, 0, 1]);
});

test("log probabilities spell the text", async () => {
  const completion = await client.chat.completions.create({ model: "gpt-4.1", messages: [user("Hi")], logprobs: true, top_logprobs: 2 });
  const tokens = completion.choices[0]?.logprobs?.content ?? [];
  expect(tokens.map(({ token }) => token).join("")).toBe(completion.choices[0]?.message.content);
  expect(tokens[0]?.top_logprobs).toHaveLength(2);
});

test("a custom tool's input is free text", async () => {
  const custom: ChatCompletionTool = { type: "custom", custom: { name: "patch" } };
  const body = { model: MODEL, messages: [user("Hi")], tools: [custom], tool_choice: "required" as const };
  const call = { id: expect.stringMatching(/^call_/), type: "custom", custom: { name: "patch", input: "sample" } };
  expect((await client.chat.completions.create(body)).choices[0]?.message.tool_calls).toEqual([call]);
  const deltas = (await chunksOf(body)).flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
  expect(deltas[0]).toMatchObject({ index: 0, type: "custom", custom: { name: "patch", input: "" } });
  expect(deltas.length).toBeGreaterThan(1);
});

test("legacy functions are answered with a function call", async () => {
  const declared = { name: "Bash", parameters: { type: "object", properties: { command: { type: "string" } }, required: ["command"] } };
  const completion = await client.chat.completions.create({
    model: "gpt-4.1",
    messages: [user("Run `a` and `b`.")],
    functions: [declared],
  });
  expect(completion.choices[0]).toMatchObject({
    finish_reason: "function_call",
    message: { function_call: { name: "Bash", arguments: '{"command":"a"}' } },
  });
});

test("a call that was demanded by name ends with stop, as OpenAI's does", async () => {
  const body = {
    model: MODEL,
    messages: [user("Hi")],
    tools: [bash],
    tool_choice: { type: "function" as const, function: { name: "Bash" } },
  };
  const completion = await client.chat.completions.create(body);
  expect(completion.choices[0]).toMatchObject({ finish_reason: "stop", message: { tool_calls: [{ type: "function" }] } });
});

test("a repeated prefix is read from the cache", async () => {
  const long = user("x".repeat(20_000));
  const body = { model: MODEL, messages: [long, { role: "assistant" as const, content: "Yes." }, user("Hi")] };
  const { usage } = await client.chat.completions.create(body);
  expect(usage?.prompt_tokens_details?.cached_tokens).toBeGreaterThan(4000);
  expect(usage?.prompt_tokens).toBeGreaterThan(usage?.prompt_tokens_details?.cached_tokens ?? 0);
  expect((await client.chat.completions.create({ model: MODEL, messages: [long] })).usage?.prompt_tokens_details?.cached_tokens).toBe(0);
});

test("models are listed to whoever is neither Anthropic's nor Google's client, below any path", async () => {
  const models = await collected(client.models.list());
  expect(models.map(({ id }) => id)).toContain("gpt-6-sol");
  expect(await client.models.retrieve("gpt-6-sol")).toMatchObject({ id: "gpt-6-sol", object: "model" });
  const nested = new OpenAI({ baseURL: `${simulator.url}/api/openai/v2`, apiKey: "k", maxRetries: 0 });
  expect((await collected(nested.models.list())).length).toBe(models.length);
  expect((await nested.chat.completions.create({ model: MODEL, messages: [user("Hi")] })).object).toBe("chat.completion");
});

test("errors have the SDK's classes, and one in a stream is one", async () => {
  const send = () => client.chat.completions.create({ model: MODEL, messages: [user("Hi")] });
  simulator.script("401", { fault: "429", retryAfter: 2 }, "503", "no-credit");
  await expect(send()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  await expect(send()).rejects.toMatchObject({ status: 429, code: "rate_limit_exceeded" });
  await expect(send()).rejects.toBeInstanceOf(OpenAI.InternalServerError);
  await expect(send()).rejects.toMatchObject({ status: 429, code: "insufficient_quota", type: "insufficient_quota" });
  simulator.script({ fault: "error-after-content", status: 500 });
  await expect(chunksOf({})).rejects.toThrow("The server had an error");
});

test("a missing key is refused", async () => {
  const answer = await fetch(`${simulator.url}/v1/chat/completions`, { method: "POST", body: "{}" });
  expect([answer.status, await answer.json()]).toEqual([401, { error: expect.objectContaining({ type: "invalid_request_error" }) }]);
});
