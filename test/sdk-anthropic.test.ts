/** The official SDK through the gateway, in every mode it has, to both upstream protocols, alone and while credentials fail. */
import { execFileSync } from "node:child_process";
import Anthropic from "@anthropic-ai/sdk";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pool, startTestGateway, type TestGateway } from "./support/gateway.ts";
import { CITY, PROMPT } from "./support/sdk-tasks.ts";

const SHELL = {
  name: "run_shell",
  description: "Run a shell command and return its output",
  input_schema: { type: "object" as const, properties: { command: { type: "string" } }, required: ["command"] },
};
const THINKING = { type: "enabled", budget_tokens: 1024, display: "summarized" } as const;
const model = "claude-sonnet-4-6";

const upstreams = [
  ["anthropic", 1],
  ["gemini", 1],
  ["anthropic", 3],
  ["gemini", 3],
] as const;

describe.each(upstreams)("@anthropic-ai/sdk to an upstream of type %s, %i credentials", (type, keys) => {
  let gateway: TestGateway;
  let client: Anthropic;
  beforeEach(async () => {
    gateway = await startTestGateway({
      config: (upstream) =>
        pool(type, keys)(upstream).replace("models:", `models:\n  ${model}: up/${type === "gemini" ? "gemini-3.8-pro" : model}`),
    });
    if (keys === 3) {
      gateway.simulator.credentials.set("key-number-1", "429");
      gateway.simulator.credentials.set("key-number-2", "invalid-key");
    }
    // No retries of its own: what the client does not notice, the gateway handled.
    client = new Anthropic({ baseURL: gateway.url, apiKey: "any", maxRetries: 0 });
  });
  afterEach(() => gateway.close());

  test("plain: a whole message and a stream", async () => {
    const params = { model, max_tokens: 1024, messages: [{ role: "user" as const, content: "Say hi" }] };
    const whole = await client.messages.create(params);
    const streamed = await client.messages.stream(params).finalMessage();
    for (const message of [whole, streamed]) {
      expect(message).toMatchObject({ type: "message", role: "assistant", model, stop_reason: "end_turn" });
      expect(message.content.some((block) => block.type === "text" && block.text !== "")).toBe(true);
      expect(message.usage.output_tokens).toBeGreaterThan(0);
      expect(message.usage.input_tokens).toBeGreaterThan(0);
    }
  });

  test.each([false, true])("tool, thinking %s: the call is run, its result comes back in the answer", async (think) => {
    const thinking = think ? { thinking: THINKING } : {};
    const system = [{ type: "text" as const, text: "Be brief.", cache_control: { type: "ephemeral" as const } }];
    const messages: Anthropic.MessageParam[] = [{ role: "user", content: PROMPT }];
    const turns: Anthropic.Message[] = [];
    for (let turn = 0; turn < 3 && turns.at(-1)?.stop_reason !== "end_turn"; turn += 1) {
      const seen: string[] = [];
      const stream = client.messages.stream({ model, max_tokens: 4096, ...thinking, system, messages, tools: [SHELL] });
      stream.on("streamEvent", (event) => seen.push(event.type));
      const message = await stream.finalMessage();
      expect(seen[0]).toBe("message_start");
      expect(seen.at(-1)).toBe("message_stop");
      turns.push(message);
      const results = message.content
        .filter((block) => block.type === "tool_use")
        .map(({ id, input }) => ({
          type: "tool_result" as const,
          tool_use_id: id,
          content: execFileSync("sh", ["-c", (input as { command: string }).command], { encoding: "utf8" }),
        }));
      messages.push({ role: "assistant", content: message.content }, { role: "user", content: results });
    }
    expect(turns.map(({ stop_reason }) => stop_reason)).toEqual(["tool_use", "end_turn"]);
    if (think) expect(turns[0]?.content.some((block) => block.type === "thinking" && block.signature !== "")).toBe(true);
    const last = turns[1]?.content.filter((block) => block.type === "text").map(({ text }) => text);
    expect(last?.join("")).toContain("hello-42-from-tool");
  });

  test("json: the answer is what the schema says", async () => {
    const message = await client.messages.create({
      model,
      max_tokens: 1024,
      messages: [{ role: "user", content: "Give me a city" }],
      output_config: { format: { type: "json_schema", schema: CITY } },
    });
    const text = message.content.find((block) => block.type === "text")?.text ?? "";
    expect(JSON.parse(text)).toEqual({ city: expect.any(String), n: expect.any(Number) });
  });

  test("count: tokens, more for more", async () => {
    const count = async (content: string): Promise<number> =>
      (await client.messages.countTokens({ model, messages: [{ role: "user", content }] })).input_tokens;
    const few = await count("hi");
    expect(few).toBeGreaterThan(0);
    expect(await count("hi ".repeat(500))).toBeGreaterThan(few);
  });

  test("models: the list and each of its members", async () => {
    const ids: string[] = [];
    for await (const { id } of client.models.list()) ids.push(id);
    expect(ids).toContain(model);
    expect((await client.models.retrieve(model)).id).toBe(model);
  });

  test("errors raise the SDK's own classes", async () => {
    const bad = client.messages.create({
      model,
      max_tokens: 1024,
      messages: [{ role: "user", content: [{ type: "text" } as unknown as Anthropic.TextBlockParam] }],
    });
    await expect(bad).rejects.toBeInstanceOf(Anthropic.BadRequestError);
    await expect(client.messages.create({ model: "", max_tokens: 1, messages: [] })).rejects.toBeInstanceOf(Anthropic.BadRequestError);
    gateway.simulator.credentials.clear();
    gateway.simulator.script({ fault: "529", times: 4 });
    await expect(client.messages.create({ model, max_tokens: 1024, messages: [{ role: "user", content: "hi" }] })).rejects.toMatchObject({
      status: 529,
    });
  });
});
