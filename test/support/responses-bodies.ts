/** Responses requests with everything the protocol has (dossier A.3.1). */
import type { JsonObject } from "../../src/chat/json.ts";

const PNG = "iVBORw0KGgoAAAANSUhEUgAA";

/** Every part a user's message may hold, and one that nobody knows. */
const USER_PARTS: readonly JsonObject[] = [
  { type: "input_text", text: "hm", prompt_cache_breakpoint: { mode: "explicit", ttl: "30m" } },
  { type: "input_image", image_url: `data:image/png;base64,${PNG}`, detail: "original" },
  { type: "input_image", file_id: "file-1" },
  { type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,JVBERi0x" },
  { type: "input_file", file_id: "file-2" },
  { type: "input_audio", input_audio: { data: "UklGRgAA", format: "wav" } },
  { type: "something_new", with: { anything: [1, 2] } },
];

const annotation = { type: "url_citation", url: "https://a.example", title: "A", start_index: 0, end_index: 2 };

/** What the model says, and what it has its tools do. */
const SAID: readonly JsonObject[] = [
  { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "why" }], encrypted_content: "gAAAAA", content: null },
  {
    type: "message",
    id: "msg_1",
    role: "assistant",
    phase: "commentary",
    status: "completed",
    content: [
      {
        type: "output_text",
        text: "So.",
        annotations: [annotation],
        logprobs: [{ token: "So", logprob: -0.1, bytes: [83], top_logprobs: [] }],
      },
      { type: "refusal", refusal: "No." },
    ],
  },
  { type: "function_call", id: "fc_1", call_id: "call_1", name: "get", arguments: '{"n":1.0,"s":"\\u00e9"}', status: "completed" },
  { type: "function_call", call_id: "call_2", name: "send", namespace: "mail", arguments: "" },
  { type: "custom_tool_call", call_id: "call_3", name: "patch", input: "*** Begin\n" },
  { type: "local_shell_call", id: "lsh_1", call_id: "call_4", action: { type: "exec", command: ["ls"], env: {} }, status: "completed" },
  { type: "shell_call", call_id: "call_5", action: { commands: ["ls"], timeout_ms: null }, environment: { type: "local" } },
  { type: "apply_patch_call", call_id: "call_6", operation: { type: "update_file", path: "a", diff: "+b" }, status: "completed" },
  {
    type: "computer_call",
    id: "cu_1",
    call_id: "call_7",
    action: { type: "click", x: 1, y: 2 },
    pending_safety_checks: [],
    status: "completed",
  },
  { type: "tool_search_call", call_id: "call_8", execution: "client", arguments: { query: "mail" } },
];

/** What the client's tools gave. */
const RESULTS: readonly JsonObject[] = [
  { type: "function_call_output", call_id: "call_2", output: [USER_PARTS[0] ?? {}, USER_PARTS[1] ?? {}] },
  { type: "function_call_output", id: "fco_1", call_id: "call_1", output: "done" },
  {
    type: "custom_tool_call_output",
    call_id: "call_3",
    output: [
      { type: "input_text", text: "a" },
      { type: "input_text", text: "b" },
    ],
  },
  { type: "local_shell_call_output", id: "call_4", output: '{"output":"a"}' },
  { type: "shell_call_output", call_id: "call_5", output: [{ stdout: "a", stderr: "b", outcome: { type: "exit", exit_code: 1 } }] },
  { type: "apply_patch_call_output", call_id: "call_6", status: "failed", output: "no such file" },
  { type: "computer_call_output", call_id: "call_7", output: { type: "computer_screenshot", image_url: `data:image/png;base64,${PNG}` } },
  {
    type: "tool_search_output",
    call_id: "call_8",
    execution: "client",
    tools: [
      {
        type: "namespace",
        name: "mail",
        description: "d",
        tools: [{ type: "function", name: "find", parameters: {}, defer_loading: true }],
      },
    ],
  },
];

/** What OpenAI itself ran, and what only it has a word for. */
const HOSTED: readonly JsonObject[] = [
  {
    type: "web_search_call",
    id: "ws_1",
    status: "completed",
    action: { type: "search", query: "q", sources: [{ type: "url", url: "https://a.example" }] },
  },
  { type: "web_search_call", id: "ws_2", action: { type: "find_in_page", url: "https://a.example", pattern: "p" } },
  { type: "file_search_call", id: "fs_1", queries: ["q"], results: [{ filename: "a", text: "b" }] },
  {
    type: "code_interpreter_call",
    id: "ci_1",
    code: "1",
    container_id: "c",
    outputs: [
      { type: "logs", logs: "1" },
      { type: "image", url: "https://a.example/b.png" },
    ],
  },
  { type: "image_generation_call", id: "ig_1", result: PNG, output_format: "webp" },
  { type: "mcp_list_tools", id: "mcpl_1", server_label: "s", tools: [] },
  { type: "mcp_call", id: "mcp_1", server_label: "s", name: "n", arguments: "{}", output: null, error: { message: "no" } },
  { type: "mcp_approval_request", id: "mcpr_1", server_label: "s", name: "n", arguments: "{}" },
  { type: "mcp_approval_response", approval_request_id: "mcpr_1", approve: true },
  { type: "shell_call", call_id: "call_9", action: { commands: ["ls"] }, environment: { type: "container_reference", container_id: "c" } },
  { type: "shell_call_output", call_id: "call_9", output: [{ stdout: "a", outcome: { type: "timeout" } }] },
  { type: "tool_search_call", id: "tsc_1", execution: "server", call_id: null, arguments: { query: "x" } },
  {
    type: "tool_search_output",
    id: "tso_1",
    execution: "server",
    call_id: null,
    tools: [{ type: "function", name: "found", parameters: {} }],
  },
  { type: "compaction", id: "cmp_1", encrypted_content: "gAAAAB" },
  { type: "something_new_call", id: "x_1" },
];

/** Every kind of item. */
const INPUT: readonly JsonObject[] = [
  { type: "message", role: "developer", content: [{ type: "input_text", text: "Be brief." }] },
  { role: "system", content: "Be kind." },
  { type: "additional_tools", role: "developer", tools: [{ type: "custom", name: "later", format: { type: "text" } }] },
  { role: "user", content: USER_PARTS },
  ...SAID,
  ...RESULTS,
  ...HOSTED,
  { type: "configuration_update", reasoning: { effort: "low" } },
  { type: "message", role: "developer", content: "Be quick." },
  { role: "user", content: "and?" },
];

/** Every kind of tool. */
const TOOLS: readonly JsonObject[] = [
  { type: "function", name: "get", description: "d", parameters: { type: "object", properties: { n: { type: "number" } } }, strict: false },
  {
    type: "namespace",
    name: "mail",
    description: "d",
    tools: [
      { type: "function", name: "send", parameters: {} },
      { type: "custom", name: "draft" },
    ],
  },
  { type: "custom", name: "patch", format: { type: "grammar", syntax: "lark", definition: "start: /.+/" } },
  {
    type: "web_search",
    filters: { allowed_domains: ["a.example"] },
    user_location: { type: "approximate", city: "B" },
    search_context_size: "low",
  },
  { type: "file_search", vector_store_ids: ["v"] },
  { type: "code_interpreter", container: { type: "auto" } },
  { type: "image_generation", output_format: "webp" },
  { type: "mcp", server_label: "s", server_url: "https://s.example" },
  { type: "local_shell" },
  { type: "shell", environment: { type: "local" } },
  { type: "apply_patch" },
  { type: "computer" },
  { type: "tool_search", execution: "client", description: "d", parameters: { type: "object", properties: {} } },
  { type: "something_new", with: 1 },
];

/** Every setting, but for those that refer to something that must be there. */
const SETTINGS: JsonObject = {
  instructions: "Be good.",
  max_output_tokens: 1000,
  temperature: 0.5,
  top_p: 0.9,
  top_logprobs: 2,
  parallel_tool_calls: false,
  reasoning: { effort: "high", summary: "auto", context: "all_turns" },
  text: { format: { type: "json_schema", name: "n", schema: { type: "object", properties: {} }, strict: true }, verbosity: "low" },
  include: ["reasoning.encrypted_content", "message.output_text.logprobs"],
  metadata: { a: "b" },
  prompt_cache_key: "k",
  prompt_cache_options: { mode: "explicit" },
  safety_identifier: "s",
  user: "u",
  service_tier: "auto",
  store: false,
  truncation: "disabled",
  stream: false,
};

/** Bodies that together hold all of it. */
export const BODIES: readonly JsonObject[] = [
  { model: "m", input: INPUT, tools: TOOLS, ...SETTINGS },
  { model: "m", input: "hello", tools: TOOLS, tool_choice: { type: "function", name: "send", namespace: "mail" }, stream: true },
  {
    model: "m",
    input: [...SAID, ...RESULTS],
    tools: TOOLS,
    tool_choice: {
      type: "allowed_tools",
      mode: "required",
      tools: [{ type: "custom", name: "patch" }, { type: "mcp", server_label: "s" }, { type: "shell" }],
    },
    text: { format: { type: "json_object" } },
    stream: true,
  },
];
