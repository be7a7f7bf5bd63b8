/** Whatever a Messages client said, the neutral form holds it: every recorded and captured request comes out as it went in. */
import { describe, expect, test } from "vitest";
import { loadCaptures } from "../../../test/support/captures.ts";
import { anthropic, answerContext, client, clientRequest, encodeTarget, sealer, upstream } from "../../../test/support/messages.ts";
import { loadRecordings } from "../../../test/support/recordings.ts";
import { profileFor } from "../../catalog/profiles/index.ts";
import { collect } from "../../chat/collect.ts";
import type { JsonObject } from "../../chat/json.ts";
import { LossLedger } from "../../chat/loss.ts";
import type { Profile } from "../profile.ts";

const recorded = loadRecordings("anthropic-messages").flatMap(({ name, request }) =>
  request ? [{ name, path: request.path, body: request.body as JsonObject }] : [],
);
const requests = [...recorded, ...loadCaptures()].filter(({ path }) => path.includes("/v1/messages"));

/**
 * A string is one text block, the deprecated place of the format is the current one, and no tools are none (rules 217, 406);
 * the address of a format's schema is not sent (rule 95).
 */
function canonical({ output_format: older, tools, ...body }: JsonObject): unknown {
  const settings = body["output_config"] as JsonObject | undefined;
  const format = (older ?? settings?.["format"]) as JsonObject | undefined;
  const { $schema: _address, ...schema } = (format?.["schema"] ?? {}) as JsonObject;
  const config = format && { output_config: { ...settings, format: { ...format, schema } } };
  const messages = (body["messages"] as JsonObject[]).map((message) => ({ ...message, content: blocks(message["content"]) }));
  const offered = Array.isArray(tools) && tools.length > 0 ? { tools } : {};
  return { ...body, ...config, messages, ...offered, ...(body["system"] !== undefined && { system: blocks(body["system"]) }) };
}

function blocks(content: unknown): unknown {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return (content as JsonObject[]).map((block) =>
    block["type"] === "tool_result" ? { ...block, content: blocks(block["content"]) } : block,
  );
}

/** A model that takes whatever a request says. */
function profileOf(body: JsonObject): Profile {
  const type = (body["thinking"] as JsonObject | undefined)?.["type"];
  const levels = { control: "level", levels: ["low", "medium", "high", "xhigh", "max"] } as const;
  const budget = { control: "budget", min: 1024, max: 128_000, off: true } as const;
  return {
    ...profileFor({ platform: "anthropic", model: "claude-up", protocol: "anthropic-messages" }),
    reasonsByDefault: false,
    bindsThinking: false,
    progressAsThinking: false,
    thinkingForms: ["adaptive", "enabled", "disabled", "between_tools"],
    thinkingBeforeCallsRequired: false,
    forcedToolChoice: "always",
    prefill: true,
    sampling: "all",
    reasoning: type === "enabled" || type === "disabled" ? budget : levels,
  };
}

function roundTrip(body: JsonObject, path: string): void {
  const counting = path.includes("count_tokens");
  const request = client.decodeRequest(clientRequest(body, {}, counting ? "count-tokens" : "generate"), sealer);
  const losses = new LossLedger();
  const issuer = { ...anthropic, model: "claude-up", account: "a" };
  const target = encodeTarget({ model: body["model"] as string, profile: profileOf(body), losses, issuer });
  const encoded = counting ? upstream.encodeTokenCount(request, target) : upstream.encodeRequest(request, target);
  const { stream, ...expected } = canonical(body) as JsonObject;
  expect(JSON.parse(encoded.body)).toEqual({ ...expected, ...(stream === true && { stream }) });
  expect(losses.losses).toEqual([]);
  expect(encoded.path).toBe(counting ? "/v1/messages/count_tokens" : "/v1/messages");
}

describe("recorded and captured requests come out as they went in", () => {
  test.each(requests.map((request) => [request.name, request] as const))("%s", (_name, { path, body }) => roundTrip(body, path));
});

const cached = { cache_control: { type: "ephemeral", ttl: "1h" } };
const text = { type: "text", text: "hm" };
const png = { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" };

/** Dossier A.1.2: everything a user turn may hold. */
const USER_BLOCKS: readonly JsonObject[] = [
  { ...text, ...cached },
  { type: "text", text: "odd mark", cache_control: { type: "ephemeral", scope: "global" } },
  { type: "image", source: png, ...cached },
  { type: "image", source: { type: "url", url: "https://a.example/b.png" }, transformations: { resize: "none" } },
  { type: "image", source: { type: "file", file_id: "file_1" } },
  { type: "image", source: { type: "hologram", data: "?" } },
  {
    type: "document",
    source: { type: "base64", media_type: "application/pdf", data: "JVBERi0=" },
    title: "t",
    context: "c",
    citations: { enabled: true },
  },
  { type: "document", source: { type: "text", media_type: "text/plain", data: "words" } },
  { type: "document", source: { type: "content", content: [text, { type: "image", source: png }] } },
  { type: "document", source: { type: "url", url: "https://a.example/b.pdf" }, ...cached },
  { type: "document", source: { type: "file", file_id: "file_2" }, title: "t" },
  { type: "search_result", source: "https://a.example", title: "t", content: [text], citations: { enabled: true } },
  { type: "container_upload", file_id: "file_3" },
  { type: "something_new", with: { anything: [1, 2] } },
];

/** Dossier A.1.2: everything an assistant turn may hold. */
const ASSISTANT_BLOCKS: readonly JsonObject[] = [
  { type: "thinking", thinking: "why", signature: "c2ln" },
  { type: "thinking", thinking: "", signature: "b21pdHRlZA==" },
  { type: "redacted_thinking", data: "cmVkYWN0ZWQ=" },
  {
    ...text,
    citations: [
      { type: "char_location", cited_text: "a", document_index: 0, document_title: null, start_char_index: 0, end_char_index: 1 },
    ],
  },
  { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "q" }, caller: { type: "direct" } },
  {
    type: "web_search_tool_result",
    tool_use_id: "srvtoolu_1",
    content: [{ type: "web_search_result", url: "https://a.example", title: "t", encrypted_content: "e", page_age: null }],
  },
  { type: "server_tool_use", id: "srvtoolu_2", name: "web_fetch", input: { url: "https://a.example" } },
  {
    type: "web_fetch_tool_result",
    tool_use_id: "srvtoolu_2",
    content: { type: "web_fetch_tool_result_error", error_code: "url_not_accessible" },
  },
  { type: "server_tool_use", id: "srvtoolu_3", name: "bash_code_execution", input: { command: "ls" } },
  {
    type: "bash_code_execution_tool_result",
    tool_use_id: "srvtoolu_3",
    content: { type: "bash_code_execution_result", stdout: "a", stderr: "", return_code: 0, content: [] },
    ...cached,
  },
  { type: "server_tool_use", id: "srvtoolu_4", name: "brand_new", input: {} },
  { type: "brand_new_tool_result", tool_use_id: "srvtoolu_4", content: {} },
  { type: "mcp_tool_use", id: "mcptoolu_1", name: "ask", server_name: "wiki", input: { q: 1 } },
  { type: "mcp_tool_result", tool_use_id: "mcptoolu_1", is_error: false, content: [text] },
  { type: "mcp_tool_listing", mcp_server_name: "wiki", tools: [] },
  { type: "compaction", content: "all before", encrypted_content: "ZW5j", signature: "s" },
  { type: "fallback", from: { model: "a" }, to: { model: "b" } },
  { type: "tool_use", id: "toolu_1", name: "Bash", input: { command: "ls", n: 1 }, caller: { type: "direct" }, ...cached },
  { type: "tool_use", id: "toolu_2", name: "click", input: {}, toolset_name: "computer" },
];

const RESULTS: readonly JsonObject[] = [
  {
    type: "tool_result",
    tool_use_id: "toolu_2",
    is_error: false,
    content: [text, { type: "image", source: png }, { type: "tool_reference", tool_name: "Later" }, { type: "browser_state", tabs: [] }],
    ...cached,
  },
  { type: "tool_result", tool_use_id: "toolu_1", is_error: true, content: [text] },
];

/** Dossier A.1.3. */
const TOOLS: readonly JsonObject[] = [
  { name: "Bash", description: "d", input_schema: { $schema: "s", type: "object", properties: { n: { type: "integer" } } }, ...cached },
  { type: "custom", name: "Later", input_schema: { type: "object" }, defer_loading: true, eager_input_streaming: true, strict: false },
  {
    name: "Strict",
    input_schema: { type: "object", properties: {}, additionalProperties: false },
    strict: true,
    allowed_callers: ["direct"],
  },
  { type: "bash_20250124", name: "bash" },
  { type: "text_editor_20250728", name: "str_replace_based_edit_tool", max_characters: 10 },
  { type: "computer_20251124", name: "computer", display_width_px: 1, display_height_px: 2 },
  { type: "computer_toolset_20260801", configs: null },
  { type: "browser_toolset_20260801", ...cached },
  { type: "memory_20250818", name: "memory" },
  { type: "web_search_20260318", name: "web_search", max_uses: 3, allowed_domains: ["a.example"] },
  { type: "web_fetch_20250910", name: "web_fetch", citations: { enabled: true } },
  { type: "code_execution_20260521", name: "code_execution" },
  { type: "advisor_20260301", name: "advisor", model: "claude-x" },
  { type: "tool_search_tool_bm25_20251119", name: "tool_search_tool_bm25" },
  { type: "mcp_toolset", mcp_server_name: "wiki" },
  { type: "tool_of_tomorrow_20270101", name: "x", a: 1 },
];

const base = { model: "m", max_tokens: 64_000, messages: [{ role: "user", content: [text] }] };

test("every content block of A.1.2 and every tool of A.1.3 comes out as it went in", () => {
  const messages = [
    { role: "user", content: USER_BLOCKS },
    {
      role: "system",
      clear_at: "never",
      output_config: { effort: "high" },
      content: [
        text,
        { type: "tool_addition", tool: { type: "tool_reference", name: "Later" } },
        { type: "tool_removal", tool: { type: "mcp_tool_reference", mcp_server_name: "wiki", name: "ask" }, ...cached },
        { type: "tool_addition", tool: { type: "tool_definition", definition: { name: "New", input_schema: { type: "object" } } } },
      ],
    },
    { role: "assistant", content: ASSISTANT_BLOCKS },
    { role: "user", content: [...RESULTS, text] },
    { role: "system", output_config: { effort: "low" } },
  ];
  const request = client.decodeRequest(clientRequest({ ...base, messages, tools: TOOLS }), sealer);
  const opaque = request.items.filter((item) => item.type === "opaque").map((item) => item.name);
  expect(opaque).toEqual(["image", "container_upload", "something_new", "brand_new_tool_result", "mcp_tool_listing", "fallback"]);
  const encoded = JSON.parse(upstream.encodeRequest(request, encodeTarget({ model: "m", profile: profileOf({}) })).body) as JsonObject;
  // No more than four cache marks may stand in one request.
  expect(withoutMarks(encoded)).toEqual(withoutMarks({ ...base, messages, tools: TOOLS }));
});

function withoutMarks(body: JsonObject): unknown {
  return JSON.parse(JSON.stringify(body, (key, value: unknown) => (key === "cache_control" ? undefined : value)));
}

test.each([...USER_BLOCKS, ...TOOLS].filter((node) => node["cache_control"]))("the cache mark of %j comes out as it went in", (node) => {
  const tool = TOOLS.includes(node);
  const messages = [{ role: "user", content: tool ? [text] : [node] }];
  roundTrip({ ...base, messages, ...(tool && { tools: [node] }) }, "/v1/messages");
});

test.each<JsonObject>([
  { thinking: { type: "adaptive", display: "updates", block_binding: { prefix_mismatch_behavior: "drop_block" } } },
  { thinking: { type: "between_tools" }, output_config: { effort: "high", task_budget: { type: "tokens", total: 9 } } },
  { thinking: { type: "enabled", budget_tokens: 2000, display: "omitted" } },
  { output_config: { format: { type: "json_schema", schema: { type: "object", properties: {}, additionalProperties: false } } } },
  { output_config: { effort: "of-tomorrow" } },
  { tool_choice: { type: "auto", disable_parallel_tool_use: false }, tools: [{ name: "a", input_schema: { type: "object" } }] },
  { tool_choice: { type: "any", disable_parallel_tool_use: true }, tools: [{ name: "a", input_schema: { type: "object" } }] },
  { tool_choice: { type: "tool", name: "a" }, tools: [{ name: "a", input_schema: { type: "object" } }] },
  { tool_choice: { type: "none" }, tools: [{ name: "a", input_schema: { type: "object" } }] },
  { metadata: { user_id: "u", tier: 1 }, temperature: 0.5, top_p: 0.9, top_k: 4, stop_sequences: ["x"] },
  {
    context_management: { edits: [] },
    container: "c",
    mcp_servers: [],
    service_tier: "auto",
    speed: "fast",
    thread: { type: "create" },
    x_new: [{}],
  },
])("the fields %j come out as they went in", (fields) => roundTrip({ ...base, ...fields }, "/v1/messages"));

test("rule 227: an answer that paused goes on with its blocks as they were", () => {
  const content = [
    { type: "text", text: "I look." },
    { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "q" } },
  ];
  const paused = { id: "msg_1", type: "message", role: "assistant", model: "m", content, stop_reason: "pause_turn", stop_sequence: null };
  const answer = collect(upstream.decodeResponse({ ...paused, usage: { input_tokens: 1, output_tokens: 1 } }, { issuer: anthropic }));
  expect(client.encodeResponse(answer, answerContext())).toMatchObject({ content, stop_reason: "pause_turn" });
  roundTrip({ ...base, messages: [...base.messages, { role: "assistant", content }] }, "/v1/messages");
});
