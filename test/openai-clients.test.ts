/** What only OpenAI's clients can ask for, of OpenAI and of others. */
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { gatewaysForTests, oneModel, type TestGateway } from "./support/gateway.ts";

const { start } = gatewaysForTests();

const UPSTREAMS = {
  claude: oneModel("anthropic", "claude-opus-5-5"),
  gemini: oneModel("gemini", "gemini-3.8-pro"),
  chat: oneModel("openai", "gpt-5.5", "openai-chat"),
  responses: oneModel("openai", "gpt-6", "openai-responses"),
};
type Upstream = keyof typeof UPSTREAMS;

/** The gateway before a model of this kind, and the SDK before the gateway. */
async function before(upstream: Upstream): Promise<TestGateway & { readonly client: OpenAI }> {
  const gateway = await start({ config: UPSTREAMS[upstream] });
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "any", maxRetries: 0 });
  return Object.assign(gateway, { client });
}

/** What was asked last, as it came. */
const lastBody = ({ simulator }: TestGateway): string => simulator.requests.at(-1)?.body.toString() ?? "";

/** The events of a stream that were padded. */
async function padded(events: AsyncIterable<object>): Promise<number> {
  let count = 0;
  for await (const event of events) if ("obfuscation" in event) count += 1;
  return count;
}

describe("rule 383: padding against listeners", () => {
  const messages = [{ role: "user" as const, content: "Say hi" }];
  const asked = { model: "m", stream: true as const };

  test.each(["chat", "responses"] as const)("in %s it is OpenAI's own, and left out when the client says so", async (upstream) => {
    const gateway = await before(upstream);
    const stream = async (more: object): Promise<AsyncIterable<object>> =>
      upstream === "chat"
        ? gateway.client.chat.completions.create({ ...asked, messages, ...more })
        : gateway.client.responses.create({ ...asked, input: "Say hi", ...more });
    expect(await padded(await stream({}))).toBeGreaterThan(0);
    expect(await padded(await stream({ stream_options: { include_obfuscation: false } }))).toBe(0);
    expect(lastBody(gateway)).toContain('"stream_options":{"include_obfuscation":false}');
  });

  test.each(["claude", "gemini"] as const)("%s is not asked for it, and nobody makes it up", async (upstream) => {
    const { client, ...gateway } = await before(upstream);
    for (const include_obfuscation of [true, false]) {
      const stream_options = { include_obfuscation };
      expect(await padded(await client.chat.completions.create({ ...asked, messages, stream_options }))).toBe(0);
      expect(await padded(await client.responses.create({ ...asked, input: "Say hi", stream_options }))).toBe(0);
    }
    for (const { body } of gateway.simulator.requests) expect(body.toString()).not.toMatch(/obfuscation|stream_options/);
  });
});

describe("rule 399: a compaction at a path of its own", () => {
  test.each(Object.keys(UPSTREAMS) as Upstream[])("is not found, with %s", async (upstream) => {
    const { client, simulator } = await before(upstream);
    await expect(client.responses.compact({ model: "m", input: "hi" })).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    expect(simulator.requests).toHaveLength(0);
  });
});

describe("rule 400: input tokens of Responses clients", () => {
  test.each([
    ["claude", "/v1/messages/count_tokens"],
    ["gemini", "/v1beta/models/gemini-3.8-pro:countTokens"],
    ["responses", "/v1/responses/input_tokens"],
  ] as const)("%s counts them", async (upstream, path) => {
    const { client, simulator } = await before(upstream);
    const count = async (input: string): Promise<number> => {
      const { object, input_tokens: tokens } = await client.responses.inputTokens.count({ model: "m", input, instructions: "Be brief." });
      expect(object).toBe("response.input_tokens");
      return tokens;
    };
    expect(await count("word ".repeat(500))).toBeGreaterThan((await count("word")) + 300);
    expect(simulator.requests.map(({ path: asked }) => asked)).toEqual([path, path]);
  });

  test("where the upstream cannot, it is guessed, and says so", async () => {
    const { client, simulator } = await before("chat");
    const { data, response } = await client.responses.inputTokens.count({ model: "m", input: "word ".repeat(500) }).withResponse();
    expect(data.object).toBe("response.input_tokens");
    expect(data.input_tokens).toBeGreaterThan(300);
    expect(response.headers.get("x-dragoman-estimate")).toBe("tokens");
    expect(simulator.requests).toHaveLength(0);
  });
});

test("rule 218: a format that changes in the conversation is left as it is with OpenAI", async () => {
  const gateway = await before("responses");
  const schema = { type: "object", properties: { a: { type: "string" } }, required: ["a"], additionalProperties: false };
  const include = ["reasoning.encrypted_content" as const];
  const first = { model: "gpt-6", input: [{ role: "user" as const, content: "hi" }], store: false, include };
  const { output } = await gateway.client.responses.create(first);
  const format = { type: "json_schema" as const, name: "changed", schema, strict: true };
  const said = { role: "user" as const, content: "now as JSON" };
  const then = { ...first, input: [...first.input, ...(output as OpenAI.Responses.ResponseInput), said], text: { format } };
  expect(JSON.parse((await gateway.client.responses.create(then)).output_text)).toEqual({ a: expect.any(String) });
  expect(lastBody(gateway)).toBe(JSON.stringify(then));
});

test.each([true, false])("rule 242: what is refused at Claude is a refusal in words, streamed: %s", async (stream) => {
  const { client, simulator } = await before("claude");
  const stop_details = { type: "refusal", category: "cyber", explanation: "I will not help with that." };
  const usage = { input_tokens: 3, output_tokens: 1 };
  const message = { id: "msg_1", type: "message", role: "assistant", model: "m", content: [], stop_sequence: null };
  const events = [
    { type: "message_start", message: { ...message, stop_reason: null, usage } },
    { type: "message_delta", delta: { stop_reason: "refusal", stop_sequence: null, stop_details }, usage },
    { type: "message_stop" },
  ];
  const sse = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
  const body = { ...message, stop_reason: "refusal", stop_details, usage };
  simulator.script(
    stream
      ? { recording: { response: { status: 200, headers: { "content-type": "text/event-stream" }, sse } } }
      : { status: 200, headers: { "content-type": "application/json" }, body },
  );
  const asked = { model: "m", input: "break in" };
  const answer = stream ? await client.responses.stream(asked).finalResponse() : await client.responses.create(asked);
  expect(answer).toMatchObject({
    status: "incomplete",
    incomplete_details: { reason: "content_filter" },
    output: [{ type: "message", content: [{ type: "refusal", refusal: "I will not help with that." }] }],
  });
});

test.each(["claude", "responses"] as const)(
  "rule 405: that a client tries again changes nothing of what %s is asked, and each try has an id of its own",
  async (upstream) => {
    const gateway = await before(upstream);
    const ids: (string | null)[] = [];
    for (const retry of ["0", "1"]) {
      const headers = { "x-stainless-retry-count": retry };
      const { response } = await gateway.client.responses.create({ model: "m", input: "hi" }, { headers }).withResponse();
      ids.push(response.headers.get("x-dragoman-request-id"));
    }
    expect(new Set(ids).size).toBe(2);
    expect(ids.every((id) => /^req_\w{20,}$/.test(id ?? ""))).toBe(true);
    const [once, again] = gateway.simulator.requests;
    expect(again?.body.equals(once?.body ?? Buffer.alloc(0))).toBe(true);
  },
);
