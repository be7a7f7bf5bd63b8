import { describe, expect, test } from "vitest";
import { call, conversation, result, send, text } from "../../../../test/support/gemini.ts";
import type { ChatRequest, Content, Tool, ToolChoice } from "../../../chat/chat.ts";
import { wireName } from "./names.ts";

const OLD = "gemini-2.5-pro";
const schema = { type: "object", properties: { a: { type: "string" } } };
const tool = (name: string, more: object = {}): Tool => ({ type: "function", name, path: `tools[${name}]`, inputSchema: schema, ...more });
const hosted = (
  kind: "web-search" | "web-fetch" | "code-execution" | "mcp" | "tool-search",
  settings: Tool extends never ? never : object = {},
): Tool => ({
  type: "hosted",
  kind,
  name: kind.replace("-", "_"),
  path: `tools[${kind}]`,
  settings: settings as never,
});
const turns = [{ role: "user" as const, content: [text("hi")] }];
const sent = (more: Partial<ChatRequest>, model?: string, facts?: Parameters<typeof send>[2]): ReturnType<typeof send> =>
  send(conversation(turns, more), model, facts);
const declarations = (body: ReturnType<typeof send>["body"]): { name: string }[] =>
  body.tools?.flatMap(({ functionDeclarations }) => (functionDeclarations as { name: string }[] | undefined) ?? []) ?? [];

describe("declarations", () => {
  test("rules 6, 96 and 124: functions in their order, the schema as JSON Schema, a description always", () => {
    const { body } = sent({ tools: [tool("b", { description: "does b" }), tool("a")] });
    expect(body.tools).toEqual([
      {
        functionDeclarations: [
          { name: "b", description: "does b", parametersJsonSchema: schema },
          { name: "a", description: "", parametersJsonSchema: schema },
        ],
      },
    ]);
    expect(body.toolConfig).toBeUndefined();
  });

  test("rule 96: endpoints that do not know it get the OpenAPI form", () => {
    const { body } = sent({ tools: [tool("a"), tool("none", { inputSchema: { type: "object", properties: {} } })] }, "gemini-3.8-pro", {
      toolSchema: "openapi",
    });
    expect(declarations(body)).toEqual([
      { name: "a", description: "", parameters: { type: "OBJECT", properties: { a: { type: "STRING" } } } },
      { name: "none", description: "" },
    ]);
  });

  test("what a schema says in words only is on the ledger", () => {
    const { losses } = sent({
      tools: [tool("a", { inputSchema: { type: "object", properties: { a: { type: "string", pattern: "^x" } } } })],
    });
    expect(losses).toEqual([{ code: "schema-keyword", path: "tools[a].input_schema", severity: "info" }]);
  });

  test("rules 356, 408 and 409: deferred tools come when they are named, last, in the order of their naming", () => {
    const tools = [
      tool("A"),
      tool("X", { deferred: true }),
      tool("B"),
      tool("Y", { deferred: true }),
      tool("DeferredToolPlaceholder", { deferred: true }),
      tool("Z", { deferred: true }),
    ];
    expect(declarations(sent({ tools }).body).map(({ name }) => name)).toEqual(["A", "B"]);
    const reference = (name: string): Content => ({ type: "tool-reference", name });
    const loaded = conversation(
      [
        ...turns,
        { role: "assistant", content: [call("c1", "A")] },
        { role: "user", content: [result("c1", [reference("Y"), reference("X")]), text("Tool loaded.")] },
        { role: "assistant", content: [call("c2", "A")] },
        { role: "user", content: [result("c2", [reference("Y"), reference("Unknown")])] },
        { role: "system", content: [{ type: "tool-change", change: "add", tools: ["Z"] }] },
      ],
      { tools },
    );
    const { body } = send(loaded);
    expect(declarations(body).map(({ name }) => name)).toEqual(["A", "B", "Y", "X", "Z"]);
    expect(body.contents[2]?.parts[0]).toMatchObject({ functionResponse: { response: { output: "Tool Y loaded.\nTool X loaded." } } });
  });

  test("a search over tools that the provider would run is replaced by all of them", () => {
    const { body, losses } = sent({ tools: [hosted("tool-search"), tool("X", { deferred: true }), tool("A")] });
    expect(declarations(body).map(({ name }) => name)).toEqual(["X", "A"]);
    expect(losses).toEqual([]);
  });

  test("rule 122: more tools than Gemini takes are refused with their number", () => {
    const tools = Array.from({ length: 513 }, (_, i) => tool(`t${i}`));
    expect(() => sent({ tools })).toThrow(expect.objectContaining({ kind: "invalid-request", message: expect.stringContaining("513") }));
    expect(declarations(sent({ tools: tools.slice(1) }).body)).toHaveLength(512);
  });

  test("rules 66 and 91: a free-text tool takes its text as one argument, and says its grammar in words", () => {
    const { body, losses } = sent({ tools: [{ type: "custom", name: "patch", path: "tools[0]", format: { type: "grammar" } }] });
    expect(declarations(body)).toEqual([
      {
        name: "patch",
        description: 'The input obeys: {"type":"grammar"}',
        parametersJsonSchema: {
          type: "object",
          properties: { input: { type: "string" } },
          required: ["input"],
          additionalProperties: false,
        },
      },
    ]);
    expect(losses).toEqual([{ code: "custom-tool-grammar", path: "tools[0].format", severity: "semantic" }]);
    const answered = conversation([
      ...turns,
      { role: "assistant", content: [{ type: "tool-call", kind: "custom", id: "c1", name: "patch", input: 'a "b"' }] },
    ]);
    expect(send(answered).body.contents[1]?.parts[0]).toMatchObject({ functionCall: { args: { input: 'a "b"' } } });
  });

  test("a vendor's own client tools are spelled out where words do", () => {
    const client = (vendorType: string, name: string): Tool => ({ type: "client", vendorType, name, path: `tools[${name}]`, settings: {} });
    const { body, losses } = sent({
      tools: [
        client("bash_20250124", "bash"),
        client("text_editor_20250728", "str_replace_based_edit_tool"),
        client("computer_20251124", "computer"),
      ],
    });
    expect(declarations(body)).toMatchObject([
      { name: "bash", parametersJsonSchema: { properties: { command: { type: "string" } } } },
      { name: "str_replace_based_edit_tool", parametersJsonSchema: { required: ["command", "path"] } },
    ]);
    // The client of this version would not know it.
    expect(JSON.stringify(declarations(body))).not.toContain("undo_edit");
    expect(losses).toEqual([{ code: "client-tool", path: "tools[computer]", severity: "contract" }]);
  });
});

describe("names", () => {
  test("rule 71: what Gemini does not take is changed by the name alone", () => {
    expect(wireName("mcp__server__tool-1.x:y")).toBe("mcp__server__tool-1.x:y");
    expect(wireName("2nd")).toMatch(/^_2nd_[0-9a-f]{8}$/);
    expect(wireName("a b/c")).toMatch(/^a_b_c_[0-9a-f]{8}$/);
    expect(wireName("é")).toMatch(/^__[0-9a-f]{8}$/);
    expect(wireName("x".repeat(200))).toHaveLength(128);
  });

  test("rule 72: different names stay different, the same ones the same", () => {
    const names = ["a b", "a_b", "a/b", "a.b", "1a", "_1a", "x".repeat(200), "x".repeat(201)];
    const wire = names.map(wireName);
    expect(new Set(wire).size).toBe(names.length);
    expect(names.map(wireName)).toEqual(wire);
    expect(wire.map(wireName)).toEqual(wire);
  });

  test("rule 70: calls, results and the choice use the changed name", () => {
    const chat = conversation(
      [...turns, { role: "assistant", content: [call("c1", "2nd")] }, { role: "user", content: [result("c1", "x")] }],
      {
        tools: [tool("2nd")],
        toolChoice: { mode: "tool", name: "2nd" },
      },
    );
    expect(send(chat).text.match(/_2nd_[0-9a-f]{8}/g)).toHaveLength(4);
  });
});

describe("dossier B.0.4: tool choice", () => {
  const chosen = (toolChoice: ToolChoice | undefined, tools: readonly Tool[] = [tool("a"), tool("b")]): unknown =>
    sent({ tools, ...(toolChoice && { toolChoice }) }).body.toolConfig?.["functionCallingConfig"];

  test("modes", () => {
    expect(chosen(undefined)).toBeUndefined();
    expect(chosen({ mode: "auto" })).toEqual({ mode: "AUTO" });
    expect(chosen({ mode: "none" })).toEqual({ mode: "NONE" });
    expect(chosen({ mode: "required" })).toEqual({ mode: "ANY" });
    expect(chosen({ mode: "tool", name: "b" })).toEqual({ mode: "ANY", allowedFunctionNames: ["b"] });
    expect(chosen({ mode: "subset", names: ["a", "b"], required: true })).toEqual({ mode: "ANY", allowedFunctionNames: ["a", "b"] });
    expect(chosen({ mode: "subset", names: ["a"], required: false })).toEqual({ mode: "VALIDATED", allowedFunctionNames: ["a"] });
  });

  test("a strict tool makes a free choice a validated one", () => {
    expect(chosen(undefined, [tool("a", { strict: true })])).toEqual({ mode: "VALIDATED" });
    expect(chosen({ mode: "none" }, [tool("a", { strict: true })])).toEqual({ mode: "NONE" });
  });

  test("a tool that is not offered cannot be forced", () => {
    expect(sent({ tools: [tool("a")], toolChoice: { mode: "tool", name: "z" } }).losses).toEqual([
      { code: "tool-choice", path: "tool_choice", severity: "contract" },
    ]);
    expect(sent({ toolChoice: { mode: "required" } }).losses).toEqual([{ code: "tool-choice", path: "tool_choice", severity: "contract" }]);
  });

  test("rule 81: one call at a time cannot be asked for", () => {
    expect(sent({ tools: [tool("a")], parallelToolCalls: false }).losses).toEqual([
      { code: "parallel-tool-calls", path: "tool_choice", severity: "semantic" },
    ]);
    expect(sent({ tools: [tool("a")], parallelToolCalls: true }).losses).toEqual([]);
  });
});

describe("hosted tools", () => {
  test("rules 6 and 221: alone, on any model, in the caller's order", () => {
    const { body, losses } = sent(
      { tools: [hosted("code-execution"), hosted("web-fetch"), hosted("web-search", { max_uses: 8 })], toolChoice: { mode: "auto" } },
      OLD,
    );
    expect(body.tools).toEqual([{ codeExecution: {} }, { urlContext: {} }, { googleSearch: {} }]);
    expect(body.toolConfig).toBeUndefined();
    expect(losses).toEqual([{ code: "hosted-tool-setting", path: "tools[web-search].max_uses", severity: "info" }]);
  });

  test("rule 230: beside functions, validated and shown", () => {
    const both = [hosted("web-search", { allowed_domains: ["a.example"] }), tool("a")];
    const { body, losses } = sent({ tools: both });
    expect(body.tools).toMatchObject([{ googleSearch: {} }, { functionDeclarations: [{ name: "a" }] }]);
    expect(body.toolConfig).toEqual({ functionCallingConfig: { mode: "VALIDATED" }, includeServerSideToolInvocations: true });
    expect(losses).toEqual([{ code: "hosted-tool-setting", path: "tools[web-search].allowed_domains", severity: "semantic" }]);
    expect(sent({ tools: both }, "gemini-3.8-pro", { showsHostedCalls: false }).body.toolConfig).toEqual({
      functionCallingConfig: { mode: "VALIDATED" },
    });
  });

  test("rule 229: older models keep the functions", () => {
    const { body, losses } = sent({ tools: [hosted("web-search"), tool("a")] }, OLD);
    expect(body.tools).toMatchObject([{ functionDeclarations: [{ name: "a" }] }]);
    expect(losses).toEqual([{ code: "hosted-tool-beside-functions", path: "tools[web-search]", severity: "semantic" }]);
  });

  test("rule 226: what Gemini does not run is lost, and a contract broken when it was forced or is all there is", () => {
    const tools = [tool("lookup"), hosted("mcp")];
    expect(sent({ tools }).losses).toEqual([{ code: "hosted-tool", path: "tools[mcp]", severity: "semantic" }]);
    expect(sent({ tools, toolChoice: { mode: "tool", name: "mcp" } }).losses[0]).toMatchObject({ severity: "contract" });
    expect(sent({ tools: [hosted("mcp")] }).losses[0]).toMatchObject({ severity: "contract" });
  });
});
