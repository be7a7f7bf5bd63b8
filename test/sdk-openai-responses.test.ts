/** OpenAI's SDK through the gateway as a Responses client, to each upstream protocol, alone and while credentials fail. */
import { execFileSync } from "node:child_process";
import OpenAI from "openai";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { responsesGrammar } from "../src/conformance/clients/responses-grammar.ts";
import { startTestGateway, type TestGateway } from "./support/gateway.ts";
import { eventsOf, finalResponse } from "./support/responses-client.ts";
import { CITY, PROMPT } from "./support/sdk-tasks.ts";

type Params = OpenAI.Responses.ResponseCreateParamsNonStreaming;
type Response = OpenAI.Responses.Response;
type OutputItem = OpenAI.Responses.ResponseOutputItem;
type InputItem = OpenAI.Responses.ResponseInputItem;

const model = "the-model";
const SHELL = {
  type: "function" as const,
  name: "run_shell",
  description: "Run a shell command and return its output",
  parameters: { type: "object", properties: { command: { type: "string" } }, required: ["command"], additionalProperties: false },
  strict: false,
};
const PATCH = { type: "custom" as const, name: "apply_patch", description: "Edits files.", format: { type: "text" as const } };

const UPSTREAMS = [
  ["anthropic", "", "claude-sonnet-4-6"],
  ["gemini", "", "gemini-3.8-pro"],
  ["openai", "/v1", "gpt-5.5"],
  ["openai-compatible", "/v1", "some-model"],
] as const;
const CASES = UPSTREAMS.flatMap((upstream) => [1, 3].map((keys) => [...upstream, keys] as const));

/** An item of an answer as history: the SDK adds what it has parsed to it, which OpenAI itself does not take back. */
function asInput(item: OutputItem): InputItem {
  return JSON.parse(JSON.stringify(item, (key, value: unknown) => (key.startsWith("parsed") ? undefined : value))) as InputItem;
}

/** The response that a stream ended with. */
function endOf(stream: string): Response {
  return finalResponse(stream) as unknown as Response;
}

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

  const relayed = type === "openai";
  const ask = (params: Omit<Params, "model">, stream: boolean): Promise<Response> => {
    const asked = { model, store: false, ...params };
    return stream ? client.responses.stream({ ...asked, stream }).finalResponse() : client.responses.create(asked);
  };

  test.each([false, true])("plain, streamed: %s", async (stream) => {
    const response = await ask({ instructions: "Be brief.", input: "Say hi" }, stream);
    expect(response).toMatchObject({ object: "response", status: "completed", error: null, instructions: "Be brief." });
    // A relayed answer is the upstream's own.
    expect(response.model).toBe(relayed ? target : model);
    expect(response.output_text).toMatch(/\S/);
    expect(response.usage?.input_tokens).toBeGreaterThan(0);
    expect(response.usage?.total_tokens).toBe((response.usage?.input_tokens ?? 0) + (response.usage?.output_tokens ?? 0));
  });

  test.each([
    [false, undefined],
    [true, undefined],
    [true, "high" as const],
  ])("rule 284: a tool, streamed: %s, effort %s: the call is run, its result comes back in the answer", async (stream, effort) => {
    const input: InputItem[] = [{ role: "user", content: PROMPT }];
    const params = {
      tools: [SHELL],
      include: ["reasoning.encrypted_content" as const],
      ...(effort && { reasoning: { effort, summary: "auto" as const } }),
    };
    const first = await ask({ ...params, input }, stream);
    const calls = first.output.filter((item) => item.type === "function_call");
    expect(calls).toMatchObject([{ name: "run_shell", status: "completed" }]);
    // Rule 371: what is to come back has come.
    for (const item of first.output) if (item.type === "reasoning") expect(item.encrypted_content).toMatch(/./);
    input.push(...first.output.map(asInput));
    for (const { call_id: id, arguments: args } of calls) {
      const { command } = JSON.parse(args) as { command: string };
      input.push({ type: "function_call_output", call_id: id, output: execFileSync("sh", ["-c", command], { encoding: "utf8" }) });
    }
    const last = await ask({ ...params, input }, stream);
    expect(last.output_text).toContain("hello-42-from-tool");
  });

  test.each([false, true])("rules 66 and 67: a free-text tool gets its text as it is, streamed: %s", async (stream) => {
    const patch = '*** Begin Patch\n*** Add File: a "b" \\ ☺.txt\n+é😀\n*** End Patch\n';
    gateway.simulator.script({
      calls: [{ name: "apply_patch", ...(relayed ? { arguments: patch, custom: true } : { input: { input: patch } }) }],
    });
    const { output } = await ask({ input: "Edit the file.", tools: [PATCH] }, stream);
    expect(output.filter((item) => item.type === "custom_tool_call")).toMatchObject([{ name: "apply_patch", input: patch }]);
  });

  test("json: the answer is what the schema says", async () => {
    const format = { type: "json_schema" as const, name: "out", schema: CITY, strict: true };
    const { output_text: text } = await ask({ input: "Give me a city", text: { format } }, false);
    expect(JSON.parse(text)).toEqual({ city: expect.any(String), n: expect.any(Number) });
  });

  test("an answer that was cut says so", async () => {
    gateway.simulator.script({ text: "One two three four five.", end: "length" });
    expect(await ask({ input: "Count." }, true)).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
    });
  });

  test("rule 353: tokens are counted", async () => {
    const { object, input_tokens: tokens } = await client.responses.inputTokens.count({ model, input: "Say hi" });
    expect(object).toBe("response.input_tokens");
    expect(tokens).toBeGreaterThan(0);
  });

  test("rules 285, 290, 291: a stream that broke off ends with a failure, of what there was", async () => {
    gateway.simulator.script({ fault: "end-early" });
    const raw = await fetch(`${gateway.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model, stream: true, input: "Say hi" }),
    });
    const stream = await raw.text();
    const events = eventsOf(stream);
    expect(events.filter(({ type: name }) => name === "response.output_text.delta")).not.toEqual([]);
    expect(events.at(-1)).toMatchObject({ type: "response.failed", response: { status: "failed", error: { code: "server_error" } } });
    if (relayed) return;
    expect(events.map(({ sequence_number: n }) => n)).toEqual(events.map((_, i) => i));
    expect(endOf(stream).output).toMatchObject([
      { type: "message", status: "incomplete", content: [{ text: expect.stringMatching(/\S/) as string }] },
    ]);
  });

  test("errors raise the SDK's own classes", async () => {
    const asked = (params: object): Promise<unknown> => client.responses.create({ model, input: "hi", ...params }).asResponse();
    await expect(asked({ input: [] })).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    await expect(asked({ model: "no-such-model" })).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(asked({ input: [{ type: "item_reference", id: "msg_gone" }] })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining("msg_gone") as string,
    });
  });

  test("models: the list and each of its members", async () => {
    const ids: string[] = [];
    for await (const { id } of client.models.list()) ids.push(id);
    expect(ids).toContain(model);
    expect((await client.models.retrieve(model)).id).toBe(model);
  });

  if (!relayed)
    test("rules 226 and 398: what cannot be done is refused, never half done", async () => {
      await expect(ask({ input: "hi", background: true }, false)).rejects.toMatchObject({ status: 400, param: "background" });
      const computer = { type: "computer_use_preview" as const, display_height: 1, display_width: 1, environment: "browser" as const };
      await expect(ask({ input: "hi", tools: [computer] }, false)).rejects.toMatchObject({ status: 400, param: "tools[0]" });
    });
});

test("rules 61, 285–287: calls that come interleaved from one vendor are told so to clients of another protocol", async () => {
  const gateway = await startTestGateway({
    config: (upstream) => `
providers:
  up: { type: openai-compatible, base_url: "${upstream}/v1" }
models: { ${model}: up/m }
`,
  });
  try {
    const calls = ["a", "b", "c"].map((name) => ({ name, input: { n: name.repeat(40) } }));
    gateway.simulator.script({ calls, interleave: true });
    const tools = calls.map(({ name }) => ({
      type: "function",
      name,
      parameters: { type: "object", properties: { n: { type: "string" } } },
    }));
    const raw = await fetch(`${gateway.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model, stream: true, input: "Call them.", tools }),
    });
    const stream = await raw.text();
    expect(responsesGrammar(stream)).toEqual([]);
    const made = endOf(stream).output.flatMap((item) =>
      item.type === "function_call" ? [{ name: item.name, input: JSON.parse(item.arguments) as unknown }] : [],
    );
    expect(made).toEqual(calls);
  } finally {
    await gateway.close();
  }
});
