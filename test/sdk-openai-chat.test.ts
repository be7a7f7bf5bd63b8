/** OpenAI's SDK through the gateway as a Chat client, in every mode it has, to each upstream protocol, alone and while credentials fail. */
import { execFileSync } from "node:child_process";
import OpenAI from "openai";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "./support/gateway.ts";
import { CITY, PROMPT } from "./support/sdk-tasks.ts";

const SHELL = {
  type: "function" as const,
  function: {
    name: "run_shell",
    description: "Run a shell command and return its output",
    parameters: { type: "object", properties: { command: { type: "string" } }, required: ["command"], additionalProperties: false },
  },
};
const model = "the-model";

const UPSTREAMS = [
  ["anthropic", "", "claude-sonnet-4-6"],
  ["gemini", "", "gemini-3.8-pro"],
  ["openai", "/v1", "gpt-4.1"],
] as const;
const CASES = UPSTREAMS.flatMap((upstream) => [1, 3].map((keys) => [...upstream, keys] as const));

describe.each(CASES)("openai to an upstream of type %s%s, model %s, %i credentials", (type, path, target, keys) => {
  let gateway: TestGateway;
  let client: OpenAI;
  beforeEach(async () => {
    const credentials = Array.from({ length: keys }, (_, i) => `{ name: c${i + 1}, api_key: key-number-${i + 1} }`).join(", ");
    gateway = await startTestGateway({
      config: (upstream) => `
providers:
  up: { type: ${type}, base_url: "${upstream}${path}", credentials: [${credentials}] }
models: { ${model}: up/${target} }
`,
    });
    if (keys === 3) {
      gateway.simulator.credentials.set("key-number-1", "429");
      gateway.simulator.credentials.set("key-number-2", "invalid-key");
    }
    // No retries of its own: what the client does not notice, the gateway handled.
    client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "any", maxRetries: 0 });
  });
  afterEach(() => gateway.close());

  test("plain: a whole answer and a stream", async () => {
    const params = { model, messages: [{ role: "user" as const, content: "Say hi" }] };
    const whole = await client.chat.completions.create(params);
    const stream = client.chat.completions.stream({ ...params, stream_options: { include_usage: true } });
    const streamed = await stream.finalChatCompletion();
    if (type !== "openai") expect(whole._request_id).toMatch(/^req_/);
    for (const { model: answered, object, choices, usage } of [whole, streamed]) {
      expect(object).toMatch(/^chat\.completion/);
      // A relayed answer is the upstream's own.
      expect(answered).toBe(type === "openai" ? target : model);
      expect(choices[0]).toMatchObject({ finish_reason: "stop", message: { role: "assistant", content: expect.stringMatching(/\S/) } });
      expect(usage?.prompt_tokens).toBeGreaterThan(0);
      expect(usage?.completion_tokens).toBeGreaterThan(0);
    }
  });

  test.each([undefined, "high" as const])("tool, effort %s: the call is run, its result comes back in the answer", async (effort) => {
    const runner = client.chat.completions.runTools({
      model,
      stream: true,
      messages: [
        { role: "developer", content: "Be brief." },
        { role: "user", content: PROMPT },
      ],
      ...(effort && type !== "openai" && { reasoning_effort: effort }),
      tools: [
        {
          ...SHELL,
          function: {
            ...SHELL.function,
            parse: (input: string) => JSON.parse(input) as { command: string },
            function: ({ command }: { command: string }) => execFileSync("sh", ["-c", command], { encoding: "utf8" }),
          },
        },
      ],
    });
    expect(await runner.finalContent()).toContain("hello-42-from-tool");
    const completions = runner.allChatCompletions();
    expect(completions.map(({ choices }) => choices[0]?.finish_reason)).toEqual(["tool_calls", "stop"]);
  });

  test("json: the answer is what the schema says", async () => {
    const { choices } = await client.chat.completions.create({
      model,
      messages: [{ role: "user", content: "Give me a city" }],
      response_format: { type: "json_schema", json_schema: { name: "out", schema: CITY, strict: true } },
    });
    expect(JSON.parse(choices[0]?.message.content ?? "")).toEqual({ city: expect.any(String), n: expect.any(Number) });
  });

  test("models: the list and each of its members", async () => {
    const ids: string[] = [];
    for await (const { id } of client.models.list()) ids.push(id);
    expect(ids).toContain(model);
    expect((await client.models.retrieve(model)).id).toBe(model);
  });

  test("errors raise the SDK's own classes", async () => {
    const ask = (params: object): Promise<unknown> =>
      client.chat.completions.create({ model, messages: [{ role: "user", content: "hi" }], ...params }).asResponse();
    await expect(ask({ messages: [] })).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    await expect(ask({ model: "" })).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    await expect(ask({ model: "no-such-model" })).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  if (type !== "openai")
    test("rule 199: several choices are refused, never one given", async () => {
      const asked = client.chat.completions.create({ model, n: 2, messages: [{ role: "user", content: "hi" }] });
      await expect(asked).rejects.toMatchObject({ status: 400, param: "n", code: "unsupported_parameter" });
    });
});
