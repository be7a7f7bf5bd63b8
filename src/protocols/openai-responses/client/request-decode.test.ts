import { describe, expect, test } from "vitest";
import { decodeResponses, responsesRequest, sealer } from "../../../../test/support/responses-client.ts";
import type { ChatRequest } from "../../../chat/chat.ts";
import { LossLedger } from "../../../chat/loss.ts";
import { recordNative } from "../../shared/native-losses.ts";
import { client } from "./index.ts";

const LOGPROBS = "message.output_text.logprobs";
const fn = (name: string, more: object = {}): object => ({ type: "function", name, parameters: { type: "object" }, ...more });

function lossesOf({ native }: ChatRequest): string[] {
  const ledger = new LossLedger();
  recordNative(native, "", "gemini", ledger);
  return ledger.losses.map(({ path, severity }) => `${path} ${severity}`);
}

describe("settings", () => {
  test("rule 208: null is absent", () => {
    const names =
      "instructions temperature top_p tools tool_choice reasoning text stream top_logprobs user max_output_tokens store metadata stream_options parallel_tool_calls include prompt_cache_key safety_identifier previous_response_id conversation prompt background truncation service_tier max_tool_calls".split(
        " ",
      );
    const nulls = Object.fromEntries(names.map((name) => [name, null]));
    expect(decodeResponses(nulls)).toEqual(decodeResponses({}));
  });

  test.each<[string, object, Partial<ChatRequest>]>([
    ["a stream", { stream: true }, { stream: true }],
    ["a limit, however low", { max_output_tokens: 1 }, { maxOutputTokens: 1 }],
    ["sampling", { temperature: 0, top_p: 0.5 }, { sampling: { temperature: 0, topP: 0.5 } }],
    ["no more than one call", { parallel_tool_calls: false }, { parallelToolCalls: false }],
    ["rule 153: an effort", { reasoning: { effort: "high" } }, { reasoning: { mode: "adaptive", effort: "high" } }],
    ["no reasoning", { reasoning: { effort: "none" } }, { reasoning: { mode: "off", effort: "none" } }],
    ["summaries", { reasoning: { summary: "auto" } }, { reasoning: { show: true } }],
    ["summaries under their old name", { reasoning: { generate_summary: "concise" } }, { reasoning: { show: true } }],
    ["any JSON", { text: { format: { type: "json_object" } } }, { outputFormat: { type: "json" } }],
    [
      "rule 212: a schema",
      { text: { format: { type: "json_schema", name: "n", strict: true, schema: { type: "object" } } } },
      { outputFormat: { type: "json-schema", name: "n", strict: true, schema: { type: "object" } } },
    ],
    ["how long to answer", { text: { verbosity: "low" } }, { verbosity: "low" }],
    ["how likely tokens were", { include: [LOGPROBS], top_logprobs: 3 }, { logprobs: { alternatives: 3 } }],
    ["the same without alternatives", { include: [LOGPROBS] }, { logprobs: { alternatives: 0 } }],
    ["the key of a cache", { prompt_cache_key: "k" }, { cacheKey: "k" }],
    ["who asks", { safety_identifier: "s", user: "u" }, { endUser: "s" }],
    ["who asks, in the old field", { user: "u" }, { endUser: "u" }],
  ])("%s", (_name, fields, expected) => expect(decodeResponses(fields)).toMatchObject(expected));

  test("what only OpenAI knows stays, and says what its loss means", () => {
    const codex = {
      include: ["reasoning.encrypted_content"],
      store: false,
      client_metadata: { "x-codex-installation-id": "i" },
      prompt_cache_options: { mode: "auto" },
      stream_options: { include_obfuscation: false },
      truncation: "disabled",
      service_tier: "auto",
      reasoning: { effort: "low", context: "all_turns" },
    };
    const request = decodeResponses({ ...codex, new_field: 1, max_tool_calls: 3 });
    const { reasoning: _reasoning, ...fields } = codex;
    expect(request.native).toEqual({
      protocol: "openai-responses",
      fields: { ...fields, new_field: 1, max_tool_calls: 3, reasoning: { context: "all_turns" } },
    });
    expect(lossesOf(request).toSorted()).toEqual([
      "client_metadata info",
      "max_tool_calls semantic",
      "new_field semantic",
      "prompt_cache_options info",
      "reasoning.context info",
    ]);
  });

  test.each([
    ["rule 398", { background: true }, "background"],
    ["a prompt that OpenAI keeps", { prompt: { id: "pmpt_1" } }, "prompt"],
    ["an answer that is kept elsewhere", { previous_response_id: "resp_1" }, "previous_response_id"],
    ["a conversation that is", { conversation: "conv_1" }, "conversation"],
  ])("%s: what nobody else can do is refused to callers who insist", (_name, fields, path) => {
    expect(lossesOf(decodeResponses(fields))).toEqual([`${path} contract`]);
  });

  test.each<[object, string, RegExp]>([
    [
      { max_output_tokens: 0 },
      "max_output_tokens",
      /^Invalid 'max_output_tokens': integer below minimum value\. Expected a value >= 1, but got 0/,
    ],
    [{ max_output_tokens: "7" }, "max_output_tokens", /^Invalid type for 'max_output_tokens'/],
    [{ temperature: "hot" }, "temperature", /^Invalid type for 'temperature': expected a number, but got a string instead\.$/],
    [{ stream: 1 }, "stream", /^Invalid type for 'stream'/],
    [{ reasoning: "high" }, "reasoning", /^Invalid type for 'reasoning': expected an object/],
    [{ text: { format: {} } }, "text.format.type", /^Missing required parameter: 'text\.format\.type'\.$/],
    [{ text: { format: { type: "json_schema", name: "n" } } }, "text.format.schema", /^Missing required parameter/],
    [{ include: "all" }, "include", /^Invalid type for 'include': expected an array/],
    [{ parallel_tool_calls: "no" }, "parallel_tool_calls", /^Invalid type/],
    [{ instructions: ["a"] }, "instructions", /^Invalid type for 'instructions': expected a string, but got an array instead\.$/],
    [{ tools: {} }, "tools", /^Invalid type for 'tools': expected an array/],
    [{ tools: [{}] }, "tools[0].type", /^Missing required parameter: 'tools\[0\]\.type'\.$/],
    [{ tools: [{ type: "function" }] }, "tools[0].name", /^Missing required parameter: 'tools\[0\]\.name'\.$/],
    [{ tools: [{ type: "namespace", name: "n" }] }, "tools[0].tools", /^Missing required parameter/],
    [
      { tools: [{ type: "namespace", name: "n", tools: [{ type: "mcp" }] }] },
      "tools[0].tools[0].type",
      /Supported values are: 'function' and 'custom'/,
    ],
  ])("%j is refused in OpenAI's words", (fields, field, message) => {
    expect(() => decodeResponses(fields)).toThrow(
      expect.objectContaining({ kind: "invalid-request", detail: expect.objectContaining({ field }) }),
    );
    expect(() => decodeResponses(fields)).toThrow(message);
  });

  test("a body that is none is refused", () => {
    expect(() => client.decodeRequest(responsesRequest("[]"), sealer)).toThrow(expect.objectContaining({ kind: "invalid-request" }));
    expect(() => client.decodeRequest(responsesRequest("{"), sealer)).toThrow(/We could not parse the JSON body/);
  });
});

describe("tools", () => {
  const toolsOf = (...tools: readonly object[]) => decodeResponses({ tools }).tools;

  test("rules 68 and 69: functions and free-text tools, alone and in namespaces, have names that no other has", () => {
    const members = [fn("y", { description: "Y" }), { type: "custom", name: "z" }];
    const tools = toolsOf(
      fn("y", { strict: true }),
      { type: "custom", name: "patch", description: "P", format: { type: "grammar", syntax: "lark", definition: "start: /a/" } },
      { type: "namespace", name: "a", description: "A", tools: members },
      { type: "namespace", name: "b", tools: members },
      fn("a__y"),
    );
    expect(tools.map(({ name }) => name)).toEqual(["y", "patch", "a__y", "a__z", "b__y", "b__z", "a__y_2"]);
    expect(tools[0]).toEqual({ type: "function", path: "tools[0]", name: "y", inputSchema: { type: "object" }, strict: true });
    expect(tools[1]).toMatchObject({ type: "custom", description: "P", format: { syntax: "lark" } });
    expect(tools[2]).toMatchObject({ path: "tools[2].tools[0]", description: "Y", namespace: { name: "a", tool: "y", description: "A" } });
    expect(tools[4]).toMatchObject({ namespace: { name: "b", tool: "y" } });
  });

  test("a function without parameters takes none, one that is loaded later says so", () => {
    expect(toolsOf({ type: "function", name: "f" }, fn("g", { defer_loading: true }))).toMatchObject([
      { inputSchema: { type: "object", properties: {} } },
      { deferred: true },
    ]);
  });

  test.each([
    ["local_shell", {}, "client", "local_shell"],
    ["apply_patch", {}, "client", "apply_patch"],
    ["computer_use_preview", { display_width: 1 }, "client", "computer_use_preview"],
    ["shell", {}, "client", "shell"],
    ["shell", { environment: { type: "container_auto" } }, "code-execution", "shell"],
    ["tool_search", { execution: "client" }, "client", "tool_search"],
    ["tool_search", {}, "tool-search", "tool_search"],
    ["web_search", { external_web_access: true }, "web-search", "web_search"],
    ["web_search_preview_2025_03_11", {}, "web-search", "web_search"],
    ["code_interpreter", { container: { type: "auto" } }, "code-execution", "code_interpreter"],
    ["mcp", { server_label: "docs", server_url: "https://a.example" }, "mcp", "docs"],
    ["file_search", { vector_store_ids: [] }, "other", "file_search"],
    ["image_generation", {}, "other", "image_generation"],
  ])("%s %j is run by whom the request says", (type, settings, runs, name) => {
    const [tool] = toolsOf({ type, ...settings });
    const expected = runs === "client" ? { type: "client", vendorType: type } : { type: "hosted", kind: runs };
    expect(tool).toEqual({ ...expected, path: "tools[0]", name, settings, native: { protocol: "openai-responses", fields: { type } } });
  });
});

describe("the choice among them", () => {
  const tools = [
    fn("f"),
    { type: "custom", name: "patch" },
    { type: "namespace", name: "mcp__a", tools: [fn("g")] },
    { type: "web_search" },
    { type: "mcp", server_label: "docs" },
    { type: "apply_patch" },
  ];
  const chosen = (choice: unknown): ChatRequest["toolChoice"] => decodeResponses({ tools, tool_choice: choice }).toolChoice;

  test.each<[unknown, ChatRequest["toolChoice"]]>([
    ["auto", { mode: "auto" }],
    ["none", { mode: "none" }],
    ["required", { mode: "required" }],
    [
      { type: "function", name: "f" },
      { mode: "tool", name: "f" },
    ],
    [
      { type: "function", name: "g", namespace: "mcp__a" },
      { mode: "tool", name: "mcp__a__g" },
    ],
    [
      { type: "function", name: "g" },
      { mode: "tool", name: "mcp__a__g" },
    ],
    [
      { type: "custom", name: "patch" },
      { mode: "tool", name: "patch" },
    ],
    [{ type: "web_search_preview" }, { mode: "tool", name: "web_search" }],
    [
      { type: "mcp", server_label: "docs" },
      { mode: "tool", name: "docs" },
    ],
    [{ type: "apply_patch" }, { mode: "tool", name: "apply_patch" }],
    [
      { type: "allowed_tools", mode: "required", tools: [{ type: "function", name: "f" }, { type: "web_search" }] },
      { mode: "subset", names: ["f", "web_search"], required: true },
    ],
    [
      { type: "allowed_tools", mode: "auto", tools: [{ type: "custom", name: "patch" }] },
      { mode: "subset", names: ["patch"], required: false },
    ],
  ])("%j", (choice, expected) => expect(chosen(choice)).toEqual(expected));

  test.each<[unknown, string, RegExp]>([
    ["any", "tool_choice", /^Invalid value: 'any'\. Supported values are: 'none', 'auto'/],
    [3, "tool_choice", /^Invalid type for 'tool_choice'/],
    [{ name: "f" }, "tool_choice.type", /^Missing required parameter/],
    [{ type: "function", name: "gone" }, "tool_choice", /^Tool choice 'gone' not found in 'tools' parameter\.$/],
    [{ type: "code_interpreter" }, "tool_choice", /'code_interpreter' not found/],
    [{ type: "allowed_tools", mode: "any", tools: [] }, "tool_choice.mode", /Supported values are: 'auto' and 'required'/],
    [{ type: "allowed_tools", mode: "auto", tools: [] }, "tool_choice.tools", /empty array/],
    [{ type: "allowed_tools", mode: "auto", tools: [{ type: "function", name: "gone" }] }, "tool_choice.tools[0]", /not found/],
  ])("%j is refused", (choice, field, message) => {
    expect(() => chosen(choice)).toThrow(expect.objectContaining({ kind: "invalid-request", detail: expect.objectContaining({ field }) }));
    expect(() => chosen(choice)).toThrow(message);
  });

  test("none of no tools is a choice, one of them is not", () => {
    expect(decodeResponses({ tools: [], tool_choice: "none" }).toolChoice).toEqual({ mode: "none" });
    expect(() => decodeResponses({ tools: [], tool_choice: "required" })).toThrow(/only allowed when 'tools' are specified/);
  });
});
