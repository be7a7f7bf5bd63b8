import { describe, expect, test } from "vitest";
import { anthropic, chatRequest, client, clientRequest, sealer } from "../../../../test/support/messages.ts";
import type { ChatRequest, Content, Item } from "../../../chat/chat.ts";
import { GatewayError } from "../../../chat/error.ts";
import { createStateSealer, type OpaqueState, type StateBinding } from "../../../chat/state.ts";

const base = { model: "m", max_tokens: 10, messages: [{ role: "user", content: "hi" }] };

function failure(body: unknown): GatewayError {
  try {
    client.decodeRequest(clientRequest(body), sealer);
  } catch (error) {
    expect(error).toBeInstanceOf(GatewayError);
    return error as GatewayError;
  }
  throw new Error("the request was accepted");
}

const user = (...blocks: unknown[]): object => ({ messages: [{ role: "user", content: blocks }] });

describe("what is wrong is named as Anthropic names it", () => {
  test.each<[object, string, string]>([
    [{ model: undefined }, "model: Field required", "model"],
    [{ model: 3 }, "model: Input should be a valid string", "model"],
    [{ max_tokens: undefined }, "max_tokens: Field required", "max_tokens"],
    [{ max_tokens: "10" }, "max_tokens: Input should be a valid integer, not negative", "max_tokens"],
    [{ max_tokens: 1.5 }, "max_tokens: Input should be a valid integer, not negative", "max_tokens"],
    [{ stream: "yes" }, "stream: Input should be a valid boolean", "stream"],
    [{ temperature: "hot" }, "temperature: Input should be a valid number", "temperature"],
    [{ stop_sequences: [1] }, "stop_sequences.0: Input should be a valid string", "stop_sequences[0]"],
    [{ system: 1 }, "system: Input should be a valid string or list", "system"],
    [{ system: [{ type: "image" }] }, "system.0.type: Input should be 'text'", "system[0].type"],
    [{ messages: undefined }, "messages: Field required", "messages"],
    [{ messages: {} }, "messages: Input should be a valid list", "messages"],
    [{ messages: [] }, "messages: at least one message is required", "messages"],
    [{ messages: ["hi"] }, "messages.0: Input should be a valid dictionary", "messages[0]"],
    [{ messages: [{ content: "hi" }] }, "messages.0.role: Field required", "messages[0].role"],
    [
      { messages: [{ role: "tool", content: "x" }] },
      "messages.0.role: Input should be 'user', 'assistant' or 'system'",
      "messages[0].role",
    ],
    [{ messages: [{ role: "user" }] }, "messages.0.content: Field required", "messages[0].content"],
    [{ messages: [{ role: "user", content: 1 }] }, "messages.0.content: Input should be a valid string or list", "messages[0].content"],
    [user("hi"), "messages.0.content.0: Input should be a valid dictionary", "messages[0].content[0]"],
    [user({ text: "hi" }), "messages.0.content.0.type: Field required", "messages[0].content[0].type"],
    [user({ type: "text" }), "messages.0.content.0.text: Field required", "messages[0].content[0].text"],
    [user({ type: "image" }), "messages.0.content.0.source: Field required", "messages[0].content[0].source"],
    [
      user({ type: "image", source: { type: "base64" } }),
      "messages.0.content.0.source.data: Field required",
      "messages[0].content[0].source.data",
    ],
    [user({ type: "tool_result" }), "messages.0.content.0.tool_use_id: Field required", "messages[0].content[0].tool_use_id"],
    [
      user({ type: "tool_result", tool_use_id: "t", content: [{ type: "text" }] }),
      "messages.0.content.0.content.0.text: Field required",
      "messages[0].content[0].content[0].text",
    ],
    [
      user({ type: "tool_use", id: "t", name: "f", input: [] }),
      "messages.0.content.0.input: Input should be a valid dictionary",
      "messages[0].content[0].input",
    ],
    [user({ type: "thinking", signature: "s" }), "messages.0.content.0.thinking: Field required", "messages[0].content[0].thinking"],
    [{ tools: {} }, "tools: Input should be a valid list", "tools"],
    [{ tools: [{ name: "f" }] }, "tools.0.input_schema: Field required", "tools[0].input_schema"],
    [{ tools: [{ input_schema: {} }] }, "tools.0.name: Field required", "tools[0].name"],
    [{ tool_choice: "auto" }, "tool_choice: Input should be a valid dictionary", "tool_choice"],
    [{ tool_choice: { type: "some" } }, "tool_choice.type: Input should be 'auto', 'any', 'tool' or 'none'", "tool_choice.type"],
    [{ tool_choice: { type: "tool" } }, "tool_choice.name: Field required", "tool_choice.name"],
    [{ thinking: { type: "enabled" } }, "thinking.budget_tokens: Field required", "thinking.budget_tokens"],
    [
      { thinking: { type: "hard" } },
      "thinking.type: Input should be 'enabled', 'adaptive', 'between_tools' or 'disabled'",
      "thinking.type",
    ],
    [{ output_config: { format: { type: "json_schema" } } }, "output_config.format.schema: Field required", "output_config.format.schema"],
    [{ output_config: { effort: 3 } }, "output_config.effort: Input should be a valid string", "output_config.effort"],
    [{ metadata: { user_id: 1 } }, "metadata.user_id: Input should be a valid string", "metadata.user_id"],
  ])("%j", (change, message, field) => {
    const error = failure({ ...base, ...change });
    expect(error).toMatchObject({ kind: "invalid-request", message, detail: { field } });
  });

  test("rule 46: more messages than the wire allows", () => {
    const messages = Array.from({ length: 100_001 }, () => ({ role: "user", content: "x" }));
    expect(failure({ ...base, messages }).message).toBe("messages: at most 100000 messages are allowed");
  });

  test.each(['{"model":', "[]", "null", '"text"', "{]}"])("%s is no request", (body) => {
    expect(failure(body)).toMatchObject({ kind: "invalid-request" });
  });

  test("a request to count tokens needs no max_tokens", () => {
    const { max_tokens: _maxTokens, ...body } = base;
    expect(client.decodeRequest(clientRequest(body, {}, "count-tokens"), sealer).maxOutputTokens).toBeUndefined();
  });
});

describe("what a request says", () => {
  test("rule 208: null is absent", () => {
    const nothing = {
      system: null,
      tools: null,
      tool_choice: null,
      stop_sequences: null,
      temperature: null,
      thinking: null,
      metadata: null,
      stream: null,
    };
    expect(chatRequest({ ...nothing, output_config: null, container: null })).toEqual(chatRequest({}));
  });

  test("rule 406: a string is one text block", () => {
    const spoken = (content: unknown): ChatRequest => chatRequest({ system: content, messages: [{ role: "user", content }] });
    const strip = ({ items, system }: ChatRequest): unknown => [items, system].flat().map(({ path: _path, ...item }) => item);
    expect(strip(spoken("hi"))).toEqual(strip(spoken([{ type: "text", text: "hi" }])));
    expect(strip(spoken(""))).toEqual([]);
  });

  test("rules 406, 407: cache marks are annotations", () => {
    const marked = { type: "text", text: "a", cache_control: { type: "ephemeral", ttl: "1h" } };
    expect(chatRequest(user(marked)).items[0]).toMatchObject({ type: "text", text: "a", cache: { ttl: "1h" } });
    expect(chatRequest({ tools: [{ name: "f", input_schema: {}, cache_control: { type: "ephemeral" } }] }).tools[0]?.cache).toEqual({});
  });

  test("rules 2, 58: numbers keep their form in inputs and schemas", () => {
    const body = `{"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"n":12345678901234567890,"f":1.0}}]}],"tools":[{"name":"f","input_schema":{"maximum":9223372036854775807}}]}`;
    const request = client.decodeRequest(clientRequest(body), sealer);
    expect(request.items[0]).toMatchObject({ input: '{"n":12345678901234567890,"f":1.0}' });
    expect(JSON.stringify(request.tools[0])).toContain('"maximum":9223372036854775807');
  });

  test("rule 352: the client's line about itself is marked, wherever the system says it", () => {
    const line = "x-anthropic-billing-header: cc_version=2.1.330.83a; cc_entrypoint=sdk-cli;";
    const request = chatRequest({
      system: [
        { type: "text", text: line },
        { type: "text", text: `${line}\nBe kind.` },
      ],
      messages: [
        { role: "system", content: line },
        { role: "user", content: line },
      ],
    });
    expect([...request.system, ...request.items].map((item) => item.type === "text" && item.clientMetadata === true)).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  test("rule 351: a system turn with an effort of its own", () => {
    const request = chatRequest({
      messages: [
        { role: "user", content: "hi" },
        { role: "system", content: "Be brief.", output_config: { effort: "low" }, clear_at: "never" },
      ],
    });
    expect(request.turns).toEqual([
      { role: "user" },
      { role: "system", effort: "low", native: { protocol: "anthropic-messages", fields: { clear_at: "never" } } },
    ]);
    expect(request.items[1]).toEqual({ type: "text", text: "Be brief.", turn: 1, path: "messages[1].content" });
  });

  test("unknown fields stay native", () => {
    const request = chatRequest({ context_management: { edits: [] }, future: 1, metadata: { user_id: "u", tier: "x" } });
    expect(request.endUser).toBe("u");
    expect(request.native).toEqual({
      protocol: "anthropic-messages",
      fields: { context_management: { edits: [] }, future: 1, metadata: { tier: "x" } },
    });
  });

  test.each([
    [{ thinking: { type: "enabled", budget_tokens: 2048 } }, { mode: "on", budgetTokens: 2048 }],
    [
      { thinking: { type: "adaptive", display: "omitted" }, output_config: { effort: "xhigh" } },
      { mode: "adaptive", show: false, effort: "xhigh" },
    ],
    [{ thinking: { type: "adaptive", display: "updates" } }, { mode: "adaptive", show: true }],
    [{ thinking: { type: "between_tools" } }, { mode: "between-tools" }],
    [{ thinking: { type: "disabled" } }, { mode: "off" }],
    [{ output_config: { effort: "max" } }, { effort: "max" }],
    [{}, undefined],
  ])("%j is %j", (fields, reasoning) => expect(chatRequest(fields).reasoning).toEqual(reasoning));

  test("rule 217: the deprecated output_format counts", () => {
    const format = { type: "json_schema", schema: { type: "object" } };
    expect(chatRequest({ output_format: format }).outputFormat).toEqual({ type: "json-schema", schema: { type: "object" } });
    expect(chatRequest({ output_format: format }).native).toBeUndefined();
  });

  test("rule 81: one call at a time", () => {
    expect(chatRequest({ tool_choice: { type: "any", disable_parallel_tool_use: true } })).toMatchObject({
      toolChoice: { mode: "required" },
      parallelToolCalls: false,
    });
  });

  test("rule 355: deferred tools, and references that load them", () => {
    const request = chatRequest({
      tools: [{ name: "Later", input_schema: {}, defer_loading: true }],
      ...user({ type: "tool_result", tool_use_id: "t", content: [{ type: "tool_reference", tool_name: "Later" }] }),
    });
    expect(request.tools[0]).toMatchObject({ type: "function", deferred: true });
    expect(request.items[0]).toMatchObject({ type: "tool-result", content: [{ type: "tool-reference", name: "Later" }], isError: false });
  });

  test("hosted results say in words what they hold", () => {
    const results = [
      {
        type: "web_search_tool_result",
        tool_use_id: "srvtoolu_1",
        content: [{ type: "web_search_result", url: "https://a", title: "A", encrypted_content: "x" }],
      },
      {
        type: "web_search_tool_result",
        tool_use_id: "srvtoolu_2",
        content: { type: "web_search_tool_result_error", error_code: "max_uses_exceeded" },
      },
      {
        type: "web_fetch_tool_result",
        tool_use_id: "srvtoolu_3",
        content: {
          type: "web_fetch_result",
          url: "https://a",
          content: { type: "document", title: "A", source: { type: "text", data: "page" } },
        },
      },
      {
        type: "bash_code_execution_tool_result",
        tool_use_id: "srvtoolu_4",
        content: { type: "bash_code_execution_result", stdout: "out", stderr: "err", content: [] },
      },
      {
        type: "tool_search_tool_result",
        tool_use_id: "srvtoolu_5",
        content: { type: "tool_search_tool_search_result", tool_references: [{ type: "tool_reference", tool_name: "f" }] },
      },
      {
        type: "mcp_tool_result",
        tool_use_id: "mcptoolu_1",
        content: [
          { type: "text", text: "a" },
          { type: "text", text: "b" },
        ],
      },
      { type: "advisor_tool_result", tool_use_id: "srvtoolu_6", content: { type: "advisor_result", text: "do" } },
    ];
    const items = chatRequest({ messages: [{ role: "assistant", content: results }] }).items as (Item & { kind: string; text: string })[];
    expect(items.map(({ kind, text }) => [kind, text])).toEqual([
      ["web-search", "A: https://a"],
      ["web-search", "Error: max_uses_exceeded"],
      ["web-fetch", "https://a\nA\npage"],
      ["code-execution", "out\nerr"],
      ["tool-search", "f"],
      ["mcp", "a\nb"],
      ["advisor", "do"],
    ]);
    expect(items[0]).toMatchObject({ sources: [{ url: "https://a", title: "A" }] });
  });
});

describe("opaque state in a history", () => {
  const state: OpaqueState = { issuer: { platform: "gemini", model: "g", account: "a" }, kind: "thought-signature", value: "c2ln" };
  const sealed = (binds: StateBinding): string => sealer.seal({ state, binds });
  const thinking = (text: string, signature: string): object => ({ type: "thinking", thinking: text, signature });
  const call = { type: "tool_use", id: "t", name: "f", input: {} };
  const said = { type: "text", text: "a" };

  function items(...content: object[]): Content[] {
    const request = chatRequest({ messages: [{ role: "assistant", content }] });
    return request.items.map(({ turn: _turn, path: _path, ...item }) => item);
  }

  test("Claude's own signatures are its own", () => {
    expect(items(thinking("hm", "c2ln"), { type: "redacted_thinking", data: "cmVk" })).toEqual([
      { type: "reasoning", text: "hm", state: { issuer: anthropic, kind: "thinking", value: "c2ln" } },
      { type: "reasoning", text: "", state: { issuer: anthropic, kind: "redacted-thinking", value: "cmVk" } },
    ]);
  });

  test("rule 126: thinking without text but with a signature stays", () => {
    expect(items(thinking("", "c2ln"))).toHaveLength(1);
  });

  test("an empty signature proves nothing", () => {
    expect(items(thinking("hm", ""), thinking("", ""))).toEqual([{ type: "reasoning", text: "hm" }]);
  });

  test("an envelope gives back what it holds, to whom it belongs", () => {
    expect(items(thinking("hm", sealed("self")))).toEqual([{ type: "reasoning", text: "hm", state }]);
    expect(items(thinking("hm", sealed("next-call")), said, call)).toMatchObject([
      { type: "reasoning", text: "hm" },
      { type: "text", text: "a" },
      { type: "tool-call", state },
    ]);
    expect(items(thinking("", sealed("next-text")), said, call)).toEqual([
      { type: "text", text: "a", state },
      expect.not.objectContaining({ state }),
    ]);
    expect(items(said, thinking("", sealed("alone")))).toEqual([said, { type: "text", text: "", state }]);
  });

  test("two carriers, two calls", () => {
    const other = { ...state, value: "b3RoZXI=" };
    const second = sealer.seal({ state: other, binds: "next-call" });
    expect(items(thinking("", sealed("next-call")), call, thinking("", second), call)).toMatchObject([{ state }, { state: other }]);
  });

  test("rule 165: a damaged envelope, or one of another key, counts as absent", () => {
    const foreign = createStateSealer([Buffer.alloc(32, 9)]).seal({ state, binds: "self" });
    expect(items(thinking("hm", `${sealed("self")}x`), thinking("hm", foreign), thinking("", foreign))).toEqual([
      { type: "reasoning", text: "hm" },
      { type: "reasoning", text: "hm" },
    ]);
  });

  test("state does not leave its message", () => {
    const messages = [
      { role: "assistant", content: [thinking("", sealed("next-call"))] },
      { role: "user", content: "go on" },
      { role: "assistant", content: [call] },
    ];
    expect(chatRequest({ messages }).items.some((item) => "state" in item)).toBe(false);
  });
});
