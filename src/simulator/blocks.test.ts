/** Scripts say an answer block by block, and each protocol writes it as its vendor would. */
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startSimulator, type Simulator } from "./server.ts";
import type { Behaviour, ScriptedBlock } from "./types.ts";

let simulator: Simulator;
let claude: Anthropic;
let openAi: OpenAI;
let script: Behaviour = {};

beforeEach(async () => {
  script = {};
  simulator = await startSimulator();
  claude = new Anthropic({ baseURL: simulator.url, apiKey: "k", maxRetries: 0 });
  openAi = new OpenAI({ baseURL: `${simulator.url}/v1`, apiKey: "k", maxRetries: 0 });
});
afterEach(() => simulator.close());

const hi = { role: "user" as const, content: "Hi" };
const source = { url: "https://example.com/a", title: "A" };
const BLOCKS: readonly ScriptedBlock[] = [
  { type: "thinking", text: "First." },
  { type: "text", text: "Grüße. " },
  { type: "thinking", text: "Second." },
  { type: "text", text: "Done.", citations: [{ ...source, text: "Done", cited: "It is done." }] },
  { type: "call", name: "f", input: { a: 1 }, id: "call_x" },
];

/** Ids and signatures depend on every byte of the request. */
function unminted(value: unknown): unknown {
  const minted = /"(id|signature|data|encrypted_index|encrypted_content|tool_use_id)":"[^"]*"/g;
  return JSON.parse(JSON.stringify(value).replaceAll(minted, '"$1":"…"'));
}

async function message(options: object = {}): Promise<Anthropic.Message> {
  simulator.script({ ...script, times: 2 });
  const body = { model: "claude-opus-5-5", max_tokens: 4096, messages: [hi], ...options };
  const whole = await claude.messages.create(body);
  const streamed = await claude.messages.stream(body).finalMessage();
  expect(unminted(streamed.content)).toEqual(unminted(whole.content));
  expect([streamed.stop_reason, streamed.stop_sequence]).toEqual([whole.stop_reason, whole.stop_sequence]);
  return whole;
}

async function completion(options: object = {}): Promise<OpenAI.ChatCompletion> {
  simulator.script({ ...script, times: 2 });
  const body = { model: "gpt-6-sol", messages: [hi], ...options };
  const whole = await openAi.chat.completions.create(body);
  const streamed = await openAi.chat.completions.stream(body).finalChatCompletion();
  const [choice] = whole.choices;
  expect(streamed.choices[0]?.message).toMatchObject({ content: choice?.message.content, refusal: choice?.message.refusal });
  expect(streamed.choices[0]?.finish_reason).toBe(choice?.finish_reason);
  return whole;
}

interface Detail {
  readonly text?: string;
  readonly signature?: string;
  readonly data?: string;
}

interface Reasoned {
  readonly reasoning_details?: readonly Detail[];
}

interface Candidate {
  readonly content: { readonly parts: readonly Record<string, unknown>[] };
  readonly finishReason: string;
  readonly finishMessage?: string;
  readonly groundingMetadata?: unknown;
}

async function gemini(streamed = false): Promise<Candidate> {
  simulator.script(script);
  const path = `/v1beta/models/gemini-3.8-pro:${streamed ? "streamGenerateContent" : "generateContent"}`;
  const body = { contents: [{ role: "user", parts: [{ text: "Hi" }] }], generationConfig: { thinkingConfig: { includeThoughts: true } } };
  const answer = (await (await fetch(simulator.url + path, { method: "POST", body: JSON.stringify(body) })).json()) as {
    candidates: [Candidate];
  };
  const responses = [answer].flat();
  const candidates = responses.map(({ candidates: [candidate] }) => candidate);
  return { ...(candidates.at(-1) as Candidate), content: { parts: candidates.flatMap(({ content }) => content.parts) } };
}

describe("blocks come in their order", () => {
  test("in Messages", async () => {
    script = { blocks: BLOCKS };
    const { content, stop_reason: reason } = await message();
    expect(reason).toBe("tool_use");
    expect(content).toMatchObject([
      { type: "thinking", thinking: "First." },
      { type: "text", text: "Grüße. " },
      { type: "thinking", thinking: "Second." },
      { type: "text", text: "Done.", citations: [{ type: "web_search_result_location", ...source, cited_text: "It is done." }] },
      { type: "tool_use", id: "call_x", name: "f", input: { a: 1 } },
    ]);
    const signatures = content.flatMap((block) => (block.type === "thinking" ? [block.signature] : []));
    expect(new Set(signatures).size).toBe(2);
    // The simulator takes back only what it minted.
    script = {};
    const results = { role: "user" as const, content: [{ type: "tool_result" as const, tool_use_id: "call_x", content: "ok" }] };
    expect((await message({ messages: [hi, { role: "assistant", content }, results] })).stop_reason).toBe("end_turn");
  });

  test("in Chat Completions, as far as it has an order", async () => {
    script = { blocks: BLOCKS };
    const { choices } = await completion({ model: "deepseek-v4" });
    expect(choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: {
        content: "Grüße. Done.",
        reasoning_content: "First.Second.",
        annotations: [{ type: "url_citation", url_citation: { ...source, start_index: 7, end_index: 11 } }],
        tool_calls: [{ id: "call_x", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
      },
    });
  });

  test("in Gemini, whose grounding counts bytes", async () => {
    script = {
      blocks: [...BLOCKS, { type: "search", query: "q", results: [source] }, { type: "image", mimeType: "image/png", data: "AAAA" }],
    };
    const { content, groundingMetadata } = await gemini();
    expect(content.parts).toMatchObject([
      { text: "First.", thought: true },
      { text: "Grüße. " },
      { text: "Second.", thought: true },
      { text: "Done." },
      { functionCall: { id: "call_x", name: "f", args: { a: 1 } }, thoughtSignature: expect.any(String) },
      { inlineData: { mimeType: "image/png", data: "AAAA" } },
    ]);
    expect(groundingMetadata).toMatchObject({
      webSearchQueries: ["q"],
      groundingChunks: [{ web: { uri: source.url, title: "A" } }],
      groundingSupports: [{ segment: { startIndex: 9, endIndex: 13, text: "Done" }, groundingChunkIndices: [0] }],
    });
    expect((await gemini(true)).groundingMetadata).toEqual(groundingMetadata);
  });
});

test("a search in Messages is a call of the vendor's and its result", async () => {
  script = {
    blocks: [
      { type: "search", query: "q", results: [source] },
      { type: "text", text: "Found." },
    ],
  };
  const { content, usage } = await message();
  expect(content).toMatchObject([
    { type: "server_tool_use", name: "web_search", input: { query: "q" } },
    { type: "web_search_tool_result", content: [{ type: "web_search_result", ...source }] },
    { type: "text" },
  ]);
  expect(usage.server_tool_use?.web_search_requests).toBe(1);
});

test("redacted thinking can be taken back by who wrote it, and by no other", async () => {
  script = { blocks: [{ type: "redacted" }, { type: "text", text: "A." }] };
  const { content } = await message();
  const history = (block: object) => ({ messages: [hi, { role: "assistant", content: [block] }, hi] });
  expect(content[0]).toMatchObject({ type: "redacted_thinking" });
  script = {};
  expect((await message(history(content[0] as object))).type).toBe("message");
  await expect(message(history({ type: "redacted_thinking", data: "AAAA" }))).rejects.toThrow("Invalid `data`");
});

test("reasoning_details carry a signature after the text, and redacted reasoning", async () => {
  script = { blocks: [{ type: "thinking", text: "Hm." }, { type: "redacted" }, { type: "text", text: "A." }] };
  const { message: whole } = (await completion({ model: "claude-5-thinking" })).choices[0] as unknown as { message: Reasoned };
  expect(whole.reasoning_details).toMatchObject([{ type: "reasoning.text", text: "Hm." }, { type: "reasoning.encrypted" }]);
  script = {};
  const { choices } = await completion({ model: "claude-5-thinking", messages: [hi, whole, hi] });
  expect(choices[0]?.finish_reason).toBe("stop");
  simulator.script({ blocks: [{ type: "thinking", text: "Hm." }, { type: "redacted" }, { type: "text", text: "A." }] });
  const details: Detail[] = [];
  for await (const chunk of await openAi.chat.completions.create({ model: "claude-5-thinking", messages: [hi], stream: true }))
    details.push(...((chunk.choices[0]?.delta as Reasoned | undefined)?.reasoning_details ?? []));
  expect(
    details.map((detail) =>
      Object.keys(detail)
        .filter((key) => ["text", "signature", "data"].includes(key))
        .join(),
    ),
  ).toEqual(["text", "text", "text", "signature", "data"]);
  expect(details.map(({ text }) => text ?? "").join("")).toBe("Hm.");
});

test("a Gemini signature can stand on the text, on none, or on a thought", async () => {
  script = {
    blocks: [
      { type: "thinking", text: "Hm.", signature: "AAAA", sizes: [9] },
      { type: "text", text: "Done.", signed: true, sizes: [2] },
    ],
  };
  const { parts } = (await gemini(true)).content;
  expect(parts.map((part) => [part["text"], part["thoughtSignature"] !== undefined])).toEqual([
    ["Hm.", true],
    ["Do", false],
    ["ne", false],
    [".", true],
    ["", false],
  ]);
  script = { blocks: [{ type: "text", text: "Done.", signed: false }] };
  expect((await gemini(true)).content.parts.some((part) => "thoughtSignature" in part)).toBe(false);
});

test("arguments keep their own text where there is text", async () => {
  const text = '{ "a": 1.0, "b": "é" }';
  script = { calls: [{ name: "f", arguments: text }] };
  expect((await completion()).choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { arguments: text } });
  expect((await message()).content.at(-1)).toMatchObject({ input: { a: 1, b: "é" } });
  simulator.script(script);
  let streamed = "";
  const stream = claude.messages.stream({ model: "claude-opus-5-5", max_tokens: 4096, messages: [hi] });
  await stream.on("inputJson", (fragment) => (streamed += fragment)).finalMessage();
  expect(streamed).toBe(text);
});

test("fragments have the sizes that were asked for, and those of parallel calls take turns", async () => {
  const block = (name: string): ScriptedBlock => ({ type: "call", name, id: `call_${name}`, input: { a: 1 }, sizes: [1, 5] });
  simulator.script({ blocks: [block("f"), block("g")], interleave: true });
  const deltas = [];
  for await (const chunk of await openAi.chat.completions.create({ model: "gpt-6-sol", messages: [hi], stream: true }))
    deltas.push(...(chunk.choices[0]?.delta.tool_calls ?? []));
  expect(deltas.map(({ index, id, function: called }) => [index, id, called?.arguments])).toEqual([
    [0, "call_f", ""],
    [1, "call_g", ""],
    [0, undefined, "{"],
    [1, undefined, "{"],
    [0, undefined, '"a":1'],
    [1, undefined, '"a":1'],
    [0, undefined, "}"],
    [1, undefined, "}"],
  ]);
});

describe("endings", () => {
  test.each([
    ["end", "end_turn", "stop", "STOP"],
    ["length", "max_tokens", "length", "MAX_TOKENS"],
    ["refusal", "refusal", "stop", "SAFETY"],
    ["filter", "refusal", "content_filter", "SAFETY"],
    ["context-full", "model_context_window_exceeded", "length", "MAX_TOKENS"],
    ["pause", "pause_turn", "stop", "STOP"],
  ] as const)("%s", async (end, anthropic, chat, google) => {
    script = { text: "So far", end };
    expect((await message()).stop_reason).toBe(anthropic);
    expect((await completion()).choices[0]?.finish_reason).toBe(chat);
    expect((await gemini(true)).finishReason).toBe(google);
  });

  test("a stop sequence", async () => {
    script = { text: "So far", stopSequence: "END" };
    expect(await message()).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: "END" });
    expect((await completion()).choices[0]?.finish_reason).toBe("stop");
    script = { text: "So far END and on" };
    expect(await message({ stop_sequences: ["END"] })).toMatchObject({ stop_sequence: "END", content: [{ text: "So far " }] });
    expect((await completion({ model: "gpt-4.1", stop: ["END"] })).choices[0]?.message.content).toBe("So far ");
  });

  test("a refusal in words", async () => {
    script = { blocks: [{ type: "refusal", text: "I will not." }] };
    expect(await message()).toMatchObject({ content: [], stop_reason: "refusal", stop_details: { explanation: "I will not." } });
    expect((await completion()).choices[0]).toMatchObject({ finish_reason: "stop", message: { content: null, refusal: "I will not." } });
    expect(await gemini()).toMatchObject({ finishReason: "SAFETY", finishMessage: "I will not." });
  });

  test("the token limit cuts blocks in their order", async () => {
    script = { blocks: BLOCKS };
    expect(await message({ max_tokens: 3 })).toMatchObject({
      content: [{ thinking: "First." }, { text: "Grüß" }],
      stop_reason: "max_tokens",
      usage: { output_tokens: 3 },
    });
  });
});

test("usage can be given by its slices", async () => {
  script = { usage: { input: 10, cacheRead: 90, cacheWrite: 5, output: 40, thinking: 30 } };
  expect((await completion()).usage).toMatchObject({
    prompt_tokens: 105,
    total_tokens: 145,
    prompt_tokens_details: { cached_tokens: 90, cache_write_tokens: 5 },
    completion_tokens_details: { reasoning_tokens: 30 },
  });
  expect((await message()).usage).toMatchObject({ input_tokens: 10, cache_read_input_tokens: 90, cache_creation_input_tokens: 5 });
});

test("a block that the protocol cannot say is the script's mistake, not the vendor's error", async () => {
  simulator.script({ blocks: [{ type: "image", mimeType: "image/png", data: "AAAA" }] });
  const answer = await fetch(`${simulator.url}/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "gpt-6-sol", messages: [hi] }),
  });
  expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining("have no images")]);
});
