/** The neutral view of recorded requests: the same conversation reads the same in every protocol. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { joinedTurns, readAsk, type Ask } from "./read-ask.ts";
import { startSimulator, type Simulator } from "./server.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ record: true });
});
afterAll(() => simulator.close());

/** The simulator's view of the body; whether it is a good one does not matter. */
async function asked(path: string, body: object): Promise<Ask> {
  await (await fetch(simulator.url + path, { method: "POST", body: JSON.stringify(body) })).text();
  const request = simulator.requests.at(-1);
  if (request === undefined) throw new Error("nothing was recorded");
  return readAsk(request);
}

const PNG = Buffer.from("a picture").toString("base64");
const sha256 = createHash("sha256").update("a picture").digest("hex");
const schema = { type: "object", properties: { a: { type: "string" } } };

const messages = () =>
  asked("/v1/messages", {
    model: "m",
    max_tokens: 100,
    stream: true,
    system: [
      { type: "text", text: "One." },
      { type: "text", text: "Two." },
    ],
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "Look", cache_control: { type: "ephemeral" } },
          { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "Hm.", signature: "AAAA" },
          { type: "tool_use", id: "c1", name: "f", input: { a: "b" } },
        ],
      },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "c1", content: "ok", is_error: true }] },
      { role: "user", content: "Go on" },
    ],
    tools: [{ name: "f", description: "d", input_schema: schema }],
    tool_choice: { type: "tool", name: "f", disable_parallel_tool_use: true },
    stop_sequences: ["END"],
    temperature: 0.5,
    top_k: 3,
    thinking: { type: "enabled", budget_tokens: 2048 },
    output_config: { effort: "high", format: { type: "json_schema", schema } },
  });

const chat = () =>
  asked("/v1/chat/completions", {
    model: "m",
    max_tokens: 100,
    stream: true,
    messages: [
      { role: "system", content: "One." },
      { role: "developer", content: [{ type: "text", text: "Two." }] },
      {
        role: "user",
        content: [
          { type: "text", text: "Look" },
          { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } },
        ],
      },
      {
        role: "assistant",
        content: null,
        reasoning_details: [{ type: "reasoning.text", text: "Hm.", signature: "AAAA" }],
        tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: '{"a":"b"}' } }],
      },
      { role: "tool", tool_call_id: "c1", content: "ok" },
      { role: "user", content: "Go on" },
    ],
    tools: [{ type: "function", function: { name: "f", description: "d", parameters: schema } }],
    tool_choice: { type: "function", function: { name: "f" } },
    parallel_tool_calls: false,
    stop: "END",
    temperature: 0.5,
    top_k: 3,
    reasoning_effort: "high",
    response_format: { type: "json_schema", json_schema: { name: "n", schema } },
  });

const responses = () =>
  asked("/v1/responses", {
    model: "m",
    max_output_tokens: 100,
    stream: true,
    instructions: "One.",
    input: [
      { role: "developer", content: [{ type: "input_text", text: "Two." }] },
      {
        role: "user",
        content: [
          { type: "input_text", text: "Look" },
          { type: "input_image", image_url: `data:image/png;base64,${PNG}` },
        ],
      },
      { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "Hm." }], encrypted_content: "AAAA" },
      { type: "function_call", call_id: "c1", name: "f", arguments: '{"a":"b"}' },
      { type: "function_call_output", call_id: "c1", output: "ok" },
      { role: "user", content: "Go on" },
    ],
    tools: [{ type: "function", name: "f", description: "d", parameters: schema }],
    tool_choice: { type: "function", name: "f" },
    parallel_tool_calls: false,
    temperature: 0.5,
    reasoning: { effort: "high", summary: "auto" },
    text: { format: { type: "json_schema", name: "n", schema } },
  });

const gemini = () =>
  asked("/v1beta/models/m:streamGenerateContent?alt=sse", {
    system_instruction: { parts: [{ text: "One." }, { text: "Two." }] },
    contents: [
      { role: "user", parts: [{ text: "Look" }, { inline_data: { mime_type: "image/png", data: PNG } }] },
      {
        role: "model",
        parts: [{ text: "Hm.", thought: true, thoughtSignature: "AAAA" }, { functionCall: { id: "c1", name: "f", args: { a: "b" } } }],
      },
      { role: "user", parts: [{ functionResponse: { id: "c1", name: "f", response: { error: "ok" } } }] },
      { role: "user", parts: [{ text: "Go on" }] },
    ],
    tools: [{ functionDeclarations: [{ name: "f", description: "d", parametersJsonSchema: schema }] }],
    toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["f"] } },
    generationConfig: {
      maxOutputTokens: 100,
      stopSequences: ["END"],
      temperature: 0.5,
      topK: 3,
      responseJsonSchema: schema,
      thinkingConfig: { thinkingLevel: "high", includeThoughts: true },
    },
  });

const OPEN_AI = ["Chat Completions", "Responses"];

test.each([
  ["Messages", messages],
  ["Chat Completions", chat],
  ["Responses", responses],
  ["Gemini", gemini],
])("%s", async (protocol, ask) => {
  const view = await ask();
  expect(view).toMatchObject({
    model: "m",
    stream: true,
    system: ["One.", "Two."],
    turns: [
      {
        role: "user",
        parts: [
          { type: "text", text: "Look" },
          { type: "media", kind: "image", mimeType: "image/png", source: "bytes", sha256, size: 9 },
        ],
      },
      {
        role: "assistant",
        parts: [
          { type: "thinking", text: "Hm.", signature: "AAAA", redacted: false },
          { type: "call", id: "c1", name: "f", arguments: '{"a":"b"}' },
        ],
      },
      // OpenAI's protocols cannot say that a tool failed.
      { role: "user", parts: [{ type: "result", id: "c1", text: "ok", isError: !OPEN_AI.includes(protocol), media: [] }] },
      { role: "user", parts: [{ type: "text", text: "Go on" }] },
    ],
    tools: [{ name: "f", description: "d", schema }],
    choice: { mode: "required", names: ["f"] },
    format: { schema },
    thinking: "shown",
    effort: "high",
    maxTokens: 100,
    // Responses has neither stop sequences nor top_k.
    stop: protocol === "Responses" ? [] : ["END"],
    sampling: { temperature: 0.5, ...(protocol === "Responses" ? {} : { topK: 3 }) },
  });
  expect(view.parallel).toBe(protocol === "Gemini" ? undefined : false);
  expect(view.thinkingBudget).toBe(protocol === "Messages" ? 2048 : undefined);
  expect(joinedTurns(view).map(({ parts }) => parts.length)).toEqual([2, 2, 2]);
});

test("a request says nothing of what it does not ask for", async () => {
  const bare = { stream: false, system: [], tools: [], choice: { mode: "auto" }, format: "text", thinking: "off", stop: [], sampling: {} };
  expect(await asked("/v1/messages", { model: "m", messages: [{ role: "user", content: "a" }] })).toMatchObject({
    ...bare,
    maxTokens: Infinity,
  });
  expect(await asked("/v1/chat/completions", { model: "m", messages: [{ role: "user", content: "a" }] })).toMatchObject(bare);
  expect(await asked("/v1/responses", { model: "m", input: "a" })).toMatchObject({ ...bare, maxTokens: Infinity });
  const contents = [{ role: "user", parts: [{ text: "a" }] }];
  expect(await asked("/v1beta/models/gemini-2.5-flash:generateContent", { contents })).toMatchObject(bare);
});

test("Chat's own shapes", async () => {
  const { turns, tools, system } = await asked("/api/v1/chat/completions", {
    model: "gpt-6-sol",
    messages: [
      {
        role: "user",
        content: [
          { type: "input_audio", input_audio: { data: PNG, format: "wav" } },
          { type: "file", file: { file_data: `data:application/pdf;base64,${PNG}`, filename: "a.pdf" } },
          { type: "file", file: { file_id: "file-1" } },
        ],
      },
      { role: "system", content: "Later." },
      {
        role: "assistant",
        content: "",
        refusal: "No.",
        tool_calls: [{ id: "c", type: "custom", custom: { name: "p", input: "free text" } }],
      },
      { role: "assistant", content: "a", reasoning_content: "b" },
    ],
    tools: [{ type: "custom", custom: { name: "p" } }],
    web_search_options: {},
  });
  expect(system).toEqual([]);
  expect(turns).toMatchObject([
    {
      role: "user",
      parts: [
        { kind: "audio", mimeType: "audio/wav", sha256 },
        { kind: "document", mimeType: "application/pdf", name: "a.pdf", sha256 },
        { kind: "document", source: "file", reference: "file-1" },
      ],
    },
    { role: "system", parts: [{ text: "Later." }] },
    {
      role: "assistant",
      parts: [
        { type: "refusal", text: "No." },
        { type: "call", custom: true, arguments: "free text" },
      ],
    },
    {
      role: "assistant",
      parts: [
        { type: "thinking", text: "b" },
        { type: "text", text: "a" },
      ],
    },
  ]);
  expect(tools).toEqual([
    { name: "p", description: undefined, schema: undefined, kind: "custom" },
    { name: "web_search", schema: undefined, kind: "hosted" },
  ]);
});

test("what Messages holds back is there once it was found or added, and gone when it was removed", async () => {
  const hidden = (name: string): object => ({ name, input_schema: schema, defer_loading: true });
  const change = (type: string, name: string): object => ({ role: "system", content: [{ type, tool: { type: "tool_reference", name } }] });
  const { tools } = await asked("/v1/messages", {
    messages: [
      { role: "user", content: [{ type: "tool_result", tool_use_id: "c1", content: [{ type: "tool_reference", tool_name: "found" }] }] },
      change("tool_addition", "added"),
      change("tool_addition", "removed"),
      change("tool_removal", "removed"),
    ],
    tools: ["found", "added", "removed", "never"].map(hidden),
  });
  expect(tools.map(({ name, deferred = false }) => [name, deferred])).toEqual([
    ["found", false],
    ["added", false],
    ["removed", true],
    ["never", true],
  ]);
});

test("Responses' own shapes", async () => {
  const grammar = { type: "grammar", syntax: "lark", definition: "start: /.+/" };
  const custom = { type: "custom", name: "p", format: grammar };
  const hidden = { type: "function", name: "g", defer_loading: true };
  const { turns, tools, system } = await asked("/api/v1/responses", {
    model: "gpt-6-sol",
    input: [
      { type: "additional_tools", role: "developer", tools: [{ type: "namespace", name: "n", description: "d", tools: [custom] }] },
      { role: "user", content: "Go" },
      { role: "developer", content: "Later." },
      { type: "custom_tool_call", call_id: "c1", name: "p", namespace: "n", input: "free text" },
      { type: "tool_search_call", call_id: "c2", execution: "client", arguments: { query: "q" } },
      { type: "shell_call", call_id: "c3", action: { commands: ["ls"] } },
      { type: "custom_tool_call_output", call_id: "c1", output: [{ type: "input_text", text: "a" }] },
      { type: "tool_search_output", call_id: "c2", tools: [hidden] },
      { type: "shell_call_output", call_id: "c3", output: [{ stdout: "b", stderr: "c" }] },
      { type: "function_call", call_id: "c4", name: "f", arguments: "{}" },
      {
        type: "function_call_output",
        call_id: "c4",
        output: [
          { type: "input_text", text: "Seen." },
          { type: "input_image", image_url: `data:image/png;base64,${PNG}` },
        ],
      },
      { role: "assistant", content: [{ type: "refusal", refusal: "No." }] },
    ],
    tools: [hidden, { type: "web_search" }, { type: "local_shell" }, { type: "mcp", server_label: "wiki", server_url: "https://x" }],
  });
  expect(system).toEqual([]);
  expect(turns).toMatchObject([
    { role: "user", parts: [{ type: "text", text: "Go" }] },
    { role: "system", parts: [{ text: "Later." }] },
    {
      role: "assistant",
      parts: [
        { type: "call", id: "c1", name: "p", namespace: "n", custom: true, arguments: "free text" },
        { type: "call", id: "c2", name: "tool_search", arguments: '{"query":"q"}' },
        { type: "call", id: "c3", name: "shell", arguments: '{"commands":["ls"]}' },
      ],
    },
    { role: "user", parts: [{ type: "result", id: "c1", text: "a" }] },
    { role: "user", parts: [{ type: "result", id: "c2", text: "g" }] },
    { role: "user", parts: [{ type: "result", id: "c3", text: "bc" }] },
    { role: "assistant", parts: [{ type: "call", id: "c4" }] },
    { role: "user", parts: [{ type: "result", id: "c4", text: "Seen.", media: [{ kind: "image", sha256 }] }] },
    { role: "assistant", parts: [{ type: "refusal", text: "No." }] },
  ]);
  expect(tools).toMatchObject([
    { name: "g", deferred: true },
    { name: "web_search", kind: "hosted" },
    { name: "local_shell", wireType: "local_shell" },
    { name: "wiki", kind: "hosted" },
    { name: "p", namespace: "n", kind: "custom", format: grammar },
    { name: "g" },
  ]);
  expect(tools.at(-1)).not.toHaveProperty("deferred");
});

test("a request that refers to what is kept is read with it", async () => {
  const send = async (body: object): Promise<{ id: string }> => {
    const answer = await fetch(`${simulator.url}/v1/responses`, { method: "POST", body: JSON.stringify({ model: "m", ...body }) });
    return (await answer.json()) as { id: string };
  };
  const { id } = await send({ input: "Hi" });
  await send({ input: "And?", previous_response_id: id });
  const request = simulator.requests.at(-1);
  if (request === undefined) throw new Error("nothing was recorded");
  expect(readAsk(request, simulator.responses).turns.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
  expect(readAsk(request).turns.map(({ role }) => role)).toEqual(["user"]);
});

test("media that are not in the request are told by where they are", async () => {
  const { turns } = await asked("/v1/messages", {
    model: "m",
    messages: [
      {
        role: "user",
        content: [
          { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
          { type: "document", title: "T", source: { type: "file", file_id: "f1" } },
          {
            type: "tool_result",
            tool_use_id: "c",
            content: [
              { type: "text", text: "a" },
              { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
            ],
          },
        ],
      },
    ],
  });
  expect(turns[0]?.parts).toMatchObject([
    { type: "media", source: "url", reference: "https://example.com/a.png" },
    { type: "media", kind: "document", source: "file", reference: "f1" },
    { type: "result", text: "a", isError: false, media: [{ kind: "image", sha256 }] },
  ]);
});

test("only requests for a generation can be read", async () => {
  await expect(asked("/v1/messages/count_tokens", {})).rejects.toThrow("does not ask for a generation");
});
