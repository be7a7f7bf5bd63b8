/** Tools, and the choice among them, as a Chat server is told. */
import { describe, expect, test } from "vitest";
import { send } from "../../../../test/support/chat-upstream.ts";
import { conversation, text } from "../../../../test/support/gemini.ts";
import type { ChatRequest, Content, Tool, ToolChoice } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { isStrict, lowerStrictSchema, lowerToolSchema } from "../../shared/openai-schemas.ts";

const fn = (name: string, more: object = {}): Tool => ({ type: "function", name, path: `tools[${name}]`, inputSchema: {}, ...more });
const chat = (tools: readonly Tool[], more: Partial<ChatRequest> = {}, said: Content = text("hi")) =>
  conversation([{ role: "user", content: [said] }], { tools, ...more });
const sent = (tools: readonly Tool[], more: Partial<ChatRequest> = {}, options?: Parameters<typeof send>[1]) =>
  send(chat(tools, more), options);
const functionsOf = (body: JsonObject) => (body["tools"] as { function: JsonObject }[]).map((tool) => tool.function);
const CLOSED = { type: "object", properties: { a: { type: "string" } }, required: ["a"], additionalProperties: false };

describe("declarations", () => {
  test("rule 119: a function takes an object; rule 95: without its schema's own address", () => {
    const lowered = (schema: JsonObject) => lowerToolSchema(schema).schema;
    expect(lowered({})).toEqual({ type: "object", properties: {} });
    expect(lowered({ type: "object" })).toEqual({ type: "object", properties: {} });
    expect(lowered({ $schema: "https://a", type: "object", properties: { a: {} } })).toEqual({ type: "object", properties: { a: {} } });
  });

  test("rule 116: alternatives at the root are refused by OpenAI too, and become one object", () => {
    const { body, losses } = sent([fn("a", { inputSchema: { anyOf: [CLOSED, { properties: { b: {} } }] } })]);
    expect(functionsOf(body)[0]?.["parameters"]).toEqual({ type: "object", properties: { a: { type: "string" }, b: {} } });
    expect(losses.map(({ code, path }) => `${code} ${path}`)).toEqual(["tool-schema-flattened tools[a].input_schema"]);
  });

  test("a list says of what, wherever it stands: Claude's tools need not, OpenAI's must", () => {
    const list = { type: "array" };
    const properties = {
      list,
      either: { type: ["array", "null"] },
      deep: { type: "array", items: { anyOf: [list, { type: "string" }] } },
      tuple: { type: "array", items: [{ type: "string" }, list] },
      example: { default: list },
    };
    const filled = { type: "array", items: {} };
    expect(lowerToolSchema({ type: "object", properties, $defs: { list } }).schema).toEqual({
      type: "object",
      properties: {
        list: filled,
        either: { type: ["array", "null"], items: {} },
        deep: { type: "array", items: { anyOf: [filled, { type: "string" }] } },
        tuple: { type: "array", items: { anyOf: [{ type: "string" }, filled] } },
        example: { default: list },
      },
      $defs: { list: filled },
    });
  });

  test("rule 121: lowering what is lowered changes nothing", () => {
    const open = {
      type: "object",
      properties: { a: { type: "object", properties: { b: { enum: ["x"] } } }, c: { oneOf: [{ type: "string" }, { type: "array" }] } },
      required: ["a"],
    };
    for (const schema of [{}, CLOSED, open, { anyOf: [open] }]) {
      const once = lowerToolSchema(schema).schema;
      expect(lowerToolSchema(once)).toEqual({ schema: once, lost: false });
      expect(lowerStrictSchema(lowerStrictSchema(once))).toEqual(lowerStrictSchema(once));
      expect(isStrict(lowerStrictSchema(once))).toBe(true);
    }
    expect(lowerStrictSchema(open)).toMatchObject({
      properties: {
        a: { additionalProperties: false, required: ["b"] },
        c: { anyOf: [{ anyOf: [{ type: "string" }, { type: "array" }] }, { type: "null" }] },
      },
      required: ["a", "c"],
    });
  });

  test.each([
    { ...CLOSED, anyOf: [CLOSED] },
    { anyOf: [CLOSED] },
    { type: "array", items: CLOSED },
    { ...CLOSED, properties: { a: { oneOf: [{ type: "string" }] } } },
    { ...CLOSED, properties: { a: { ...CLOSED, patternProperties: {} } } },
    { ...CLOSED, $defs: { d: { not: {} } } },
  ])("rule 118: what strict refuses is not strict: %j", (schema) => expect(isStrict(schema)).toBe(false));

  test("rule 123: more functions than OpenAI says it takes go there all the same, with a note", () => {
    const many = Array.from({ length: 129 }, (_, index) => fn(`f${index}`));
    const { body, losses } = sent(many);
    expect(functionsOf(body)).toHaveLength(129);
    expect(losses.map(({ code, path, severity }) => `${code} ${path} ${severity}`)).toEqual(["many-tools tools info"]);
    expect(sent(many.slice(1)).losses).toEqual([]);
    expect(sent(many, {}, { dialect: null }).losses).toEqual([]);
  });

  test("rule 125: a long description is not cut", () => {
    const description = "x".repeat(3000);
    expect(functionsOf(sent([fn("a", { description })]).body)[0]?.["description"]).toBe(description);
  });

  test("rule 118: strict goes with schemas that keep its law, and is lost with others", () => {
    const strict = [fn("a", { strict: true, inputSchema: CLOSED }), fn("b", { strict: true }), fn("c", { strict: false })];
    const { body, losses } = sent([...strict, fn("d", { strict: true, inputSchema: { type: "object", properties: { a: {} } } })]);
    expect(functionsOf(body).map((one) => one["strict"])).toEqual([true, undefined, false, undefined]);
    expect(losses.map(({ code }) => code)).toEqual(["strict-tool", "strict-tool"]);
  });

  test("rule 6: the caller's order is kept, loaded tools come last (rules 356, 408, 409)", () => {
    const tools = [fn("stub", { deferred: true }), fn("b"), fn("loaded", { deferred: true }), fn("a")];
    const { body } = send(chat(tools, {}, { type: "tool-reference", name: "loaded" }));
    expect(functionsOf(body).map(({ name }) => name)).toEqual(["b", "a", "loaded"]);
  });

  test("rules 70, 72: a name is legal, a function of itself, and the same in declaration, history and choice", () => {
    const name = `mcp.server/${"x".repeat(70)}`;
    const turns = [
      { role: "user", content: [text("hi")] },
      { role: "assistant", content: [{ type: "tool-call", kind: "function", id: "c", name, input: "{}" }] },
    ] as const;
    const { body } = send(conversation(turns, { tools: [fn(name), fn("mcp_server")], toolChoice: { mode: "tool", name } }));
    const [wire] = functionsOf(body).map((one) => one["name"]);
    expect(wire).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(body.messages[1]).toMatchObject({ tool_calls: [{ function: { name: wire } }] });
    expect(body["tool_choice"]).toEqual({ type: "function", function: { name: wire } });
    expect(functionsOf(sent([fn(name)]).body)[0]?.["name"]).toBe(wire);
  });

  test("rules 66, 91: free text is a tool of its own, or a function with one string and the grammar in words", () => {
    const format = { type: "grammar", syntax: "lark", definition: "start: A" };
    const custom: Tool = { type: "custom", name: "patch", path: "tools[0]", description: "d", format };
    const nested = { type: "grammar", grammar: { syntax: "lark", definition: "start: A" } };
    expect(sent([custom]).body["tools"]).toEqual([{ type: "custom", custom: { name: "patch", description: "d", format: nested } }]);
    const { body, losses } = sent([custom], {}, { dialect: null });
    expect(functionsOf(body)[0]).toMatchObject({ name: "patch", parameters: { properties: { input: { type: "string" } } } });
    expect(functionsOf(body)[0]?.["description"]).toContain("start: A");
    expect(losses.map(({ code }) => code)).toEqual(["custom-tool-grammar"]);
  });

  test("a vendor's client tool is spelled out, one that needs training is refused", () => {
    const bash: Tool = { type: "client", name: "bash", vendorType: "bash_20250124", settings: {}, path: "tools[0]" };
    expect(functionsOf(sent([bash]).body)[0]).toMatchObject({ name: "bash", parameters: { properties: { command: {} } } });
    const computer: Tool = { ...bash, name: "computer", vendorType: "computer_20251124" };
    expect(sent([computer]).losses).toEqual([{ code: "client-tool", path: "tools[0]", severity: "contract" }]);
  });
});

describe("search", () => {
  const search: Tool = { type: "hosted", kind: "web-search", name: "web_search", path: "tools[0]", settings: { max_uses: 8 } };

  test("rules 223, 412: alone on a model that does not search it is refused; beside functions it is a loss", () => {
    expect(sent([search]).losses).toEqual([{ code: "hosted-tool", path: "tools[0]", severity: "contract" }]);
    expect(sent([search, fn("a")]).losses).toEqual([{ code: "hosted-tool", path: "tools[0]", severity: "semantic" }]);
    expect(sent([search, fn("a")], { toolChoice: { mode: "tool", name: "web_search" } }).losses.map(({ severity }) => severity)).toContain(
      "contract",
    );
  });

  test("a model that searches is asked to", () => {
    const located: Tool = { ...search, settings: { allowed_domains: ["a.example"], user_location: { type: "approximate", city: "Rome" } } };
    const { body, losses } = sent([located], {}, { model: "gpt-4o-search-preview" });
    expect(body["web_search_options"]).toEqual({ user_location: { type: "approximate", approximate: { city: "Rome" } } });
    expect(body).not.toHaveProperty("tools");
    expect(losses).toEqual([{ code: "hosted-tool-setting", path: "tools[0].allowed_domains", severity: "semantic" }]);
  });
});

describe("choice", () => {
  const tools = [fn("a"), fn("b")];
  const choice = (toolChoice: ToolChoice, options?: Parameters<typeof send>[1]) => {
    const { body, losses } = sent(tools, { toolChoice }, options);
    return { choice: body["tool_choice"], losses: losses.map(({ code, severity }) => `${code} ${severity}`) };
  };

  test("dossier B.0.4: each as the wire says it", () => {
    expect(choice({ mode: "auto" }).choice).toBe("auto");
    expect(choice({ mode: "none" }).choice).toBe("none");
    expect(choice({ mode: "required" }).choice).toBe("required");
    expect(choice({ mode: "tool", name: "b" }).choice).toEqual({ type: "function", function: { name: "b" } });
    expect(choice({ mode: "subset", names: ["b"], required: true }).choice).toEqual({
      type: "allowed_tools",
      allowed_tools: { mode: "required", tools: [{ type: "function", function: { name: "b" } }] },
    });
  });

  test("a server that knows no subsets gets the nearest, and the ledger the rest", () => {
    const options = { dialect: null };
    expect(choice({ mode: "subset", names: ["b"], required: true }, options)).toEqual({
      choice: { type: "function", function: { name: "b" } },
      losses: [],
    });
    expect(choice({ mode: "subset", names: ["a", "b"], required: true }, options)).toEqual({
      choice: "required",
      losses: ["tool-choice semantic"],
    });
    expect(choice({ mode: "tool", name: "gone" })).toEqual({ choice: undefined, losses: ["tool-choice contract"] });
  });

  test("rules 85, 209: without tools there is no choice, nor anything to keep apart", () => {
    const { body, losses } = sent([], { toolChoice: { mode: "required" }, parallelToolCalls: false });
    expect(Object.keys(body).filter((key) => key.includes("tool"))).toEqual([]);
    expect(losses).toEqual([{ code: "tool-choice", path: "tool_choice", severity: "contract" }]);
  });

  test("rules 81, 82: one call at a time is a field of its own, left out beside none", () => {
    expect(sent(tools, { parallelToolCalls: false, toolChoice: { mode: "required" } }).body["parallel_tool_calls"]).toBe(false);
    expect(sent(tools, { parallelToolCalls: false, toolChoice: { mode: "none" } }).body).not.toHaveProperty("parallel_tool_calls");
    const { body, losses } = sent(tools, { parallelToolCalls: false }, { dialect: { parallelToolCalls: false } });
    expect(body).not.toHaveProperty("parallel_tool_calls");
    expect(losses.map(({ code }) => code)).toEqual(["parallel-tool-calls"]);
  });

  test("rule 87: a model that cannot be made to call is free, and the ledger says so", () => {
    expect(choice({ mode: "required" }, { model: "deepseek-reasoner" })).toEqual({ choice: "auto", losses: ["tool-choice semantic"] });
    expect(choice({ mode: "required" }, { model: "deepseek-v4-pro" }).choice).toBe("auto");
    const off = sent(tools, { toolChoice: { mode: "required" }, reasoning: { mode: "off" } }, { model: "deepseek-v4-pro" });
    expect(off.body["tool_choice"]).toBe("required");
  });
});
