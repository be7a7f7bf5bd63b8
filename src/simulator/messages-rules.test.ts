/** What Anthropic refuses, and how it says so. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSimulator, type Simulator } from "./server.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ models: ["claude-opus-5-5", "claude-opus-4-6", "claude-sonnet-4-5", "other"] });
});
afterAll(() => simulator.close());

async function post(
  body: unknown,
  { path = "/v1/messages", version = "2023-06-01" } = {},
): Promise<{ status: number; message: string; type: string }> {
  const response = await fetch(simulator.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...(version === "" ? {} : { "anthropic-version": version }) },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const answer = (await response.json()) as { type: string; error?: { type: string; message: string }; request_id?: string };
  if (response.status !== 200) {
    expect(answer.type).toBe("error");
    expect(answer.request_id).toBe(response.headers.get("request-id"));
  }
  return { status: response.status, message: answer.error?.message ?? "", type: answer.error?.type ?? "" };
}

const hi = { role: "user", content: "Hi" };
const base = { model: "claude-opus-5-5", max_tokens: 2000, messages: [hi] };
const tool = { name: "Bash", input_schema: { type: "object" } };
const call = (id: string) => ({ type: "tool_use", id, name: "Bash", input: {} });
const result = (id: string) => ({ type: "tool_result", tool_use_id: id, content: "ok" });
const thinking = (signature: unknown) => ({ role: "assistant", content: [{ type: "thinking", thinking: "hm", signature }] });
const image = (source: object) => [{ role: "user", content: [{ type: "image", source }] }];
const marked = { type: "text", text: "x", cache_control: { type: "ephemeral" } };

describe("a request is refused with the vendor's words", () => {
  test.each<[string, unknown, string]>([
    ["not JSON", "{", "The request body is not valid JSON"],
    ["no object", "[]", "Input should be an object"],
    ["no model", { ...base, model: undefined }, "model: Field required"],
    ["no max_tokens", { ...base, max_tokens: undefined }, "max_tokens: Field required"],
    ["a fraction", { ...base, max_tokens: 1.5 }, "max_tokens: Input should be a valid integer"],
    ["no messages", { ...base, messages: undefined }, "messages: Field required"],
    ["empty messages", { ...base, messages: [] }, "messages: at least one message is required"],
    ["an unknown field", { ...base, top_z: 1 }, "top_z: Extra inputs are not permitted"],
    ["stream as text", { ...base, stream: "true" }, "stream: Input should be a valid boolean"],
    ["a blank stop sequence", { ...base, stop_sequences: ["\n"] }, "stop_sequences: each stop sequence must contain non-whitespace"],
    ["too hot", { ...base, model: "claude-sonnet-4-5", temperature: 2 }, "temperature: Input should be less than or equal to 1"],
    ["heat on a late model", { ...base, temperature: 0.5 }, "`temperature` is not supported on this model."],
    ["system as an image", { ...base, system: [{ type: "image" }] }, "system.0.type: Input should be 'text'"],
    ["a bad tool name", { ...base, tools: [{ ...tool, name: "a b" }] }, "tools.0.custom.name: String should match pattern"],
    ["a tool without schema", { ...base, tools: [{ name: "a" }] }, "tools.0.custom.input_schema: Field required"],
    ["two tools of one name", { ...base, tools: [tool, tool] }, "tools: Tool names must be unique."],
    ["a choice without tools", { ...base, tool_choice: { type: "auto" } }, "tool_choice may only be specified while providing tools."],
    [
      "an unknown choice",
      { ...base, tools: [tool], tool_choice: { type: "tool", name: "x" } },
      "tool_choice: Tool 'x' not found in provided tools",
    ],
    [
      "a forced tool with thinking",
      { ...base, tools: [tool], tool_choice: { type: "any" }, thinking: { type: "adaptive" } },
      "Thinking may not be enabled when tool_choice forces tool use.",
    ],
    [
      "a small budget",
      { ...base, thinking: { type: "enabled", budget_tokens: 5 } },
      "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
    ],
    [
      "a budget over the limit",
      { ...base, thinking: { type: "enabled", budget_tokens: 2000 } },
      "`max_tokens` must be greater than `thinking.budget_tokens`.",
    ],
    [
      "an open schema",
      { ...base, output_config: { format: { type: "json_schema", schema: { type: "object" } } } },
      "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
    ],
    [
      "five cache marks",
      { ...base, system: [marked, marked, marked, marked, marked] },
      "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ],
    [
      "an unknown role",
      { ...base, messages: [{ role: "tool", content: "x" }] },
      "messages.0.role: Input should be 'user', 'assistant' or 'system'",
    ],
    ["empty content", { ...base, messages: [{ role: "user", content: "" }] }, "messages.0: user messages must have non-empty content"],
    [
      "empty text",
      { ...base, messages: [{ role: "user", content: [{ type: "text", text: "" }] }] },
      "messages: text content blocks must be non-empty",
    ],
    [
      "blank text",
      { ...base, messages: [{ role: "user", content: " \n" }] },
      "messages: text content blocks must contain non-whitespace text",
    ],
    [
      "an unknown block",
      { ...base, messages: [{ role: "user", content: [{ type: "x" }] }] },
      "messages.0.content.0: Input tag 'x' found using 'type'",
    ],
    [
      "a call by the user",
      { ...base, messages: [{ role: "user", content: [call("a")] }] },
      "messages.0.content.0: `tool_use` blocks can only be in `assistant` messages",
    ],
    [
      "an assistant first",
      { ...base, messages: [{ role: "assistant", content: "x" }, hi] },
      'messages: first message must use the "user" role',
    ],
    [
      "an unsupported picture",
      { ...base, messages: image({ type: "base64", media_type: "image/bmp", data: "aGk=" }) },
      "messages.0.content.0.image.source.base64.media_type",
    ],
    [
      "a broken picture",
      { ...base, messages: image({ type: "base64", media_type: "image/png", data: "??" }) },
      "messages.0.content.0.image.source.base64: invalid base64 data",
    ],
    [
      "a call id of wrong letters",
      { ...base, messages: [hi, { role: "assistant", content: [call("a:b")] }, hi] },
      "messages.1.content.0.tool_use.id: String should match pattern",
    ],
    [
      "an unanswered call",
      { ...base, messages: [hi, { role: "assistant", content: [call("a"), call("b")] }, { role: "user", content: [result("a")] }] },
      "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: b.",
    ],
    [
      "a result after text",
      {
        ...base,
        messages: [hi, { role: "assistant", content: [call("a")] }, { role: "user", content: [{ type: "text", text: "x" }, result("a")] }],
      },
      "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: a.",
    ],
    [
      "a result of no call",
      { ...base, messages: [{ role: "user", content: [result("a")] }] },
      "messages.0.content.0: unexpected `tool_use_id` found in `tool_result` blocks: a.",
    ],
    [
      "two results of one call",
      { ...base, messages: [hi, { role: "assistant", content: [call("a")] }, { role: "user", content: [result("a"), result("a")] }] },
      "messages.2.content.1: each tool_use must have a single result.",
    ],
    [
      "a foreign signature",
      { ...base, messages: [hi, thinking("Zm9yZWlnbg=="), hi] },
      "messages.1.content.0: Invalid `signature` in `thinking` block",
    ],
    ["no signature", { ...base, messages: [hi, thinking(undefined), hi] }, "messages.1.content.0.thinking.signature: Field required"],
    [
      "a prefill",
      { ...base, messages: [hi, { role: "assistant", content: "x" }] },
      "This model does not support assistant message prefill.",
    ],
    [
      "a prefill that ends blank",
      { ...base, model: "claude-sonnet-4-5", messages: [hi, { role: "assistant", content: "x " }] },
      "messages: final assistant content cannot end with",
    ],
    [
      "a system turn on an old model",
      { ...base, model: "claude-opus-4-6", messages: [hi, { role: "system", content: "x" }] },
      "messages.1: role 'system' is not supported on this model",
    ],
    [
      "a system turn after an assistant",
      { ...base, messages: [hi, { role: "assistant", content: "x" }, { role: "system", content: "x" }, hi] },
      "messages.2: a system message must follow",
    ],
    ["a prompt that is too long", { ...base, messages: [{ role: "user", content: "x".repeat(4_100_000) }] }, "prompt is too long: 10"],
  ])("%s", async (_name, body, message) => {
    const answer = await post(body);
    expect(answer).toMatchObject({ status: 400, type: "invalid_request_error" });
    expect(answer.message).toContain(message);
  });
});

describe("a request is accepted", () => {
  test.each<[string, unknown]>([
    [
      "results in another order than the calls",
      [hi, { role: "assistant", content: [call("a"), call("b")] }, { role: "user", content: [result("b"), result("a")] }],
    ],
    ["neighbours of one role", [hi, hi, { role: "assistant", content: [call("a")] }, { role: "user", content: [result("a")] }, hi]],
    ["a system turn after a user turn", [hi, { role: "system", content: "x" }]],
  ])("%s", async (_name, messages) => {
    expect(await post({ ...base, messages })).toMatchObject({ status: 200 });
  });
});

test("the newer API version refuses sampling", async () => {
  const heated = { ...base, model: "claude-sonnet-4-5", temperature: 1 };
  expect((await post(heated)).status).toBe(200);
  expect((await post(heated, { version: "2026-10-21" })).message).toContain("temperature");
});

test("the version is required and must be one", async () => {
  expect((await post(base, { version: "" })).message).toBe("anthropic-version: header is required");
  expect((await post(base, { version: "2020-01-01" })).message).toContain("is not a valid version");
});

test("counting refuses what only generating takes", async () => {
  expect((await post(base, { path: "/v1/messages/count_tokens" })).message).toBe("max_tokens: Extra inputs are not permitted");
});

test("a model it does not have is not found", async () => {
  expect(await post({ ...base, model: "claude-x" })).toEqual({ status: 404, type: "not_found_error", message: "model: claude-x" });
});
