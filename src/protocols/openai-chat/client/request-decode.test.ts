import { describe, expect, test } from "vitest";
import { chatClientRequest, decodeChat, decodeMessages, sealer } from "../../../../test/support/chat-client.ts";
import { LossLedger } from "../../../chat/loss.ts";
import { GatewayError } from "../../../chat/error.ts";
import { recordNative } from "../../shared/native-losses.ts";
import { recordChoices, recordLogprobs } from "../../shared/single-answer.ts";
import { client } from "./index.ts";

const user = { role: "user", content: "hi" };
const FG = [
  { type: "function", function: { name: "f" } },
  { type: "custom", custom: { name: "g" } },
];
const texts = (items: readonly { type: string }[]): string[] =>
  items.flatMap((item) => ("text" in item ? [item.text as string] : [item.type]));

describe("messages", () => {
  test("rule 16: leading instructions are three, in their order, whatever they are called", () => {
    const roles = ["system", "developer", "system"];
    const request = decodeMessages(...roles.map((role, i) => ({ role, content: `${i}` })), user);
    expect(request.system.map((item) => [item.type === "text" && item.text, item.turn])).toEqual([
      ["0", 0],
      ["1", 1],
      ["2", 2],
    ]);
    expect(request.turns.map(({ role }) => role)).toEqual(["system", "system", "system", "user"]);
    expect(request.items).toMatchObject([{ text: "hi", turn: 3, path: "messages[3].content" }]);
  });

  test("rule 17: a later instruction stays where it is", () => {
    const { system, items, turns } = decodeMessages(user, { role: "developer", content: "now" });
    expect(system).toEqual([]);
    expect(items).toMatchObject([{ text: "hi" }, { text: "now", turn: 1 }]);
    expect(turns[1]?.role).toBe("system");
  });

  test.each([
    ["system", {}],
    ["developer", {}],
    ["user", {}],
    ["assistant", {}],
    ["tool", { tool_call_id: "call_1" }],
    ["function", { name: "f" }],
  ])("rules 37 and 437: content of a %s message may be text or parts", (role, fields) => {
    const contentOf = (content: unknown): unknown => {
      const request = decodeMessages({ role, content, ...fields });
      const [item] = [...request.system, ...request.items];
      return item?.type === "tool-result"
        ? item.content
        : [item].map((one) => ({ type: one?.type, text: one && "text" in one && one.text }));
    };
    expect(contentOf([{ type: "text", text: "words" }])).toEqual(contentOf("words"));
    expect(contentOf("words")).toMatchObject([{ type: "text", text: "words" }]);
  });

  test("rules 31, 36 and 232: empty and absent content say nothing", () => {
    const silent = { role: "assistant", content: null };
    const { items } = decodeMessages(user, silent, { role: "user", content: "" }, { role: "assistant", content: "" });
    expect(texts(items)).toEqual(["hi"]);
  });

  test("rule 41: legacy calls have ids that never change, and results find them by name and order", () => {
    const call = (args: string): object => ({ role: "assistant", content: null, function_call: { name: "f", arguments: args } });
    const result = (content: string): object => ({ role: "function", name: "f", content });
    const history = [user, call("{}"), result("a"), call('{"n":1}'), result("b")];
    const { items } = decodeMessages(...history);
    const [, first, a, second, b] = items;
    if (first?.type !== "tool-call" || second?.type !== "tool-call") throw new Error("no calls");
    expect([a, b]).toMatchObject([{ callId: first.id }, { callId: second.id }]);
    expect(first.id).toMatch(/^call_[0-9a-f]{24}$/);
    expect(first.id).not.toBe(second.id);
    expect(decodeMessages(...history, user).items.slice(0, 5)).toEqual(items);
  });

  test("rule 42: a name is kept aside, and its loss is told", () => {
    const { turns } = decodeMessages({ ...user, name: "ann" });
    const losses = new LossLedger();
    recordNative(turns[0]?.native, "messages[0]", "gemini", losses);
    expect(losses.losses).toEqual([{ code: "native-field", path: "messages[0].name", severity: "semantic" }]);
  });

  test("rule 185: what was said aloud stays as its words", () => {
    const { items } = decodeMessages(user, { role: "assistant", content: null, audio: { id: "audio_1", transcript: "Hello." } });
    expect(texts(items)).toEqual(["hi", "Hello."]);
  });

  test("calls of both kinds keep their input as it was written (rules 58, 66)", () => {
    const calls = [
      { id: "a", type: "function", function: { name: "f", arguments: '{"n":1.0}' } },
      { id: "b", type: "custom", custom: { name: "g", input: "x\n" } },
      // Some clients leave the type out.
      { id: "c", function: { name: "f", arguments: "" } },
    ];
    expect(decodeMessages(user, { role: "assistant", tool_calls: calls }).items.slice(1)).toMatchObject([
      { type: "tool-call", kind: "function", id: "a", name: "f", input: '{"n":1.0}' },
      { type: "tool-call", kind: "custom", id: "b", name: "g", input: "x\n" },
      { type: "tool-call", kind: "function", id: "c", input: "" },
    ]);
  });

  test.each([
    [
      "rule 168: a picture in a data URL",
      { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } },
      { source: { base64: "AA==" }, mediaType: "image/png" },
    ],
    [
      "rule 170: a picture by its address",
      { type: "image_url", image_url: { url: "https://a.example/b" } },
      { source: { url: "https://a.example/b" } },
    ],
    ["rule 179: how closely to look", { type: "image_url", image_url: { url: "https://a.example/b", detail: "low" } }, { detail: "low" }],
    ["an address without its object", { type: "image_url", image_url: "https://a.example/b" }, { kind: "image" }],
    [
      "rules 176 and 177: sound",
      { type: "input_audio", input_audio: { data: "AA==", format: "wav" } },
      { kind: "audio", mediaType: "audio/wav" },
    ],
    ["a file of a kind its URL tells", { type: "file", file: { file_data: "data:image/png;base64,AA==" } }, { kind: "image" }],
    [
      "a file of bare base64",
      { type: "file", file: { filename: "a.pdf", file_data: "AA==" } },
      { kind: "document", title: "a.pdf", mediaType: "application/pdf" },
    ],
    [
      "a file that only OpenAI has",
      { type: "file", file: { file_id: "file-1" } },
      { source: { fileId: "file-1" }, native: { protocol: "openai-chat" } },
    ],
  ])("%s", (_name, part, expected) => {
    expect(decodeMessages({ role: "user", content: [part] }).items[0]).toMatchObject({ type: "media", ...expected });
  });

  test.each([
    [{ prompt_cache_breakpoint: { mode: "explicit" } }, {}, ["prompt_cache_breakpoint"]],
    [{ prompt_cache_breakpoint: { mode: "explicit", ttl: "30m" } }, {}, ["prompt_cache_breakpoint"]],
    [{ prompt_cache_breakpoint: { mode: "explicit", ttl: "12h" } }, { ttl: "1h" }, ["prompt_cache_breakpoint"]],
    [{ cache_control: { type: "ephemeral", ttl: "1h" } }, { ttl: "1h" }, ["cache_control"]],
  ])("rules 427 and 428: %j is a cache mark, and stays as it was written", (mark, cache, native) => {
    const [item] = decodeMessages({ role: "user", content: [{ type: "text", text: "a", ...mark }] }).items;
    expect(item?.cache).toEqual(cache);
    expect(item?.native && Object.keys(item.native.fields)).toEqual(native);
  });
});

describe("fields", () => {
  test("rule 208: null is absent", () => {
    const names =
      "stop temperature top_p n tools tool_choice functions function_call response_format reasoning_effort stream logprobs top_logprobs user max_tokens store metadata stream_options web_search_options parallel_tool_calls".split(
        " ",
      );
    expect(decodeChat(Object.fromEntries(names.map((name) => [name, null])))).toEqual(decodeChat({}));
  });

  test.each([
    ["rule 195: one stop sequence", { stop: "a" }, { stop: ["a"] }],
    ["the newer limit counts", { max_tokens: 5, max_completion_tokens: 7 }, { maxOutputTokens: 7 }],
    ["the older limit", { max_tokens: 5 }, { maxOutputTokens: 5 }],
    [
      "rules 153 and 167: an effort turns reasoning on and shows it",
      { reasoning_effort: "high" },
      { reasoning: { mode: "adaptive", effort: "high", show: true } },
    ],
    ["no reasoning", { reasoning_effort: "none" }, { reasoning: { mode: "off", effort: "none" } }],
    [
      "rule 210: a schema",
      { response_format: { type: "json_schema", json_schema: { name: "n", schema: { a: 1 }, strict: true } } },
      { outputFormat: { type: "json-schema", schema: { a: 1 }, name: "n", strict: true } },
    ],
    ["rule 213: any JSON", { response_format: { type: "json_object" } }, { outputFormat: { type: "json" } }],
    ["log probabilities", { logprobs: true, top_logprobs: 2 }, { logprobs: { alternatives: 2 } }],
    ["several choices", { n: 3 }, { choices: 3 }],
    ["who the end user is", { user: "u" }, { endUser: "u" }],
    ["the cache's key", { prompt_cache_key: "k" }, { cacheKey: "k" }],
    ["rule 81: one call at a time", { parallel_tool_calls: false }, { parallelToolCalls: false }],
    [
      "rule 224: search",
      { web_search_options: { search_context_size: "low" } },
      { tools: [{ type: "hosted", kind: "web-search", settings: { search_context_size: "low" } }] },
    ],
    [
      "rule 41: legacy functions",
      { functions: [{ name: "f" }], function_call: { name: "f" } },
      { tools: [{ type: "function", name: "f", path: "functions[0]" }], toolChoice: { mode: "tool", name: "f" } },
    ],
    [
      "a tool without parameters",
      { tools: [{ type: "function", function: { name: "f" } }] },
      { tools: [{ name: "f", inputSchema: { type: "object", properties: {} } }] },
    ],
    [
      "a server's own tool",
      { tools: [{ type: "web_search_preview", x: 1 }] },
      { tools: [{ type: "hosted", kind: "web-search", settings: { x: 1 } }] },
    ],
    [
      "a choice among tools",
      {
        tools: FG,
        tool_choice: {
          type: "allowed_tools",
          allowed_tools: {
            mode: "required",
            tools: [
              { type: "function", function: { name: "f" } },
              { type: "custom", name: "g" },
            ],
          },
        },
      },
      { toolChoice: { mode: "subset", names: ["f", "g"], required: true } },
    ],
    [
      "a custom tool demanded",
      { tools: FG, tool_choice: { type: "custom", custom: { name: "g" } } },
      { toolChoice: { mode: "tool", name: "g" } },
    ],
  ])("%s", (_name, fields, expected) => {
    expect(decodeChat(fields)).toMatchObject(expected);
  });

  test("rule 153: without an effort nothing is said about reasoning", () => {
    expect(decodeChat({})).not.toHaveProperty("reasoning");
    expect(decodeChat({ n: 1, logprobs: false })).toEqual(decodeChat({}));
  });

  test.each([
    [{ stream_options: { include_usage: true } }, undefined],
    [{ service_tier: "auto" }, undefined],
    [{ service_tier: "flex" }, "info"],
    [{ store: false }, undefined],
    [{ store: true }, "info"],
    [{ modalities: ["text"] }, undefined],
    [{ modalities: ["text", "audio"], audio: { voice: "v" } }, "contract"],
    [{ logit_bias: { "1": 2 } }, "semantic"],
    [{ verbosity: "shouting" }, "semantic"],
    [{ response_format: { type: "json_schema", json_schema: { name: "n", description: "d", schema: {} } } }, "info"],
    [{ response_format: { type: "grammar", grammar: "g" } }, "contract"],
    [{ field_of_tomorrow: 1 }, "semantic"],
  ])("rules 200, 204, 206 and 212: what %j costs at another vendor's", (fields, severity) => {
    const losses = new LossLedger();
    recordNative(decodeChat(fields).native, "", "gemini", losses);
    expect(losses.losses.map((loss) => loss.severity)).toEqual(severity === undefined ? [] : [severity]);
  });

  test("rules 199 and 200: a second choice is refused, lost log probabilities are told", () => {
    const losses = new LossLedger();
    const request = decodeChat({ n: 2, logprobs: true });
    recordChoices(request, losses);
    recordLogprobs(request, losses);
    expect(losses.losses).toMatchObject([
      { path: "n", severity: "contract" },
      { path: "logprobs", severity: "semantic" },
    ]);
    expect(losses.refusedBy("default")?.path).toBe("n");
  });
});

test.each<[body: string | object, field: string, message: string, code: string | undefined]>([
  ["{", "", "We could not parse the JSON body", undefined],
  [{ messages: [user] }, "model", "Missing required parameter: 'model'.", "missing_required_parameter"],
  [{ model: "m" }, "messages", "Missing required parameter: 'messages'.", "missing_required_parameter"],
  [{ model: "m", messages: [] }, "messages", "Invalid 'messages': empty array.", "empty_array"],
  [{ model: "m", messages: "hi" }, "messages", "Invalid type for 'messages': expected an array, but got a string instead.", "invalid_type"],
  [
    { model: "m", messages: [{ role: "robot", content: "x" }] },
    "messages[0].role",
    "Invalid value: 'robot'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.",
    "invalid_value",
  ],
  [
    { model: "m", messages: [{ role: "user" }] },
    "messages[0].content",
    "Missing required parameter: 'messages[0].content'.",
    "missing_required_parameter",
  ],
  [
    { model: "m", messages: [{ role: "user", content: 3 }] },
    "messages[0].content",
    "Invalid type for 'messages[0].content': expected one of a string or array of objects, but got an integer instead.",
    "invalid_type",
  ],
  [
    { model: "m", messages: [{ role: "user", content: [{ type: "text" }] }] },
    "messages[0].content[0].text",
    "Missing required parameter: 'messages[0].content[0].text'.",
    "missing_required_parameter",
  ],
  [
    { model: "m", messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "data:image/png,x" } }] }] },
    "messages[0].content[0].image_url.url",
    "a data URL must hold base64",
    "invalid_image_url",
  ],
  [
    { model: "m", messages: [{ role: "tool", content: "x" }] },
    "messages[0].tool_call_id",
    "Missing required",
    "missing_required_parameter",
  ],
  [{ model: "m", messages: [user], max_tokens: 0 }, "max_tokens", "Expected a value >= 1, but got 0 instead.", "integer_below_min_value"],
  [{ model: "m", messages: [user], temperature: "hot" }, "temperature", "expected a number, but got a string", "invalid_type"],
  [
    '{"model":"m","messages":[{"role":"user","content":"hi"}],"seed":9007199254740993}',
    "seed",
    "expected an integer, but got a number that is too large",
    "invalid_type",
  ],
  ['{"model":"m","messages":[{"role":"user","content":"hi"}],"temperature":1e999}', "temperature", "too large", "invalid_type"],
  [{ model: "m", messages: [user], stop: [1] }, "stop[0]", "expected a string", "invalid_type"],
  [{ model: "m", messages: [user], tools: [{ type: "function" }] }, "tools[0].function", "Missing required", "missing_required_parameter"],
  [{ model: "m", messages: [user], tool_choice: "any" }, "tool_choice", "'none', 'auto', and 'required'", "invalid_value"],
  [{ model: "m", messages: [user], tool_choice: "required" }, "tool_choice", "only allowed when 'tools' are specified", undefined],
  [{ model: "m", messages: [user], functions: [], function_call: { name: "f" } }, "function_call", "only allowed when", undefined],
  [
    { model: "m", messages: [user], tools: FG, tool_choice: { type: "function", function: { name: "h" } } },
    "tool_choice",
    "no tool in 'tools' is called 'h'",
    "invalid_value",
  ],
  [
    { model: "m", messages: [user], tools: [{ type: "function", function: { name: "" } }] },
    "tools[0].function.name",
    "empty string",
    "empty_string",
  ],
  [{ model: "m", messages: [user], top_logprobs: 3 }, "top_logprobs", "only allowed when 'logprobs' is true", undefined],
  [
    {
      model: "m",
      messages: [
        { role: "user", content: "" },
        { role: "assistant", content: null },
      ],
    },
    "messages",
    "every message is empty",
    "invalid_value",
  ],
  [
    { model: "m", messages: [{ role: "user", content: [{ type: "input_text", text: "x" }] }] },
    "messages[0].content[0].type",
    "Invalid value: 'input_text'. Supported values are: 'text', 'image_url', 'input_audio', 'refusal', and 'file'.",
    "invalid_value",
  ],
  ...["htps://a.example/b.png", "/tmp/b.png", "iVBORw0KGgo="].map((url): [object, string, string, string] => [
    { model: "m", messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }] },
    "messages[0].content[0].image_url.url",
    "expected an http or https URL",
    "invalid_image_url",
  ]),
])("a body such as %j is refused in OpenAI's words", (body, field, message, code) => {
  let thrown: unknown;
  try {
    client.decodeRequest(chatClientRequest(body), sealer);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(GatewayError);
  expect((thrown as GatewayError).message).toContain(message);
  expect((thrown as GatewayError).detail).toMatchObject({ ...(field !== "" && { field }), ...(code !== undefined && { code }) });
  const { status, body: sent } = client.encodeError(thrown as GatewayError, "req_1", undefined);
  expect(status).toBe(400);
  expect(JSON.parse(sent)).toMatchObject({
    error: { type: "invalid_request_error", param: field === "" ? null : field, code: code ?? null },
  });
});
