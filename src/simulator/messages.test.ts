/** The official SDK talks to the simulator directly: what it accepts is what Anthropic's own client accepts. */
import Anthropic from "@anthropic-ai/sdk";
import type { MessageParam, Tool } from "@anthropic-ai/sdk/resources/messages";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startSimulator, type Simulator } from "./server.ts";

const MODEL = "claude-opus-5-5";
const bash: Tool = {
  name: "Bash",
  input_schema: { type: "object", properties: { command: { type: "string" } }, required: ["command"] },
};

let simulator: Simulator;
let client: Anthropic;

beforeAll(async () => {
  simulator = await startSimulator({ record: true, requireKey: true });
  client = new Anthropic({ baseURL: simulator.url, apiKey: "k", maxRetries: 0 });
});
afterAll(() => simulator.close());

const user = (content: MessageParam["content"]): MessageParam => ({ role: "user", content });

test("a whole message and a streamed one are the same, but for nothing", async () => {
  const request = { model: MODEL, max_tokens: 4096, thinking: { type: "adaptive" as const }, messages: [user("Grüß Gott, 世界 👋")] };
  const whole = await client.messages.create(request);
  const events: string[] = [];
  const stream = client.messages.stream(request).on("streamEvent", (event) => events.push(event.type));
  const streamed = await stream.finalMessage();
  expect(streamed.content.map(({ type }) => type)).toEqual(["thinking", "text"]);
  expect(streamed.content[1]).toMatchObject({ text: expect.stringContaining("Grüß Gott, 世界 👋") });
  expect(streamed.usage).toMatchObject(whole.usage);
  expect(whole).toMatchObject({ type: "message", role: "assistant", model: MODEL, stop_reason: "end_turn" });
  expect(events.filter((type) => type === "content_block_delta").length).toBeGreaterThan(5);
  expect([events[0], events.at(-1)]).toEqual(["message_start", "message_stop"]);
  const text = (message: typeof whole) => message.content.map((block) => (block.type === "text" ? block.text : block.type));
  expect(text(streamed)).toEqual(text(whole));
});

test("the same request gets the same bytes", async () => {
  const request = { model: MODEL, max_tokens: 100, messages: [user("Hi")] };
  expect(await client.messages.create(request)).toEqual(await client.messages.create(request));
  expect((await client.messages.create({ ...request, messages: [user("Ho")] })).id).not.toBe((await client.messages.create(request)).id);
});

test("a tool loop with parallel calls and thinking runs to its end", async () => {
  const messages: MessageParam[] = [user("Run `printf one` and `printf two`, then `printf three`.")];
  const outputs = ["one", "two", "three"];
  const stops: (string | null)[] = [];
  for (let turn = 0; turn < 3; turn++) {
    const answer = await client.messages
      .stream({ model: MODEL, max_tokens: 4096, tools: [bash], thinking: { type: "adaptive", display: "omitted" }, messages })
      .finalMessage();
    stops.push(answer.stop_reason);
    messages.push({ role: "assistant", content: answer.content });
    const calls = answer.content.filter((block) => block.type === "tool_use");
    if (calls.length === 0) break;
    messages.push(user(calls.map((call) => ({ type: "tool_result", tool_use_id: call.id, content: outputs.shift() ?? "" }))));
  }
  expect(stops).toEqual(["tool_use", "tool_use", "end_turn"]);
  expect(messages.at(-1)?.content).toContainEqual({ type: "text", text: "The tool says: three" });
  expect(messages[1]?.content).toMatchObject([
    { type: "thinking", thinking: "", signature: expect.stringMatching(/^E/) },
    { type: "text" },
    { type: "tool_use", input: { command: "printf one" } },
    { type: "tool_use", input: { command: "printf two" } },
  ]);
});

test("a forced tool is called, and no tool when none is allowed", async () => {
  const request = { model: MODEL, max_tokens: 4096, tools: [bash], messages: [user("Hi")] };
  const forced = await client.messages.create({ ...request, tool_choice: { type: "tool", name: "Bash" } });
  expect(forced.content).toMatchObject([{ type: "tool_use", name: "Bash", input: { command: "sample" } }]);
  const none = await client.messages.create({ ...request, messages: [user("Run `ls`.")], tool_choice: { type: "none" } });
  expect(none.stop_reason).toBe("end_turn");
});

test("structured output satisfies the schema", async () => {
  const schema = {
    type: "object",
    properties: { city: { type: "string" }, n: { type: "integer" } },
    required: ["city", "n"],
    additionalProperties: false,
  };
  const answer = await client.messages.create({
    model: MODEL,
    max_tokens: 4096,
    messages: [user("A city")],
    output_config: { format: { type: "json_schema", schema } },
  });
  expect(answer.content).toEqual([{ type: "text", text: '{"city":"sample","n":1}' }]);
});

test("limits and stop sequences end an answer with their reason", async () => {
  const request = { model: MODEL, messages: [user("Hi")] };
  expect(await client.messages.create({ ...request, max_tokens: 2 })).toMatchObject({
    stop_reason: "max_tokens",
    usage: { output_tokens: 2 },
  });
  expect(await client.messages.create({ ...request, max_tokens: 0 })).toMatchObject({ stop_reason: "max_tokens", content: [] });
  const stopped = await client.messages.create({ ...request, max_tokens: 100, stop_sequences: ["said"] });
  expect(stopped).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: "said", content: [{ text: "You " }] });
});

test("images and documents are acknowledged", async () => {
  const png = { type: "base64", media_type: "image/png", data: "aGk=" } as const;
  const answer = await client.messages.create({
    model: MODEL,
    max_tokens: 4096,
    messages: [
      user([
        { type: "image", source: png },
        { type: "document", source: { type: "text", media_type: "text/plain", data: "x" } },
        { type: "text", text: "Look" },
      ]),
    ],
  });
  expect(answer.content).toMatchObject([{ text: expect.stringContaining("I see 1 image and 1 document.") }]);
});

test("counting agrees with what is billed, cached or not", async () => {
  const system = [{ type: "text" as const, text: "word ".repeat(100), cache_control: { type: "ephemeral" as const } }];
  const first = { model: MODEL, system, messages: [user("Hi")] };
  const { input_tokens } = await client.messages.countTokens(first);
  const cold = (await client.messages.create({ ...first, max_tokens: 50 })).usage;
  expect(cold.input_tokens + (cold.cache_creation_input_tokens ?? 0)).toBe(input_tokens);
  expect(cold.cache_creation_input_tokens).toBeGreaterThan(100);
  const second = { ...first, messages: [user("Hi"), { role: "assistant" as const, content: "Ho" }, user("Again")] };
  const warm = (await client.messages.create({ ...second, max_tokens: 50 })).usage;
  expect(warm).toMatchObject({ cache_read_input_tokens: cold.cache_creation_input_tokens, cache_creation_input_tokens: 0 });
});

test("models are listed page by page, and each can be had", async () => {
  const ids: string[] = [];
  for await (const model of client.models.list({ limit: 1 })) ids.push(model.id);
  expect(ids).toEqual(["claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"]);
  expect(await client.models.retrieve("claude-opus-5-5")).toMatchObject({ id: "claude-opus-5-5", type: "model" });
});

test("errors reach the SDK as its own classes, with the request's id", async () => {
  simulator.script("429", "529", "invalid-key");
  const call = () => client.messages.create({ model: MODEL, max_tokens: 5, messages: [user("Hi")] });
  await expect(call()).rejects.toBeInstanceOf(Anthropic.RateLimitError);
  await expect(call()).rejects.toMatchObject({
    status: 529,
    requestID: expect.stringMatching(/^req_/),
    error: { error: { type: "overloaded_error" } },
  });
  await expect(call()).rejects.toBeInstanceOf(Anthropic.AuthenticationError);
  await expect(call()).resolves.toBeDefined();
});

test("an error event ends the SDK's stream with an error", async () => {
  for (const fault of ["error-first", "error-before-content", "error-after-content"] as const) {
    simulator.script({ fault, status: 529 });
    await expect(client.messages.stream({ model: MODEL, max_tokens: 50, messages: [user("Hi")] }).finalMessage()).rejects.toThrow(
      "Overloaded",
    );
  }
});

test("the key is taken from either header", async () => {
  const body = JSON.stringify({ model: MODEL, max_tokens: 5, messages: [user("Hi")] });
  const post = (headers: Record<string, string>) =>
    fetch(`${simulator.url}/v1/messages`, { method: "POST", headers: { "anthropic-version": "2023-06-01", ...headers }, body });
  expect((await post({ "x-api-key": "one" })).status).toBe(200);
  expect((await post({ authorization: "Bearer two" })).status).toBe(200);
  expect(simulator.requests.slice(-2).map(({ credential }) => credential)).toEqual(["one", "two"]);
  const without = await post({});
  expect(without.status).toBe(401);
  expect(await without.json()).toMatchObject({ type: "error", error: { type: "authentication_error" } });
});
