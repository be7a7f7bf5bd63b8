/** The official SDK talks to the simulator directly: what it accepts is what Google's own client accepts. */
import { FunctionCallingConfigMode, GoogleGenAI, type Content, type GenerateContentConfig, type Part } from "@google/genai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSimulator, type Simulator } from "./server.ts";

const MODEL = "gemini-3.8-flash";
const shell = {
  name: "run_shell_command",
  parametersJsonSchema: { type: "object", properties: { command: { type: "string" } }, required: ["command"] },
};
const schema = { type: "object", properties: { city: { type: "string" }, n: { type: "integer" } }, required: ["city", "n"] };

let simulator: Simulator;
let client: GoogleGenAI;

beforeAll(async () => {
  simulator = await startSimulator({ record: true, requireKey: true });
  client = new GoogleGenAI({ apiKey: "k", httpOptions: { baseUrl: simulator.url } });
});
afterAll(() => simulator.close());

async function streamed(contents: string | Content[], config: GenerateContentConfig = {}, model = MODEL) {
  const parts: Part[] = [];
  const finishes: unknown[] = [];
  let usage: unknown;
  for await (const chunk of await client.models.generateContentStream({ model, contents, config })) {
    parts.push(...(chunk.candidates?.[0]?.content?.parts ?? []));
    finishes.push(chunk.candidates?.[0]?.finishReason);
    usage = chunk.usageMetadata;
  }
  const text = parts.filter((part) => part.thought !== true).map((part) => part.text ?? "");
  return { parts, finishes, usage, text: text.join("") };
}

test("a whole response and a streamed one are the same, but for nothing", async () => {
  const config = { thinkingConfig: { includeThoughts: true } };
  const whole = await client.models.generateContent({ model: MODEL, contents: "Grüß Gott, 世界 👋", config });
  const stream = await streamed("Grüß Gott, 世界 👋", config);
  expect(stream.text).toBe(whole.text);
  expect(stream.text).toContain("Grüß Gott, 世界 👋");
  expect(stream.usage).toEqual(whole.usageMetadata);
  expect(stream.finishes.filter((finish) => finish !== undefined)).toEqual(["STOP"]);
  expect(stream.parts.length).toBeGreaterThan(5);
  expect(stream.parts[0]).toMatchObject({ thought: true });
  expect(stream.parts.at(-1)).toMatchObject({ text: "", thoughtSignature: expect.stringMatching(/^C/) });
  const { promptTokenCount = 0, candidatesTokenCount = 0, thoughtsTokenCount = 0, totalTokenCount } = whole.usageMetadata ?? {};
  expect(totalTokenCount).toBe(promptTokenCount + candidatesTokenCount + thoughtsTokenCount);
  expect(thoughtsTokenCount).toBeGreaterThan(0);
});

test("thoughts stay hidden unless asked for, and cost nothing when thinking is off", async () => {
  const hidden = await client.models.generateContent({ model: MODEL, contents: "Hi" });
  expect(hidden.candidates?.[0]?.content?.parts?.some((part) => part.thought)).toBe(false);
  expect(hidden.usageMetadata?.thoughtsTokenCount).toBeGreaterThan(0);
  const off = await client.models.generateContent({
    model: "gemini-2.5-flash",
    contents: "Hi",
    config: { thinkingConfig: { thinkingBudget: 0 } },
  });
  expect(off.usageMetadata?.thoughtsTokenCount).toBeUndefined();
});

describe.each([MODEL, "gemini-2.5-flash"])("on %s", (model) => {
  test("a tool loop with parallel calls runs to its end", async () => {
    const contents: Content[] = [{ role: "user", parts: [{ text: "Run `printf one` and `printf two`, then `printf three`." }] }];
    const outputs = ["one", "two", "three"];
    const rounds: number[] = [];
    let last = "";
    for (let turn = 0; turn < 3; turn++) {
      const { parts, text } = await streamed(contents, { tools: [{ functionDeclarations: [shell] }] }, model);
      const calls = parts.flatMap((part) => (part.functionCall === undefined ? [] : [part.functionCall]));
      rounds.push(calls.length);
      last = text;
      if (calls.length === 0) break;
      const signed = parts.filter((part) => part.functionCall !== undefined).map((part) => part.thoughtSignature !== undefined);
      expect(signed).toEqual(calls.map((_, index) => model === MODEL && index === 0));
      expect(calls.every((call) => (call.id !== undefined) === (model === MODEL))).toBe(true);
      contents.push({ role: "model", parts });
      contents.push({
        role: "user",
        parts: calls.map((call) => ({
          functionResponse: { ...call, args: undefined, response: { output: outputs.shift() } } as Part["functionResponse"] & object,
        })),
      });
    }
    expect(rounds).toEqual([2, 1, 0]);
    expect(last).toBe("The tool says: three");
  });
});

test("a forced function is called, and none when none is allowed", async () => {
  const tools = [{ functionDeclarations: [shell] }];
  const config = (mode: FunctionCallingConfigMode) => ({ tools, toolConfig: { functionCallingConfig: { mode } } });
  const forced = await client.models.generateContent({ model: MODEL, contents: "Hi", config: config(FunctionCallingConfigMode.ANY) });
  expect(forced.functionCalls).toMatchObject([{ name: "run_shell_command", args: { command: "sample" } }]);
  const none = await client.models.generateContent({ model: MODEL, contents: "Run `ls`.", config: config(FunctionCallingConfigMode.NONE) });
  expect(none.functionCalls).toBeUndefined();
});

test("structured output satisfies the schema, in both fields that take one", async () => {
  const json = { responseMimeType: "application/json" };
  for (const config of [
    { ...json, responseJsonSchema: schema },
    { ...json, responseSchema: schema },
  ]) {
    const answer = await client.models.generateContent({ model: MODEL, contents: "A city", config });
    expect(JSON.parse(answer.text ?? "")).toEqual({ city: "sample", n: 1 });
  }
});

test("limits and stop sequences end an answer with their reason", async () => {
  const config = { thinkingConfig: { thinkingBudget: 0 } };
  const short = await client.models.generateContent({ model: MODEL, contents: "Hi", config: { ...config, maxOutputTokens: 2 } });
  expect(short).toMatchObject({ candidates: [{ finishReason: "MAX_TOKENS" }], usageMetadata: { candidatesTokenCount: 2 } });
  const stopped = await client.models.generateContent({ model: MODEL, contents: "Hi", config: { ...config, stopSequences: ["said"] } });
  expect(stopped).toMatchObject({ candidates: [{ finishReason: "STOP" }], text: "You " });
});

test("media are acknowledged", async () => {
  const contents = [
    {
      role: "user",
      parts: [
        { text: "Look" },
        { inlineData: { mimeType: "image/png", data: "aGk=" } },
        { inlineData: { mimeType: "application/pdf", data: "aGk=" } },
      ],
    },
  ];
  const answer = await client.models.generateContent({ model: MODEL, contents });
  expect(answer.text).toContain("I see 1 image and 1 document.");
});

test("counting agrees with what is billed", async () => {
  const counted = await client.models.countTokens({ model: MODEL, contents: "Hi there" });
  const answer = await client.models.generateContent({ model: MODEL, contents: "Hi there" });
  expect(counted.totalTokens).toBe(answer.usageMetadata?.promptTokenCount);
});

test("a repeated prefix is reported as cached", async () => {
  const contents = [
    { role: "user", parts: [{ text: "word ".repeat(2000) }] },
    { role: "model", parts: [{ text: "Fine." }] },
    { role: "user", parts: [{ text: "Hi" }] },
  ];
  const usage = (await client.models.generateContent({ model: MODEL, contents })).usageMetadata;
  expect(usage?.cachedContentTokenCount).toBeGreaterThan(2000);
  expect(usage?.promptTokenCount).toBeGreaterThan(usage?.cachedContentTokenCount ?? Infinity);
});

test("without alt=sse a stream is one JSON array of the same responses", async () => {
  const body = JSON.stringify({ contents: [{ parts: [{ text: "Hi" }] }] });
  const headers = { "x-goog-api-key": "k" };
  const path = `${simulator.url}/v1beta/models/${MODEL}:streamGenerateContent`;
  const array = await fetch(path, { method: "POST", headers, body });
  const sse = await fetch(`${path}?alt=sse`, { method: "POST", headers, body });
  expect(array.headers.get("content-type")).toBe("application/json; charset=UTF-8");
  const events = (await sse.text()).split("\r\n\r\n").filter((event) => event !== "");
  expect(await array.json()).toEqual(events.map((event) => JSON.parse(event.replace(/^data: /, "")) as unknown));
});

test("models are listed page by page, and each can be had", async () => {
  const names: (string | undefined)[] = [];
  for await (const model of await client.models.list({ config: { pageSize: 1 } })) names.push(model.name);
  expect(names).toEqual(["models/gemini-4-argon", "models/gemini-3.8-pro", "models/gemini-3.8-flash", "models/gemini-2.5-flash"]);
  expect(await client.models.get({ model: MODEL })).toMatchObject({ name: `models/${MODEL}` });
});

test("errors reach the SDK with their status", async () => {
  const call = () => client.models.generateContent({ model: MODEL, contents: "Hi" });
  simulator.script({ fault: "429", retryInfo: 37.2 }, "503");
  await expect(call()).rejects.toMatchObject({ status: 429, message: expect.stringContaining('"retryDelay":"37.2s"') });
  await expect(call()).rejects.toMatchObject({ status: 503 });
  simulator.script({ fault: "error-after-content", status: 503 });
  await expect(streamed("Hi")).rejects.toThrow("overloaded");
});

test("the key is taken from the header or the query, and is needed", async () => {
  const post = (query: string, headers: Record<string, string> = {}) =>
    fetch(`${simulator.url}/v1beta/models/${MODEL}:generateContent${query}`, {
      method: "POST",
      headers,
      body: '{"contents":[{"parts":[{"text":"Hi"}]}]}',
    });
  expect((await post("", { "x-goog-api-key": "one" })).status).toBe(200);
  expect((await post("?key=two")).status).toBe(200);
  expect(simulator.requests.slice(-2).map(({ credential }) => credential)).toEqual(["one", "two"]);
  expect((await post("")).status).toBe(403);
});
