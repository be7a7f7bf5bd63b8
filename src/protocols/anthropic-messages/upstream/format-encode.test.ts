import { describe, expect, test } from "vitest";
import { anthropic, chatRequest, claude, encodeMessages as encode, encodeTarget, upstream } from "../../../../test/support/messages.ts";
import type { ChatRequest, OutputFormat, Tool } from "../../../chat/chat.ts";
import { collect } from "../../../chat/collect.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { ANSWER_TOOL } from "../wire.ts";

const schema = { type: "object", properties: { city: { type: "string", minLength: 1 } }, required: ["city"] };
const outputFormat: OutputFormat = { type: "json-schema", schema, name: "place" };
const weather: Tool = { type: "function", path: "tools[0]", name: "weather", inputSchema: { type: "object" } };
const OLD = claude("claude-sonnet-4");

test("rules 210, 212: newer models are held to the schema, strict or not", () => {
  for (const strict of [true, false]) {
    const { body, losses } = encode({ outputFormat: { ...outputFormat, strict }, tools: [weather] }, claude("claude-sonnet-4-5"));
    expect(body["output_config"]).toMatchObject({ format: { type: "json_schema", schema: { additionalProperties: false } } });
    expect(body["tools"]).toHaveLength(1);
    expect(body).not.toHaveProperty("tool_choice");
    expect(losses).toEqual(["output-format-name", "schema-keyword"]);
  }
});

test("rule 213: any JSON is asked for in the last words of the system", () => {
  const system = encode({ outputFormat: { type: "json" }, system: [{ type: "text", text: "a", turn: -1, path: "system" }] }).body["system"];
  expect(system).toHaveLength(2);
  expect((system as JsonObject[]).at(-1)?.["text"]).toContain("JSON");
});

describe("rule 211: older models give their answer to a tool", () => {
  test("which they must call, thinking off", () => {
    const { body, losses } = encode({ outputFormat, reasoning: { mode: "on", effort: "low" }, maxOutputTokens: 8000 }, OLD);
    expect(body["tools"]).toMatchObject([{ name: ANSWER_TOOL, input_schema: schema }]);
    expect(body["tool_choice"]).toEqual({ type: "tool", name: ANSWER_TOOL, disable_parallel_tool_use: true });
    expect(body).not.toHaveProperty("thinking");
    expect(losses).toEqual(["output-format-name", "output-format-emulated", "reasoning-off"]);
  });
  test("beside the caller's tools any may be called", () => {
    const { body } = encode({ outputFormat, tools: [weather] }, OLD);
    expect(body["tool_choice"]).toEqual({ type: "any", disable_parallel_tool_use: true });
    expect((body["tools"] as JsonObject[]).map(({ name }) => name)).toEqual(["weather", ANSWER_TOOL]);
  });
  test("unless the caller demands another call", () => {
    const { body } = encode({ outputFormat, tools: [weather], toolChoice: { mode: "tool", name: "weather" } }, OLD);
    expect(body["tools"]).toHaveLength(1);
    expect(body["tool_choice"]).toEqual({ type: "tool", name: "weather" });
  });
  test("a schema that no call can have is asked for in words", () => {
    const { body } = encode({ outputFormat: { type: "json-schema", schema: { type: "array", items: { type: "string" } } } }, OLD);
    expect(body).not.toHaveProperty("tools");
    expect((body["system"] as JsonObject[])[0]?.["text"]).toContain('{"type":"array","items":{"type":"string"}}');
  });

  test("so is any by a model that cannot be made to call", () => {
    const { profile } = encodeTarget(claude("claude-opus-5-5"));
    const { body } = encode({ outputFormat }, { profile: { ...profile, jsonSchemaOutput: false } });
    expect(body).not.toHaveProperty("tools");
    expect(body).not.toHaveProperty("tool_choice");
    expect((body["system"] as JsonObject[])[0]?.["text"]).toContain('"city"');
  });

  const request: ChatRequest = { ...chatRequest({}), outputFormat, tools: [weather] };
  const answer = (...content: JsonObject[]): unknown => {
    const { items, finish } = collect(upstream.decodeResponse({ content, stop_reason: "tool_use" }, { issuer: anthropic, request }));
    return [...items.map((item) => (item.type === "text" ? item.text : item.type)), finish.reason];
  };
  test("what the tool is given is the text of the answer", () => {
    expect(answer({ type: "tool_use", id: "t", name: ANSWER_TOOL, input: { city: "Bern" } })).toEqual(['{"city":"Bern"}', "stop"]);
    expect(answer({ type: "tool_use", id: "t", name: "weather", input: {} })).toEqual(["tool-call", "tool-calls"]);
  });
  test("as it streams", () => {
    const decoder = upstream.streamDecoder({ issuer: anthropic, request });
    const frames: JsonObject[] = [
      { type: "message_start", message: { content: [] } },
      { type: "content_block_start", index: 0, content_block: { type: "tool_use", id: "t", name: ANSWER_TOOL, input: {} } },
      { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: '{"city":' } },
      { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: '"Bern"}' } },
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason: "tool_use" } },
      { type: "message_stop" },
    ];
    const events = frames.flatMap((frame) => decoder.push({ event: "", data: JSON.stringify(frame) }));
    expect(events.filter(({ type }) => type === "delta")).toEqual([
      { type: "delta", index: 0, text: '{"city":' },
      { type: "delta", index: 0, text: '"Bern"}' },
    ]);
    expect(events.at(-1)).toMatchObject({ type: "finish", finish: { reason: "stop" } });
  });
});

describe("rule 219: fences come off where JSON was asked for, and nowhere else", () => {
  const fenced = '```json\n{"a":1}\n```';
  const text = (request: ChatRequest): unknown =>
    collect(upstream.decodeResponse({ content: [{ type: "text", text: fenced }], stop_reason: "end_turn" }, { issuer: anthropic, request }))
      .items;
  test("asked for", () =>
    expect(text({ ...chatRequest({}), outputFormat: { type: "json" } })).toEqual([{ type: "text", text: '{"a":1}' }]));
  test("not asked for", () => expect(text(chatRequest({}))).toEqual([{ type: "text", text: fenced }]));
});
