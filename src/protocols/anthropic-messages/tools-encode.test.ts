import { describe, expect, test } from "vitest";
import { anthropic, chatRequest, conversation, encodeMessages as encode, upstream } from "../../../test/support/messages.ts";
import type { ChatRequest, Content, Tool } from "../../chat/chat.ts";
import type { JsonObject } from "../../chat/json.ts";

const text = (value: string): Content => ({ type: "text", text: value });
const call = (id: string, input = "{}"): Content => ({ type: "tool-call", kind: "function", id, name: "f", input });
const result = (callId: string, ...content: Content[]): Content => ({ type: "tool-result", callId, content, isError: false });

describe("tools", () => {
  const tool = (over: Partial<Extract<Tool, { type: "function" }>>): Tool => ({
    type: "function",
    path: "tools[0]",
    name: "f",
    inputSchema: { type: "object" },
    ...over,
  });
  const first = (tools: readonly Tool[]): { tool: unknown; losses: readonly string[] } => {
    const { body, losses } = encode({ tools });
    return { tool: (body["tools"] as unknown[] | undefined)?.[0], losses };
  };

  test("rule 116: an input is an object, without alternatives at its root", () => {
    expect(first([tool({ inputSchema: {} })])).toEqual({ tool: { name: "f", input_schema: { type: "object" } }, losses: [] });
    const either = { anyOf: [{ properties: { a: { type: "string" } }, required: ["a"] }, { properties: { b: { type: "string" } } }] };
    expect(first([tool({ inputSchema: either })])).toEqual({
      tool: { name: "f", input_schema: { type: "object", properties: { a: { type: "string" }, b: { type: "string" } } } },
      losses: ["tool-schema-flattened"],
    });
    const both = { type: "object", allOf: [{ required: ["a"] }, { required: ["b"], properties: { b: {} } }] };
    expect(first([tool({ inputSchema: both })]).tool).toMatchObject({ input_schema: { properties: { b: {} }, required: ["a", "b"] } });
  });

  test("rule 117: a strict schema is closed, and says in words what has no keyword", () => {
    const schema = {
      $schema: "x",
      type: "object",
      properties: {
        n: { type: "integer", minimum: 1, description: "count" },
        s: { oneOf: [{ type: "string", format: "regex" }, { type: "null" }] },
        l: { type: "array", minItems: 2, items: { type: "object", additionalProperties: { type: "string" } } },
      },
      $defs: { d: { type: "string", format: "uuid" } },
    };
    const lowered = {
      type: "object",
      properties: {
        n: { type: "integer", description: 'count\n\n{"minimum":1}' },
        s: { anyOf: [{ type: "string", description: '{"format":"regex"}' }, { type: "null" }] },
        l: {
          type: "array",
          items: { type: "object", additionalProperties: false, description: '{"additionalProperties":{"type":"string"}}' },
          description: '{"minItems":2}',
        },
      },
      $defs: { d: { type: "string", format: "uuid" } },
      additionalProperties: false,
    };
    const format = (given: JsonObject): unknown =>
      (encode({ outputFormat: { type: "json-schema", schema: given } }).body["output_config"] as JsonObject)["format"];
    expect(format(schema)).toEqual({ type: "json_schema", schema: lowered });
    expect(format(lowered as JsonObject)).toEqual({ type: "json_schema", schema: lowered });
    expect(first([tool({ inputSchema: { type: "object", properties: {} }, strict: true })]).tool).toMatchObject({
      input_schema: { additionalProperties: false },
    });
  });

  test("rules 66, 91: free text is a function with one string, there and back", () => {
    const custom: Tool = { type: "custom", path: "tools[0]", name: "patch", description: "d", format: { type: "grammar" } };
    const { tool: declared, losses } = first([custom]);
    expect(declared).toMatchObject({
      name: "patch",
      description: 'd\n\nThe input obeys: {"type":"grammar"}',
      input_schema: { required: ["input"] },
    });
    expect(losses).toEqual(["custom-tool-grammar"]);
    const request = { ...chatRequest({}), tools: [custom] };
    const block = { type: "tool_use", id: "t", name: "patch", input: { input: 'line 1\n"2"' } };
    const events = upstream.decodeResponse({ content: [block], stop_reason: "tool_use" }, { issuer: anthropic, request });
    expect(events).toContainEqual({
      type: "item-start",
      index: 0,
      item: { type: "tool-call", kind: "custom", id: "t", name: "patch", input: "" },
    });
    expect(events).toContainEqual({ type: "delta", index: 0, text: 'line 1\n"2"' });
    const history = conversation(
      ["user", text("q")],
      ["assistant", { ...call("t", "raw"), kind: "custom" } as Content],
      ["user", result("t")],
    );
    expect(encode(history).body.messages[1]?.content[0]?.["input"]).toEqual({ input: "raw" });
  });

  test("rule 70: a name that is not legal here has one that is, there and back", () => {
    const named = { ...chatRequest({}), tools: [tool({ name: "a.b/c" }), tool({ name: "a_b_c" })] };
    const names = (encode(named).body["tools"] as { name: string }[]).map(({ name }) => name);
    expect(new Set(names).size).toBe(2);
    expect(names.every((name) => /^[a-zA-Z0-9_-]{1,128}$/.test(name))).toBe(true);
    const block = { type: "tool_use", id: "t", name: names[0] ?? "", input: {} };
    expect(upstream.decodeResponse({ content: [block] }, { issuer: anthropic, request: named })).toContainEqual(
      expect.objectContaining({ item: expect.objectContaining({ name: "a.b/c" }) as unknown }),
    );
  });

  test("rule 228: other vendors' hosted tools are Claude's, where it has them", () => {
    const hosted = (kind: "web-search" | "other"): Tool => ({
      type: "hosted",
      path: "tools[0]",
      kind,
      name: "x",
      settings: {},
      native: { protocol: "gemini", fields: {} },
    });
    expect(first([hosted("web-search")])).toEqual({ tool: { type: "web_search_20250305", name: "web_search" }, losses: [] });
    expect(first([hosted("other")])).toEqual({ tool: undefined, losses: ["hosted-tool"] });
  });

  test.each<[Partial<ChatRequest>, unknown, string[]]>([
    [{ toolChoice: { mode: "required" } }, { type: "any" }, []],
    [{ toolChoice: { mode: "none" }, parallelToolCalls: false }, { type: "none" }, []],
    [{ toolChoice: { mode: "auto" }, parallelToolCalls: false }, { type: "auto", disable_parallel_tool_use: true }, []],
    [{ parallelToolCalls: false, tools: [tool({})] }, { type: "auto", disable_parallel_tool_use: true }, []],
    [{ parallelToolCalls: false }, undefined, []],
    [{ parallelToolCalls: true, tools: [tool({})] }, undefined, []],
    [{ toolChoice: { mode: "subset", names: ["f"], required: true } }, { type: "tool", name: "f" }, []],
    [{ toolChoice: { mode: "subset", names: ["f", "g"], required: true } }, { type: "any" }, ["tool-choice"]],
    [{ toolChoice: { mode: "subset", names: ["f"], required: false } }, { type: "auto" }, ["tool-choice"]],
  ])("B.0.4, rules 81–83: %j", (request, expected, losses) => {
    const encoded = encode(request);
    expect(encoded.body["tool_choice"]).toEqual(expected);
    expect(encoded.losses).toEqual(losses);
  });
});
