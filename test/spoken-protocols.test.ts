/** Which of OpenAI's two protocols a request is asked in, by a client of either, and that the client cannot tell. */
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import type { ProtocolId } from "../src/chat/chat.ts";
import type { RecordedRequest } from "../src/simulator/types.ts";
import { ask, gatewaysForTests, oneModel, post, type TestGateway } from "./support/gateway.ts";

const { start } = gatewaysForTests();

const CHAT = "/v1/chat/completions";
const RESPONSES = "/v1/responses";
const PARAMETERS = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const FUNCTION = { type: "function" as const, function: { name: "weather", parameters: PARAMETERS } };
const INPUT = { city: "Bern" };

interface Setup {
  readonly gateway: TestGateway;
  readonly client: OpenAI;
  /** The paths that the upstream was asked at so far. */
  readonly paths: () => readonly string[];
}

/** @param protocol the only one that the provider is said to speak; absent: both. */
async function openai(protocol?: ProtocolId): Promise<Setup> {
  const gateway = await start({ config: oneModel("openai", "*", protocol) });
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "any", maxRetries: 0 });
  return { gateway, client, paths: () => gateway.simulator.requests.map(({ path }) => path) };
}

/** A Chat completion, streamed or whole, as the SDK puts it together. */
async function complete(
  client: OpenAI,
  stream: boolean,
  body: Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, "messages" | "stream"> & { messages?: OpenAI.ChatCompletionMessageParam[] },
): Promise<OpenAI.ChatCompletion> {
  const asked = { messages: [{ role: "user" as const, content: "What is the weather in Bern?" }], ...body };
  if (!stream) return client.chat.completions.create(asked);
  return client.chat.completions.stream({ ...asked, stream_options: { include_usage: true } }).finalChatCompletion();
}

async function respond(client: OpenAI, stream: boolean, model: string): Promise<OpenAI.Responses.Response> {
  const asked = { model, input: "Say hi" };
  return stream ? client.responses.stream(asked).finalResponse() : client.responses.create(asked);
}

describe.each([true, false])("rule 159: functions and an effort, streamed: %s", (stream) => {
  test.each(["gpt-5.5", "gpt-6"])("a Chat client's go to Responses for %s, and it gets a Chat answer", async (model) => {
    const { gateway, client, paths } = await openai();
    const calls = [{ name: "weather", input: INPUT, id: "call_1" }];
    gateway.simulator.script({ thinking: "Bern it is.", calls });
    const { choices, usage } = await complete(client, stream, { model, tools: [FUNCTION], reasoning_effort: "high" });
    expect(paths()).toEqual([RESPONSES]);
    const sent = JSON.parse(gateway.simulator.requests[0]?.body.toString() ?? "") as object;
    expect(sent).toMatchObject({
      model,
      store: false,
      include: ["reasoning.encrypted_content"],
      reasoning: { effort: "high" },
      tools: [{ type: "function", name: "weather", strict: false, parameters: PARAMETERS }],
    });
    expect(choices).toMatchObject([
      {
        index: 0,
        finish_reason: "tool_calls",
        message: {
          role: "assistant",
          tool_calls: [{ id: "call_1", type: "function", function: { name: "weather", arguments: JSON.stringify(INPUT) } }],
        },
      },
    ]);
    expect(usage?.total_tokens).toBeGreaterThan(0);

    // And the result goes the same way.
    gateway.simulator.script({ text: "Sunny." });
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      { role: "user", content: "What is the weather in Bern?" },
      choices[0]?.message ?? { role: "assistant" },
      { role: "tool", tool_call_id: "call_1", content: "sunny" },
    ];
    const answered = await complete(client, stream, { model, tools: [FUNCTION], reasoning_effort: "high", messages });
    expect(answered.choices).toMatchObject([{ finish_reason: "stop", message: { content: "Sunny." } }]);
    expect(paths()).toEqual([RESPONSES, RESPONSES]);
  });

  test.each([
    ["without an effort", { model: "gpt-5.5", tools: [FUNCTION] }],
    ["with the effort none", { model: "gpt-5.5", tools: [FUNCTION], reasoning_effort: "none" as const }],
    ["without functions", { model: "gpt-5.5", reasoning_effort: "high" as const }],
    ["a model that takes both", { model: "gpt-5.1", tools: [FUNCTION], reasoning_effort: "high" as const }],
  ])("%s a Chat client's are relayed", async (_what, body) => {
    const { gateway, client, paths } = await openai();
    gateway.simulator.script({ text: "Sunny." });
    const { choices } = await complete(client, stream, body);
    expect(choices).toMatchObject([{ message: { content: "Sunny." } }]);
    expect(paths()).toEqual([CHAT]);
    expect(JSON.parse(gateway.simulator.requests[0]?.body.toString() ?? "")).toMatchObject(body);
  });

  test("a server that is spoken to in Chat only is asked there, whatever it will say", async () => {
    const { client, paths } = await openai("openai-chat");
    const asked = complete(client, stream, { model: "gpt-5.5", tools: [FUNCTION], reasoning_effort: "high" });
    await expect(asked).rejects.toMatchObject({ status: 400 });
    expect(paths()).toEqual([CHAT]);
  });

  test("one that is spoken to in Responses only is never asked in Chat", async () => {
    const { client, paths } = await openai("openai-responses");
    const { choices } = await complete(client, stream, { model: "gpt-5.5" });
    expect(choices[0]?.message.content).toMatch(/\S/);
    expect(paths()).toEqual([RESPONSES]);
  });
});

const at = (path: string) => (request: RecordedRequest) => request.path === path;
const refusal = (message: string): object => ({ error: { message, type: "invalid_request_error", param: "model", code: null } });
const ELSEWHERE = "This model is only supported in v1/responses and not in v1/chat/completions.";

describe.each([true, false])("rule 159: a model that exists in one protocol, streamed: %s", (stream) => {
  test.each([
    [404, ELSEWHERE],
    [400, "This model is not supported in v1/chat/completions. Use v1/responses instead."],
  ])("only in Responses, as a %i says: it is asked there, and from then on at once", async (status, message) => {
    const { gateway, client, paths } = await openai();
    gateway.simulator.script({ status, body: refusal(message), when: at(CHAT), times: 9 });
    for (let i = 0; i < 2; i += 1) {
      const { choices } = await complete(client, stream, { model: "gpt-7" });
      expect(choices).toMatchObject([{ finish_reason: "stop", message: { content: expect.stringMatching(/\S/) } }]);
    }
    expect(paths()).toEqual([CHAT, RESPONSES, RESPONSES]);
    // What holds for one model says nothing of another.
    await expect(complete(client, stream, { model: "gpt-4.1" })).resolves.toMatchObject({ object: expect.stringMatching(/^chat/) });
    expect(paths().slice(3)).toEqual([CHAT, RESPONSES]);
  });

  test("one that is known to be so is not asked in Chat at all", async () => {
    const { client, paths } = await openai();
    expect((await complete(client, stream, { model: "gpt-5-pro" })).choices[0]?.message.content).toMatch(/\S/);
    expect(paths()).toEqual([RESPONSES]);
  });

  test("a server without Responses is asked in Chat, and from then on at once", async () => {
    const { gateway, client, paths } = await openai();
    gateway.simulator.script({ status: 404, body: { detail: "Not Found" }, when: at(RESPONSES), times: 9 });
    for (let i = 0; i < 2; i += 1) {
      const { status, output_text: text } = await respond(client, stream, "llama-of-mine");
      expect({ status, text }).toEqual({ status: "completed", text: expect.stringMatching(/\S/) });
    }
    // Nor does a client of another protocol find out anew.
    expect((await post(gateway.url, ask("hi", { model: "llama-of-mine", stream }))).status).toBe(200);
    expect(paths()).toEqual([RESPONSES, CHAT, CHAT, CHAT]);
  });

  test("a model that neither knows is one that nobody knows", async () => {
    const { gateway, client, paths } = await openai();
    const error = { message: "The model does not exist.", type: "invalid_request_error", param: null, code: "model_not_found" };
    gateway.simulator.script({ status: 404, body: { error }, times: 2 });
    await expect(complete(client, stream, { model: "gpt-9" })).rejects.toMatchObject({
      status: 404,
      code: "model_not_found",
      message: expect.stringContaining("The model does not exist."),
    });
    expect(paths()).toEqual([CHAT, RESPONSES]);
  });

  test("a refusal that means the request is the client's, in the words it came in", async () => {
    const { gateway, client, paths } = await openai();
    gateway.simulator.script({ status: 400, body: refusal("Invalid value for 'temperature'.") });
    await expect(complete(client, stream, { model: "gpt-4.1" })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining("Invalid value for 'temperature'."),
    });
    expect(paths()).toEqual([CHAT]);
  });
});
