import { describe, expect, test } from "vitest";
import { anthropic, chatRequest, claude, conversation, encodeMessages as encode, upstream } from "../../../../test/support/messages.ts";
import type { Content, HostedToolKind, Tool } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import type { EncodeTarget } from "../../protocol.ts";

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
  const first = (tools: readonly Tool[], over: Partial<EncodeTarget> = {}): { tool: unknown; losses: readonly string[] } => {
    const { body, losses } = encode({ tools }, over);
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

  const hosted = (kind: HostedToolKind, settings: JsonObject = {}): Tool => ({
    type: "hosted",
    path: "tools[0]",
    kind,
    name: "x",
    settings,
  });

  test.each<[HostedToolKind, string, string]>([
    ["web-search", "web_search_20260318", "web_search_20250305"],
    ["web-fetch", "web_fetch_20260318", "web_fetch_20250910"],
    ["code-execution", "code_execution_20260521", "code_execution_20250825"],
  ])("rule 228: %s is Claude's own, in the newest form the model knows", (kind, newest, oldest) => {
    expect(first([hosted(kind)])).toMatchObject({ tool: { type: newest }, losses: [] });
    expect(first([hosted(kind)], claude("claude-sonnet-4-5"))).toMatchObject({ tool: { type: oldest }, losses: [] });
    expect(first([hosted("other")])).toEqual({ tool: undefined, losses: ["hosted-tool"] });
  });

  test("rules 222, 224: what a search is limited to is said, and what cannot be is on the ledger", () => {
    const search = { type: "web_search_20260318", name: "web_search" };
    const place = { type: "approximate", city: "Bern", country: "CH" };
    const { type: _type, ...flat } = place;
    expect(
      first([hosted("web-search", { search_context_size: "low", user_location: { type: "approximate", approximate: flat } })]),
    ).toEqual({
      tool: { ...search, user_location: place },
      losses: ["hosted-tool-setting"],
    });
    expect(
      first([hosted("web-search", { user_location: { ...place, region: null }, filters: { allowed_domains: ["a.example"] } })]),
    ).toEqual({
      tool: { ...search, user_location: place, allowed_domains: ["a.example"] },
      losses: [],
    });
    expect(first([hosted("web-search", { excludeDomains: ["b.example"], timeRangeFilter: { startTime: "x" } })])).toEqual({
      tool: { ...search, blocked_domains: ["b.example"] },
      losses: ["hosted-tool-setting"],
    });
  });

  test("another vendor's client tools are spelled out where words do", () => {
    const own = (vendorType: string): Tool => ({ type: "client", path: "tools[0]", name: "b", vendorType, settings: {} });
    expect(first([own("bash_20250124")])).toMatchObject({ tool: { name: "b", input_schema: { type: "object" } }, losses: [] });
    expect(first([own("computer_use_preview")])).toEqual({ tool: undefined, losses: ["client-tool"] });
  });

  test("a function that has the name of a hosted tool stands in its place", () => {
    const { body, losses } = encode({ tools: [hosted("web-search"), tool({ name: "web_search" })] });
    expect(body["tools"]).toEqual([{ name: "web_search", input_schema: { type: "object" } }]);
    expect(losses).toEqual(["hosted-tool"]);
  });

  test("rule 6: tools keep their order", () => {
    const tools = [tool({ name: "z" }), hosted("web-search"), tool({ name: "a" })];
    expect((encode({ tools }).body["tools"] as JsonObject[]).map(({ name }) => name)).toEqual(["z", "web_search", "a"]);
  });
});
