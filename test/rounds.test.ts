/** Answers that break off to be asked for the rest: the gateway asks, and the client sees one answer (rules 227, 240). */
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import type { ScriptItem } from "../src/simulator/types.ts";
import { ask, gatewaysForTests, pool, post, readEvents, until, type TestGateway } from "./support/gateway.ts";

const { start } = gatewaysForTests();
const model = "claude-sonnet-5-5";
const prompt = "Tell me a long story";

type Body = Record<string, unknown>;
const bodies = ({ simulator }: TestGateway): Body[] => simulator.requests.map(({ body }) => JSON.parse(body.toString()) as Body);
const lastLine = ({ log }: TestGateway): Body => JSON.parse(log.findLast((line) => line.includes('"msg":"request"')) ?? "{}") as Body;

/** One round of a long answer. */
function part(text: string, token: string, more: Partial<ScriptItem> = {}): ScriptItem {
  return { text, finish: "CONTINUATION", continuationToken: token, usage: { input: 10, cacheRead: 0, output: 5, thinking: 0 }, ...more };
}
const rest = (text: string): ScriptItem => ({ text, usage: { input: 11, cacheRead: 2, output: 7, thinking: 0 } });

/** Text, reason and tokens of one answer, as an SDK tells them. */
type Told = readonly [text: string | null | undefined, reason: unknown, input: number | undefined, output: number | undefined];

const CLIENTS: Record<string, (url: string, stream: boolean, tools: boolean) => Promise<Told>> = {
  async anthropic(url, stream) {
    const client = new Anthropic({ baseURL: url, apiKey: "any", maxRetries: 0 });
    const params = { model, max_tokens: 1000, messages: [{ role: "user" as const, content: prompt }] };
    const message = await (stream ? client.messages.stream(params).finalMessage() : client.messages.create(params));
    const { input_tokens, cache_read_input_tokens, output_tokens } = message.usage;
    // One block, not one for each round.
    const texts = message.content.filter((block) => block.type === "text").map(({ text }) => text);
    return [texts.join("|"), message.stop_reason, input_tokens + (cache_read_input_tokens ?? 0), output_tokens];
  },
  async openai(url, stream, tools) {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "any", maxRetries: 0 });
    const params = { model, messages: [{ role: "user" as const, content: prompt }], ...(tools && { web_search_options: {} }) };
    const answer = await (stream
      ? client.chat.completions.stream({ ...params, stream_options: { include_usage: true } }).finalChatCompletion()
      : client.chat.completions.create(params));
    const [choice] = answer.choices;
    return [choice?.message.content, choice?.finish_reason, answer.usage?.prompt_tokens, answer.usage?.completion_tokens];
  },
  async genai(url, stream, tools) {
    const client = new GoogleGenAI({ apiKey: "any", httpOptions: { baseUrl: url } });
    const params = { model, contents: prompt, ...(tools && { config: { tools: [{ googleSearch: {} }] } }) };
    const chunks = [];
    if (stream) for await (const chunk of await client.models.generateContentStream(params)) chunks.push(chunk);
    else chunks.push(await client.models.generateContent(params));
    const { usageMetadata: usage, candidates } = chunks.at(-1) ?? {};
    const parts = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? []);
    const text = parts.map((each) => each.text ?? "").join("");
    return [text, candidates?.[0]?.finishReason, usage?.promptTokenCount, usage?.candidatesTokenCount];
  },
};
const told = (client: string, { url }: TestGateway, stream: boolean, tools = false): Promise<Told> =>
  (CLIENTS[client] as (typeof CLIENTS)[string])(url, stream, tools);

describe.each([false, true])("rule 240: a long answer comes in several, streaming %s", (stream) => {
  test.each([
    ["anthropic", "end_turn"],
    ["openai", "stop"],
  ])("%s sees one, its text whole and its tokens added up", async (client, reason) => {
    const gateway = await start({ config: pool("gemini", 1) });
    gateway.simulator.script(part("Once upon a ti", "t-1"), part("me there was a ", "t-2"), rest("king."));
    expect(await told(client, gateway, stream)).toEqual(["Once upon a time there was a king.", reason, 33, 17]);
    const [first, ...later] = bodies(gateway);
    expect(later).toEqual([
      { ...first, continuationToken: "t-1" },
      { ...first, continuationToken: "t-2" },
    ]);
    expect(gateway.permits()).toBe(0);
    expect(lastLine(gateway)).toMatchObject({ outcome: "answered", usage: { input: 33, output: 17 } });
  });

  test("a stop sequence is found where two of them meet", async () => {
    const { url, simulator, permits } = await start({ config: pool("gemini", 1) });
    simulator.script(part("one two th", "t-1"), part("ree four", "t-2"), rest(" five"));
    const stop_sequences = ["<1>", "<2>", "<3>", "<4>", "<5>", "three"];
    const client = new Anthropic({ baseURL: url, apiKey: "any", maxRetries: 0 });
    const params = { model, max_tokens: 100, messages: [{ role: "user" as const, content: "count" }], stop_sequences };
    const answer = await (stream ? client.messages.stream(params).finalMessage() : client.messages.create(params));
    expect(answer).toMatchObject({ content: [{ type: "text", text: "one two " }], stop_reason: "stop_sequence", stop_sequence: "three" });
    await until(() => simulator.openRequests === 0);
    expect([simulator.requests.length, permits()]).toEqual([2, 0]);
  });

  test("one that never ends is cut off, as one that reached its limit", async () => {
    const gateway = await start({ config: pool("gemini", 1) });
    gateway.simulator.script(part("on and ", "t", { times: 20 }));
    expect(await told("openai", gateway, stream)).toEqual(["on and ".repeat(8), "length", 80, 40]);
    expect(gateway.simulator.requests).toHaveLength(8);
    expect(lastLine(gateway)).toMatchObject({ losses: [{ code: "unfinished-answer" }] });
  });

  test("one without a token is cut off too", async () => {
    const gateway = await start({ config: pool("gemini", 1) });
    gateway.simulator.script({ text: "half", finish: "CONTINUATION" });
    expect((await told("anthropic", gateway, stream)).slice(0, 2)).toEqual(["half", "max_tokens"]);
    expect(gateway.simulator.requests).toHaveLength(1);
  });

  test("while nothing has reached the client, another credential may answer", async () => {
    const gateway = await start({ config: pool("gemini", 2) });
    gateway.simulator.script(part(stream ? "" : "half", "t-1"), "429", { text: "All of it." });
    expect((await told("openai", gateway, stream)).slice(0, 2)).toEqual(["All of it.", "stop"]);
    const [, , third] = bodies(gateway);
    expect(third).not.toHaveProperty("continuationToken");
    expect(gateway.permits()).toBe(0);
  });
});

describe("rule 240: a later part that fails after content", () => {
  test.each([
    "500",
    "reset-before-headers",
    "hang-before-headers",
    "hang-after-headers",
    "reset-mid-event",
    "hang-mid-stream",
    "html",
  ] as const)("%s ends the stream with an error, never as a whole answer", async (fault) => {
    const { url, simulator, permits } = await start({ config: pool("gemini", 2) });
    simulator.script(part("Once upon", "t-1"), { ...rest(" a time there was a king who had a castle."), fault });
    const events = readEvents(await (await post(url, ask(prompt, { stream: true }))).text());
    expect(events.at(-1)?.event).toBe("error");
    expect(events.map(({ event }) => event)).not.toContain("message_stop");
    await until(() => simulator.openRequests === 0 && permits() === 0);
    expect(simulator.requests).toHaveLength(2);
  });

  test("a client that leaves during it takes it along", async () => {
    const { url, simulator, permits } = await start({ config: pool("gemini", 1) });
    simulator.script(part("Once upon", "t-1"), { ...rest(" a time there was a king."), fault: "hang-mid-stream" });
    const leaving = new AbortController();
    const answer = await post(url, ask(prompt, { stream: true }), {}, leaving.signal);
    await until(() => simulator.requests.length === 2);
    leaving.abort();
    await answer.text().catch(() => undefined);
    await until(() => simulator.openRequests === 0 && permits() === 0);
    expect(simulator.requests.map(({ outcome }) => outcome)).toEqual(["answered", "client-left"]);
  });

  test("a gateway that closes during it says so", async () => {
    const { url, simulator, gateway } = await start({ config: pool("gemini", 1) });
    simulator.script(part("Once upon", "t-1"), { ...rest(" a time"), delayMs: 5_000 });
    const answer = await post(url, ask(prompt, { stream: true }));
    await until(() => simulator.requests.length === 2);
    await Promise.all([gateway.close(), answer.text().then((text) => expect(readEvents(text).at(-1)?.event).toBe("error"))]);
  });
});

test("rule 240: a client that reads slowly gets all of it", async () => {
  const { url, simulator } = await start({ config: pool("gemini", 1) });
  const lots = "x".repeat(250_000);
  const blocks = [{ type: "text", text: lots, sizes: [10_000] }] as const;
  for (const token of ["t-1", "t-2", "t-3", "t-4", "t-5", "t-6"]) simulator.script({ ...part("", token), blocks });
  simulator.script(rest("end"));
  const answer = await post(url, ask(prompt, { stream: true, max_tokens: 65_536 }));
  await new Promise((resolve) => setTimeout(resolve, 100));
  const events = readEvents(await answer.text());
  const text = events.map(({ data }) => (data["delta"] as { text?: string } | undefined)?.text ?? "").join("");
  expect(text.length).toBe(6 * lots.length + 3);
  expect(events.at(-1)?.event).toBe("message_stop");
});

describe.each([false, true])("rule 227: a pause for the provider's own tools, streaming %s", (stream) => {
  const search = { type: "search", query: "kings", results: [{ url: "https://kings.test/", title: "Kings" }] } as const;
  const paused: ScriptItem = {
    blocks: [{ type: "thinking", text: "I search." }, { type: "text", text: "I look. " }, search],
    end: "pause",
    usage: { input: 10, cacheRead: 0, cacheWrite: 0, output: 5, thinking: 0 },
  };
  const done: ScriptItem = { ...rest("There are ten."), usage: { input: 20, cacheRead: 0, cacheWrite: 0, output: 7, thinking: 0 } };

  test.each([
    ["openai", "stop"],
    ["genai", "STOP"],
  ])("%s sees one answer, and Claude its own blocks again", async (client, reason) => {
    const gateway = await start({ config: pool("anthropic", 1) });
    gateway.simulator.script(paused, paused, done);
    const [text, ...others] = await told(client, gateway, stream, true);
    expect(text).toContain("I look. ");
    expect(text).toMatch(/There are ten\.$/);
    expect(others).toEqual([reason, 40, 17]);
    const [first, second, third] = bodies(gateway);
    const block = expect.objectContaining({ type: "thinking", signature: expect.stringMatching(/./) as unknown }) as unknown;
    const round = [
      block,
      { type: "text", text: "I look. " },
      expect.objectContaining({ type: "server_tool_use", name: "web_search", input: { query: "kings" } }) as unknown,
      expect.objectContaining({
        type: "web_search_tool_result",
        content: [expect.objectContaining({ url: "https://kings.test/" })],
      }) as unknown,
    ];
    const messages = first?.["messages"] as unknown[];
    expect(second).toEqual({ ...first, messages: [...messages, { role: "assistant", content: round }] });
    expect(third).toEqual({ ...first, messages: [...messages, { role: "assistant", content: [...round, ...round] }] });
    expect(gateway.permits()).toBe(0);
  });

  test("one that never ends is ended, and that is on the ledger", async () => {
    const gateway = await start({ config: pool("anthropic", 1) });
    gateway.simulator.script({ ...paused, times: 20 });
    expect((await told("openai", gateway, stream, true))[1]).toBe("stop");
    expect(gateway.simulator.requests).toHaveLength(8);
    expect(lastLine(gateway)).toMatchObject({
      losses: expect.arrayContaining([{ code: "unfinished-answer", path: "answer", severity: "semantic" }]) as unknown,
    });
  });
});

test("rules 227, 240: clients of the provider's own protocol go on by themselves", async () => {
  const gemini = await start({ config: pool("gemini", 1) });
  gemini.simulator.script(part("Once", "t-1"));
  const asked = { contents: [{ role: "user", parts: [{ text: prompt }] }] };
  const answer = await fetch(`${gemini.url}/v1beta/models/any:generateContent`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(asked),
  });
  expect(await answer.json()).toMatchObject({ candidates: [{ finishReason: "CONTINUATION", continuationToken: "t-1" }] });
  const claude = await start({ config: pool("anthropic", 1) });
  claude.simulator.script({ end: "pause" });
  expect(await (await post(claude.url, ask(prompt))).json()).toMatchObject({ stop_reason: "pause_turn" });
  expect([gemini.simulator.requests.length, claude.simulator.requests.length]).toEqual([1, 1]);
});
