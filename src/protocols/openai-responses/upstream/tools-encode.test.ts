/** Tools, and the choice among them, as a Responses server is told. */
import { describe, expect, test } from "vitest";
import { call, conversation, result, text, type Said } from "../../../../test/support/gemini.ts";
import { decodeResponses } from "../../../../test/support/responses-client.ts";
import { send, type SendOptions } from "../../../../test/support/responses-upstream.ts";
import type { ChatRequest, Content, HostedToolKind, Tool, ToolChoice } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";

const fn = (name: string, more: object = {}): Tool => ({ type: "function", name, path: `tools[${name}]`, inputSchema: {}, ...more });
const hosted = (kind: HostedToolKind, name: string, settings: JsonObject = {}): Tool => ({
  type: "hosted",
  kind,
  name,
  path: `tools[${name}]`,
  settings,
});
const hi: Said = { role: "user", content: [text("hi")] };
const sent = (tools: readonly Tool[], more: Partial<ChatRequest> = {}, options?: SendOptions) =>
  send(conversation([hi], { tools, ...more }), options);
const told = (tools: readonly Tool[], more?: Partial<ChatRequest>, options?: SendOptions) => sent(tools, more, options).body.tools ?? [];
const codes = ({ losses }: Pick<ReturnType<typeof send>, "losses">) => losses.map(({ code, severity }) => `${code} ${severity}`);
const CLOSED = { type: "object", properties: { a: { type: "string" } }, required: ["a"], additionalProperties: false };
const EMPTY = { type: "object", properties: {} };

describe("declarations", () => {
  test("rule 118: a function says that it is not strict, because silence would", () => {
    expect(told([fn("a", { description: "d" }), fn("b", { strict: false, inputSchema: CLOSED })])).toEqual([
      { type: "function", name: "a", description: "d", parameters: EMPTY, strict: false },
      { type: "function", name: "b", parameters: CLOSED, strict: false },
    ]);
    const strict = sent([fn("a", { strict: true, inputSchema: CLOSED }), fn("b", { strict: true })]);
    expect(strict.body.tools?.map((tool) => tool["strict"])).toEqual([true, false]);
    expect(codes(strict)).toEqual(["strict-tool semantic"]);
  });

  test("rules 66, 91: free text with its grammar, or a function with one string", () => {
    const format = { type: "grammar", syntax: "lark", definition: "start: A" };
    const custom: Tool = { type: "custom", name: "patch", path: "tools[0]", description: "d", format };
    expect(told([custom])).toEqual([{ type: "custom", name: "patch", description: "d", format }]);
    const { body, losses } = sent([custom], {}, { dialect: null });
    expect(body.tools).toMatchObject([{ type: "function", name: "patch", strict: false, parameters: { required: ["input"] } }]);
    expect(JSON.stringify(body.tools)).toContain("start: A");
    expect(losses.map(({ code }) => code)).toEqual(["custom-tool-grammar"]);
  });

  test("a vendor's client tool is spelled out, one that needs training is refused", () => {
    const bash: Tool = { type: "client", name: "bash", vendorType: "bash_20250124", settings: {}, path: "tools[0]" };
    expect(told([bash])).toMatchObject([{ type: "function", name: "bash", parameters: { properties: { command: {} } }, strict: false }]);
    expect(codes(sent([{ ...bash, name: "computer", vendorType: "computer_20251124" }]))).toEqual(["client-tool contract"]);
  });

  test("rules 70, 72: a name is legal, and the same in declaration, history and choice", () => {
    const name = `mcp.server/${"x".repeat(70)}`;
    const { body } = send(
      conversation([hi, { role: "assistant", content: [call("c", name)] }], { tools: [fn(name)], toolChoice: { mode: "tool", name } }),
    );
    const wire = body.tools?.[0]?.["name"];
    expect(wire).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(body.input[1]?.["name"]).toBe(wire);
    expect(body["tool_choice"]).toEqual({ type: "function", name: wire });
  });

  test("rules 68, 69: a group stands together where its first tool stood, and calls name both", () => {
    const grouped = (tool: string) => fn(`mail__${tool}`, { namespace: { name: "mail", tool, description: "Mail." } });
    const tools = [grouped("send"), fn("a"), grouped("read")];
    const chat = conversation([hi, { role: "assistant", content: [call("c", "mail__read")] }], { tools });
    const { body } = send(chat);
    expect(body.tools).toMatchObject([
      { type: "namespace", name: "mail", description: "Mail.", tools: [{ name: "send" }, { name: "read" }] },
      { name: "a" },
    ]);
    expect(body.input[1]).toMatchObject({ name: "read", namespace: "mail" });
    const flat = send(chat, { dialect: { namespaces: false } }).body;
    expect(flat.tools?.map(({ name }) => name)).toEqual(["mail__send", "a", "mail__read"]);
    expect(flat.input[1]).toMatchObject({ name: "mail__read" });
  });

  test("what a group is for is lost once where there are no groups", () => {
    const group = (name: string, description: string): object => ({
      type: "namespace",
      name,
      description,
      tools: ["send", "read"].map((member) => ({ type: "function", name: member, parameters: {} })),
    });
    const chat = decodeResponses({ tools: [group("mail", "Mail."), group("news", "")] });
    expect(send(chat).losses).toEqual([]);
    expect(send(chat, { dialect: { namespaces: false } }).losses).toEqual([
      { code: "namespace-description", path: "tools[0].description", severity: "info" },
    ]);
  });
});

describe("tools that come later", () => {
  const tools = [fn("late", { deferred: true }), fn("a"), fn("never", { deferred: true })];
  const found: Content = { type: "tool-reference", name: "late" };
  const searching: readonly Said[] = [
    hi,
    { role: "assistant", content: [call("c", "a")] },
    { role: "user", content: [result("c", [found]), text("go on")] },
  ];

  test("rules 356, 408, 409: an item brings them where they are named, and the tools before stay as they were", () => {
    const { body, losses } = send(conversation(searching, { tools }));
    expect(body.tools?.map(({ name }) => name)).toEqual(["a"]);
    expect(body.input.slice(2)).toEqual([
      { type: "function_call_output", call_id: "c", output: "Tool late loaded." },
      {
        type: "additional_tools",
        role: "developer",
        tools: [{ type: "function", name: "late", parameters: EMPTY, strict: false }],
      },
      { type: "message", role: "user", content: "go on" },
    ]);
    expect(losses).toEqual([]);
    expect(send(conversation([hi], { tools })).body.tools).toEqual(body.tools);
  });

  test("so does an operator's word; each tool comes once", () => {
    const change: Said = { role: "system", content: [{ type: "tool-change", change: "add", tools: ["late"] }] };
    const turns: readonly Said[] = [hi, change, { role: "assistant", content: [text("ok")] }, change, hi];
    for (const systemTurns of [true, false]) {
      const { body } = send(conversation(turns, { tools }), { facts: { systemTurns } });
      expect(body.input.map(({ type }) => type)).toEqual(["message", "additional_tools", "message", "message", "message"]);
    }
  });

  test("other servers are told of them at the end of the list, once they are named", () => {
    const { body } = send(conversation(searching, { tools }), { dialect: { additionalTools: false } });
    expect(body.tools?.map(({ name }) => name)).toEqual(["a", "late"]);
    expect(body.input.map(({ type }) => type)).not.toContain("additional_tools");
  });

  test("a search of Anthropic's is one of OpenAI's: it is told of all, and searches", () => {
    const search = hosted("tool-search", "tool_search_tool_regex");
    expect(told([search, ...tools])).toMatchObject([
      { type: "tool_search" },
      { name: "late", defer_loading: true },
      { name: "a" },
      { name: "never", defer_loading: true },
    ]);
    expect(told([fn("a")])[0]).not.toHaveProperty("defer_loading");
    const unsearched = sent([search, ...tools], {}, { dialect: { toolSearch: false } });
    expect(unsearched.body.tools?.map(({ name }) => name)).toEqual(["late", "a", "never"]);
    expect(unsearched.losses).toEqual([]);
  });

  test("a search that a client of this protocol runs itself keeps what it searches in", () => {
    const own = [
      { type: "tool_search", execution: "client", description: "d", parameters: {} },
      { type: "function", name: "late", parameters: EMPTY, strict: false, defer_loading: true },
    ];
    expect(send(decodeResponses({ tools: own })).body.tools).toEqual(own);
  });
});

describe("tools that the provider runs", () => {
  const search = (settings: JsonObject) => hosted("web-search", "web_search", settings);

  test("rules 222, 224: search in whatever words it was asked for, with its sources", () => {
    const settings = { allowed_domains: ["a.org"], user_location: { type: "approximate", city: "Rome" }, search_context_size: "low" };
    const { body, losses } = sent([search(settings)]);
    expect(body.tools).toEqual([
      {
        type: "web_search",
        filters: { allowed_domains: ["a.org"] },
        user_location: { type: "approximate", city: "Rome" },
        search_context_size: "low",
      },
    ]);
    expect(body["include"]).toEqual(["reasoning.encrypted_content", "web_search_call.action.sources"]);
    expect(losses).toEqual([]);
    expect(told([search({ user_location: { type: "approximate", approximate: { city: "Rome" } } })])[0]).toEqual({
      type: "web_search",
      user_location: { type: "approximate", city: "Rome" },
    });
    expect(codes(sent([search({ max_uses: 3 })]))).toEqual(["hosted-tool-setting info"]);
  });

  test("code runs in a container of its own", () => {
    const { body } = sent([hosted("code-execution", "code_execution")]);
    expect(body.tools).toEqual([{ type: "code_interpreter", container: { type: "auto" } }]);
    expect(body["include"]).toContain("code_interpreter_call.outputs");
  });

  test("rule 223: what is not run there is refused alone, and lost beside others", () => {
    for (const options of [{ model: "gpt-4.1-nano" }, { dialect: { hostedTools: [] } }]) {
      expect(codes(sent([search({})], {}, options))).toEqual(["hosted-tool contract"]);
      expect(codes(sent([search({}), fn("a")], {}, options))).toEqual(["hosted-tool semantic"]);
    }
    expect(codes(sent([hosted("web-fetch", "web_fetch"), fn("a")]))).toEqual(["hosted-tool semantic"]);
  });

  test("rule 226: a client's own goes as it came", () => {
    const own = [
      { type: "file_search", vector_store_ids: ["vs_1"] },
      { type: "mcp", server_label: "l", server_url: "https://a" },
    ];
    expect(send(decodeResponses({ tools: own })).body.tools).toEqual(own);
  });
});

describe("the choice", () => {
  const choose = (toolChoice: ToolChoice, more: Partial<ChatRequest> = {}, options?: SendOptions) =>
    sent([fn("a"), fn("b")], { toolChoice, ...more }, options);
  const chosen = (...given: Parameters<typeof choose>) => choose(...given).body["tool_choice"];
  const reference = (name: string) => ({ type: "function", name });

  test("each mode", () => {
    expect((["auto", "none", "required"] as const).map((mode) => chosen({ mode }))).toEqual(["auto", "none", "required"]);
    expect(chosen({ mode: "tool", name: "b" })).toEqual(reference("b"));
    const some = { mode: "subset", required: true, names: ["a", "b"] } as const;
    expect(chosen(some)).toEqual({ type: "allowed_tools", mode: "required", tools: [reference("a"), reference("b")] });
    expect(codes(choose(some, {}, { dialect: { allowedTools: false } }))).toEqual(["tool-choice semantic"]);
  });

  test("of other kinds of tools", () => {
    const tools: Tool[] = [{ type: "custom", name: "patch", path: "tools[0]" }, hosted("web-search", "google_search")];
    expect(chosen({ mode: "tool", name: "patch" }, { tools })).toEqual({ type: "custom", name: "patch" });
    expect(chosen({ mode: "tool", name: "google_search" }, { tools })).toEqual({ type: "web_search" });
    for (const own of [{ type: "local_shell" }, { type: "mcp", server_label: "l" }, { type: "file_search" }]) {
      expect(send(decodeResponses({ tools: [own], tool_choice: own })).body["tool_choice"]).toEqual(own);
    }
  });

  test("rules 85, 209: of a tool that is not there it is refused", () => {
    expect(codes(choose({ mode: "tool", name: "c" }))).toEqual(["tool-choice contract"]);
    expect(codes(sent([], { toolChoice: { mode: "required" } }))).toEqual(["tool-choice contract"]);
    const late = [fn("a", { deferred: true })];
    expect(sent(late, { toolChoice: { mode: "auto" }, parallelToolCalls: false }).body).not.toHaveProperty("tool_choice");
  });

  test("rule 81: one call at a time, where that can be said", () => {
    expect(choose({ mode: "auto" }, { parallelToolCalls: false }).body["parallel_tool_calls"]).toBe(false);
    const untold = choose({ mode: "auto" }, { parallelToolCalls: false }, { dialect: { parallelToolCalls: false } });
    expect(untold.body).not.toHaveProperty("parallel_tool_calls");
    expect(codes(untold)).toEqual(["parallel-tool-calls semantic"]);
  });
});
