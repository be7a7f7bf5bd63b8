/**
 * Chat and Gemini clients on Claude: what they say as Claude is told it, and what Claude answers as they get it, through
 * the same decoders and encoders as in the gateway.
 */
import { describe, expect, test } from "vitest";
import { collect } from "../src/chat/collect.ts";
import type { ChatRequest } from "../src/chat/chat.ts";
import type { JsonObject } from "../src/chat/json.ts";
import { LossLedger, type Loss } from "../src/chat/loss.ts";
import { anthropicMessages } from "../src/protocols/anthropic-messages/index.ts";
import { gemini } from "../src/protocols/gemini/index.ts";
import { openaiChat } from "../src/protocols/openai-chat/index.ts";
import type { ClientRoute, ClientSide, EncodeTarget } from "../src/protocols/protocol.ts";
import { loadCaptures } from "./support/captures.ts";
import { claude, encodeTarget, sealer } from "./support/messages.ts";

const { upstream } = anthropicMessages;
const PNG = "iVBORw0KGgoAAAANSUhEUg==";

interface Client {
  readonly side: ClientSide;
  readonly route: ClientRoute;
}
const chat: Client = { side: openaiChat.client as ClientSide, route: { operation: "generate" } };
const google: Client = { side: gemini.client, route: { operation: "generate", model: "m" } };

function decode({ side, route }: Client, body: object): ChatRequest {
  return side.decodeRequest({ route, query: new URLSearchParams(), headers: {}, body: Buffer.from(JSON.stringify(body)) }, sealer);
}

interface Sent {
  readonly body: JsonObject;
  readonly messages: readonly { readonly role: string; readonly content: readonly JsonObject[] }[];
  readonly losses: readonly Loss[];
}

function send(client: Client, body: object, model: string, over: Partial<EncodeTarget> = {}): Sent {
  const losses = new LossLedger();
  const encoded = upstream.encodeRequest(decode(client, body), encodeTarget({ ...claude(model), losses, ...over }));
  const sent = JSON.parse(encoded.body) as JsonObject & Pick<Sent, "messages">;
  return { body: sent, messages: sent.messages, losses: losses.losses };
}

/** What the client gets for Claude's answer. */
function answer({ side, route }: Client, asked: object, message: JsonObject, issuer = { platform: "anthropic" }): JsonObject {
  const request = decode({ side, route }, asked);
  const response = collect(upstream.decodeResponse(message, { issuer, request }));
  const context = { model: "m", requestId: "req_1", sealer, losses: new LossLedger(), request, route, createdAt: 1 };
  return side.encodeResponse(response, context);
}

const user = { role: "user", content: "q" };

describe("Chat clients", () => {
  test("rules 14, 16, 23, 25, 26, 48, 54, 55: a ragged history is one that Claude takes", () => {
    const calls = [
      { id: "call|1", type: "function", function: { name: "f", arguments: "" } },
      { id: "call.2", type: "function", function: { name: "f", arguments: "[1" } },
    ];
    const { body, messages, losses } = send(
      chat,
      {
        model: "m",
        messages: [
          { role: "system", content: "a" },
          { role: "developer", content: "b" },
          user,
          { role: "assistant", content: null, tool_calls: calls },
          { role: "tool", tool_call_id: "call.2", content: [{ type: "text", text: "two" }] },
          { role: "tool", tool_call_id: "nobody", content: "lost" },
          {
            role: "user",
            content: [
              { type: "text", text: "look" },
              { type: "image_url", image_url: { url: `data:image/jpeg;base64,${PNG}` } },
            ],
          },
        ],
      },
      "claude-opus-5-5",
    );
    expect(body["system"]).toEqual([
      { type: "text", text: "a" },
      { type: "text", text: "b" },
    ]);
    const [, asked, answered] = messages;
    expect(asked?.content.map(({ type, input }) => [type, input])).toEqual([
      ["tool_use", {}],
      ["tool_use", { _raw: "[1" }],
    ]);
    const ids = asked?.content.map(({ id }) => id) ?? [];
    expect(ids.every((id) => /^[a-zA-Z0-9_-]+$/.test(id as string))).toBe(true);
    expect(
      answered?.content.map((block) => block["tool_use_id"] ?? block["text"] ?? (block["source"] as JsonObject)["media_type"]),
    ).toEqual([ids[1], ids[0], "Result of the tool call nobody:", "lost", "look", "image/png"]);
    expect(messages).toHaveLength(3);
    expect(losses.map(({ code, path }) => `${code} ${path}`)).toEqual([
      "tool-call-arguments messages[3].tool_calls[1]",
      "missing-tool-result messages[4]",
      "orphan-tool-result messages[5]",
    ]);
  });

  test("rules 81, 91, 202, 210, 224: settings", () => {
    const schema = { type: "object", properties: { a: { type: "string" } }, required: ["a"], additionalProperties: false };
    const { body, losses } = send(
      chat,
      {
        model: "m",
        messages: [user],
        reasoning_effort: "high",
        parallel_tool_calls: false,
        safety_identifier: "u-1",
        stop: "END",
        temperature: 1.5,
        response_format: { type: "json_schema", json_schema: { name: "n", schema, strict: true } },
        web_search_options: { user_location: { type: "approximate", approximate: { country: "CH" } } },
        tools: [
          { type: "custom", custom: { name: "patch", format: { type: "grammar", grammar: { syntax: "lark", definition: "start: X" } } } },
        ],
      },
      "claude-opus-4-8",
    );
    expect(body).toMatchObject({
      max_tokens: 128_000,
      thinking: { type: "adaptive", display: "summarized" },
      output_config: { effort: "high", format: { type: "json_schema", schema } },
      tool_choice: { type: "auto", disable_parallel_tool_use: true },
      metadata: { user_id: "u-1" },
      stop_sequences: ["END"],
      tools: [
        { name: "patch", description: expect.stringContaining("start: X") as string, input_schema: { required: ["input"] } },
        { type: "web_search_20260318", user_location: { type: "approximate", country: "CH" } },
      ],
    });
    expect(body).not.toHaveProperty("temperature");
    expect(losses.map(({ code }) => code).toSorted()).toEqual(["custom-tool-grammar", "output-format-name", "sampling-ignored"]);
  });

  test("rules 34, 176: what cannot be done is refused, and the part is named", () => {
    const audio = { type: "input_audio", input_audio: { data: "UklGRg==", format: "wav" } };
    const { losses } = send(
      chat,
      { model: "m", messages: [{ role: "user", content: [{ type: "text", text: "hear" }, audio] }] },
      "claude-opus-5-5",
    );
    expect(losses).toEqual([{ code: "media-type", path: "messages[0].content[1]", severity: "contract" }]);
  });

  test("rule 34: an answer that comes last is not continued, as OpenAI's models continue none, but answered after", () => {
    const { body, losses } = send(chat, { model: "m", messages: [user, { role: "assistant", content: "So" }] }, "claude-opus-5-5");
    expect(body["messages"]).toMatchObject([{ role: "user" }, { role: "assistant" }, { role: "user" }]);
    expect(losses).toEqual([{ code: "prefill", path: "messages[1].content", severity: "semantic" }]);
  });

  test("rules 131, 436: reasoning of others is not said, and Claude's own comes back as it was", () => {
    const issuer = { platform: "anthropic", model: "claude-opus-5-5", account: "a" };
    const content = [
      { type: "thinking", thinking: "hm", signature: "c2ln" },
      { type: "redacted_thinking", data: "cmVk" },
      { type: "tool_use", id: "toolu_1", name: "f", input: {} },
    ];
    const asked = { model: "m", messages: [user] };
    const { message } =
      (answer(chat, asked, { content, stop_reason: "tool_use" }, issuer)["choices"] as { message: JsonObject }[])[0] ?? {};
    const result = { role: "tool", tool_call_id: "toolu_1", content: "ok" };
    const next = { model: "m", messages: [user, message, result] };
    expect(send(chat, next, "claude-opus-5-5", { issuer }).messages[1]?.content).toEqual(content);
    // Another account gets none of it.
    const moved = send(chat, next, "claude-opus-5-5", { issuer: { ...issuer, account: "b" } });
    expect(moved.messages[1]?.content).toEqual(content.slice(2));
    const foreign = { role: "assistant", content: "a", reasoning_content: "secret" };
    expect(JSON.stringify(send(chat, { model: "m", messages: [user, foreign, user] }, "claude-opus-5-5").body)).not.toContain("secret");
  });

  test("rules 163, 241, 250: refusals and usage", () => {
    const refused = answer(
      chat,
      { model: "m", messages: [user] },
      {
        content: [],
        stop_reason: "refusal",
        stop_details: { type: "refusal", category: "cyber", explanation: "I will not." },
        usage: {
          input_tokens: 10,
          cache_read_input_tokens: 90,
          cache_creation_input_tokens: 5,
          output_tokens: 20,
          output_tokens_details: { thinking_tokens: 8 },
        },
      },
    );
    expect(refused["choices"]).toMatchObject([{ message: { refusal: "I will not." } }]);
    expect(refused["usage"]).toMatchObject({
      prompt_tokens: 105,
      completion_tokens: 20,
      total_tokens: 125,
      prompt_tokens_details: { cached_tokens: 90 },
      completion_tokens_details: { reasoning_tokens: 8 },
    });
  });

  test("rules 224, 234: what was searched stands as citations in the joined text", () => {
    const found = { type: "web_search_result_location", url: "https://a.example", title: "A", cited_text: "c", encrypted_index: "i" };
    const content = [
      { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "q" } },
      {
        type: "web_search_tool_result",
        tool_use_id: "srvtoolu_1",
        content: [{ type: "web_search_result", url: "https://a.example", title: "A" }],
      },
      { type: "text", text: "So " },
      { type: "text", text: "it is", citations: [found] },
    ];
    const { choices } = answer(chat, { model: "m", messages: [user], web_search_options: {} }, { content, stop_reason: "end_turn" });
    expect(choices).toMatchObject([
      {
        message: {
          content: "So it is",
          annotations: [{ type: "url_citation", url_citation: { url: "https://a.example", title: "A", start_index: 3, end_index: 8 } }],
        },
        finish_reason: "stop",
      },
    ]);
  });

  test("rule 211: an older model's answer in JSON is text to the client", () => {
    const schema = { type: "object", properties: { a: { type: "number" } } };
    const asked = { model: "m", messages: [user], response_format: { type: "json_schema", json_schema: { name: "n", schema } } };
    const { body } = send(chat, asked, "claude-opus-4-1");
    const [tool] = body["tools"] as { name: string }[];
    const { choices } = answer(chat, asked, {
      content: [{ type: "tool_use", id: "t", name: tool?.name ?? "", input: { a: 1 } }],
      stop_reason: "tool_use",
    });
    expect(choices).toMatchObject([{ message: { content: '{"a":1}' }, finish_reason: "stop" }]);
  });
});

describe("Gemini clients", () => {
  const contents = [{ role: "user", parts: [{ text: "q" }] }];

  test("rules 52, 80, 422: calls without ids and their responses", () => {
    const call = (n: number): object => ({ functionCall: { name: "f", args: { n } } });
    const response = (value: object): object => ({ functionResponse: { name: "f", response: value } });
    const { messages, losses } = send(
      google,
      {
        contents: [
          ...contents,
          { role: "model", parts: [{ text: "I look." }, call(1), call(2)] },
          { role: "user", parts: [response({ output: "one" }), response({ error: "none" })] },
        ],
      },
      "claude-opus-5-5",
    );
    const ids = messages[1]?.content.slice(1).map(({ id }) => id) ?? [];
    expect(new Set(ids).size).toBe(2);
    expect(messages[2]?.content).toEqual([
      { type: "tool_result", tool_use_id: ids[0], content: [{ type: "text", text: "one" }] },
      { type: "tool_result", tool_use_id: ids[1], content: [{ type: "text", text: "none" }], is_error: true },
    ]);
    expect(losses).toEqual([]);
  });

  test("rules 86, 154, 191, 215, 228: settings", () => {
    const asked = {
      contents,
      systemInstruction: { parts: [{ text: "s" }] },
      tools: [
        { functionDeclarations: [{ name: "f", parameters: { type: "OBJECT", properties: { a: { type: "STRING", nullable: true } } } }] },
        { googleSearch: {} },
        { urlContext: {} },
      ],
      toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["f"] } },
      generationConfig: {
        temperature: 2,
        thinkingConfig: { thinkingBudget: -1, includeThoughts: true },
        responseMimeType: "application/json",
        responseSchema: { type: "OBJECT", properties: { a: { type: "INTEGER" } } },
      },
    };
    const newest = send(google, asked, "claude-sonnet-5-5").body;
    expect(newest).toMatchObject({
      tools: [{ name: "f", input_schema: { type: "object" } }, { type: "web_search_20260318" }, { type: "web_fetch_20260318" }],
      tool_choice: { type: "auto" },
      thinking: { type: "adaptive", display: "summarized" },
      output_config: { format: { type: "json_schema", schema: { type: "object", additionalProperties: false } } },
    });
    expect((newest["system"] as JsonObject[]).map(({ text }) => text)).toEqual(["s", "Answer by calling the tool f."]);
    expect(newest).not.toHaveProperty("temperature");
    // An older one can be made to call, without thinking.
    const older = send(google, asked, "claude-sonnet-4-5").body;
    expect(older).toMatchObject({ tool_choice: { type: "tool", name: "f" }, temperature: 1 });
    expect(older).not.toHaveProperty("thinking");
  });

  test("rule 377: a new Claude is sent none of what Gemini CLI says of sampling", () => {
    const [captured] = loadCaptures().filter(({ name }) => name.startsWith("gemini-cli/plain/"));
    const asked = captured?.body["generationConfig"];
    expect(asked).toMatchObject({ temperature: 1, topP: 0.95, topK: 64 });
    const { body, losses } = send(google, captured?.body ?? {}, "claude-opus-5-5");
    for (const name of ["temperature", "top_p", "top_k"]) expect(body).not.toHaveProperty(name);
    const ignored = losses.flatMap(({ code, path }) => (code === "sampling-ignored" ? path : []));
    expect(ignored).toEqual(["temperature", "topP", "topK"]);
  });

  test("rules 43, 168, 171: pictures on both sides, and files that only Google has", () => {
    const inline = { inlineData: { mimeType: "image/jpeg", data: PNG } };
    const { messages } = send(
      google,
      { contents: [...contents, { role: "model", parts: [{ text: "see" }, inline] }, ...contents] },
      "claude-opus-5-5",
    );
    expect(messages.map(({ role, content }) => [role, ...content.map(({ type }) => type)])).toEqual([
      ["user", "text"],
      ["assistant", "text"],
      ["user", "image"],
      ["user", "text"],
    ]);
    const file = { fileData: { mimeType: "application/pdf", fileUri: "gs://bucket/a.pdf" } };
    expect(send(google, { contents: [{ role: "user", parts: [{ text: "q" }, file] }] }, "claude-opus-5-5").losses).toEqual([
      { code: "media-file-id", path: "contents[0].parts[1]", severity: "contract" },
    ]);
  });

  test("rules 163, 243, 253: refusals and usage", () => {
    const refused = answer(
      google,
      { contents },
      {
        content: [{ type: "text", text: "I" }],
        stop_reason: "refusal",
        stop_details: { explanation: "No." },
        usage: { input_tokens: 3, output_tokens: 20, output_tokens_details: { thinking_tokens: 8 } },
      },
    );
    expect(refused["candidates"]).toMatchObject([{ finishReason: "SAFETY", finishMessage: "No." }]);
    expect(refused["usageMetadata"]).toMatchObject({
      promptTokenCount: 3,
      candidatesTokenCount: 12,
      thoughtsTokenCount: 8,
      totalTokenCount: 23,
    });
  });
});
