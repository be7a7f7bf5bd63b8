/** Which items OpenAI takes in Responses, and which it refuses. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TAKEN, told, type Told } from "../../test/support/refusals.ts";
import { startSimulator, type Simulator } from "./server.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

const post = (body: unknown): Promise<Told> => told(`${simulator.url}/v1/responses`, body);

const hi = { role: "user", content: "Hi" };
const base = { model: "gpt-6-sol", input: "Hi" };
const fn = (name: string) => ({ type: "function", name, parameters: { type: "object", properties: {} } });
const input = (...items: object[]) => ({ ...base, input: [hi, ...items] });
const parts = (...content: object[]) => ({ ...base, input: [{ role: "user", content }] });
const call = (id: string, more: object = {}) => ({ type: "function_call", call_id: id, name: "f", arguments: "{}", ...more });
const result = (id: string, more: object = {}) => ({ type: "function_call_output", call_id: id, output: "ok", ...more });
const answer = (part: object) => input({ role: "assistant", content: [part] });
const PNG = "data:image/png;base64,iVBORw0KGgo=";

describe("an item is refused with the vendor's words, field and code", () => {
  test.each<[what: string, body: unknown, message: string, param: string | null, code: string | null]>([
    ["an unknown item", input({ type: "thought" }), "Invalid value: 'thought'.", "input[1]", "invalid_value"],
    ["an unknown role", input({ role: "tool", content: "a" }), "Invalid value: 'tool'.", "input[1]", "invalid_value"],
    ["no content", input({ role: "user", content: null }), "Missing required", "input[1].content", "missing_required_parameter"],
    ["empty content", parts(), "empty array", "input[0].content", "empty_array"],
    ["the parts of Chat", parts({ type: "text", text: "a" }), "Invalid value: 'text'.", "input[0].content[0]", "invalid_value"],
    [
      "the user's parts for the assistant",
      answer({ type: "input_text", text: "a" }),
      "Supported values are: 'output_text' and 'refusal'.",
      "input[1].content[0]",
      "invalid_value",
    ],
    [
      "what the SDK's parser adds",
      answer({ type: "output_text", text: "a", parsed: null }),
      "Unknown parameter",
      "input[1].content[0].parsed",
      "unknown_parameter",
    ],
    [
      "an image of no address",
      parts({ type: "input_image", image_url: "abc" }),
      "Expected a base64-encoded data URL",
      "input[0].content[0].image_url",
      "invalid_value",
    ],
    [
      "rule 169: an image of another type",
      parts({ type: "input_image", image_url: "data:image/tiff;base64,AAAA" }),
      "unsupported image",
      null,
      "invalid_image_format",
    ],
    [
      "rule 181: loose base64",
      parts({ type: "input_image", image_url: "data:image/png;base64,AA_A" }),
      "base64-encoded value",
      "input[0].content[0].image_url",
      "invalid_base64",
    ],
    [
      "rule 172: a file without name",
      parts({ type: "input_file", file_data: "data:application/pdf;base64,AAAA" }),
      "Missing required parameter",
      "input[0].content[0].filename",
      "missing_required_parameter",
    ],
    ["an id of another kind", input({ ...hi, id: "item_1" }), "Expected an ID that begins with 'msg'.", "input[1].id", "invalid_value"],
    ["a long id", input({ ...hi, id: `msg_${"a".repeat(61)}` }), "maximum length 64", "input[1].id", "string_above_max_length"],
    ["one id twice", input({ ...hi, id: "msg_1" }, { ...hi, id: "msg_1" }), "Duplicate item found with id msg_1. Remove", "input", null],
    [
      "a phase of another kind",
      input({ role: "assistant", content: "a", phase: "middle" }),
      "'commentary' and 'final_answer'",
      "input[1].phase",
      "invalid_value",
    ],
    [
      "arguments as an object",
      input(call("a", { arguments: {} }), result("a")),
      "expected a string, but got an object",
      "input[1].arguments",
      "invalid_type",
    ],
    ["a call without id", input(call("a", { call_id: null })), "Missing required", "input[1].call_id", "missing_required_parameter"],
    ["rule 49: a long id of a call", input(call("a".repeat(65))), "maximum length 64", "input[1].call_id", "string_above_max_length"],
    ["an empty one", input(call("")), "empty string", "input[1].call_id", "empty_string"],
    ["a result without id", input(result("a", { call_id: null })), "Missing required", "input[1].call_id", "missing_required_parameter"],
    ["an unanswered call", input(call("a"), call("b"), result("a"), hi), "No tool output found for function call b.", "input", null],
    [
      "an answer before its call",
      input(result("a"), call("a")),
      "No tool call found for function call output with call_id a.",
      "input",
      null,
    ],
    [
      "an answer of another kind",
      input(call("a"), { type: "custom_tool_call_output", call_id: "a", output: "ok" }),
      "No tool call found for custom tool call output with call_id a.",
      "input",
      null,
    ],
    [
      "an unanswered shell",
      input({ type: "shell_call", call_id: "a", action: { commands: ["ls"] } }),
      "No tool output found for shell call a.",
      "input",
      null,
    ],
    [
      "a patch that has ended in no way",
      input({ type: "apply_patch_call_output", call_id: "a", status: "done" }),
      "'completed' and 'failed'",
      "input[1].status",
      "invalid_value",
    ],
    [
      "reasoning without a summary",
      input({ type: "reasoning", id: "rs_1" }),
      "Missing required parameter: 'input[1].summary'.",
      "input[1].summary",
      "missing_required_parameter",
    ],
    [
      "tools added by the user",
      input({ type: "additional_tools", role: "user", tools: [] }),
      "Supported values are: 'developer'.",
      "input[1].role",
      "invalid_value",
    ],
    [
      "a bad tool that is added",
      input({ type: "additional_tools", role: "developer", tools: [fn("a b")] }),
      "does not match pattern",
      "input[1].tools[0].name",
      "invalid_value",
    ],
  ])("%s", async (_, body, message, param, code) => {
    expect(await post(body)).toEqual({ status: 400, message: expect.stringContaining(message), param, code });
  });
});

describe("a request is taken", () => {
  test.each<[string, object]>([
    [
      "rule 38: a message with a type and one without",
      input({ type: "message", ...hi }, { role: "developer", content: [{ type: "input_text", text: "b" }] }),
    ],
    [
      "media",
      parts(
        { type: "input_image", image_url: PNG, detail: "original" },
        { type: "input_file", file_url: "https://example.com/a.pdf" },
        { type: "input_file", file_id: "file-1" },
      ),
    ],
    ["rule 24: results in another order", input(call("a"), call("b"), result("b"), result("a"))],
    ["a result whose call is far away", input(call("a"), { role: "assistant", content: "Wait." }, result("a"))],
    [
      "rules 75, 418: media in a result",
      input(
        call("a"),
        result("a", {
          output: [
            { type: "input_text", text: "b" },
            { type: "input_image", image_url: PNG },
          ],
        }),
      ),
    ],
    [
      "rule 438: a custom tool's history",
      input(
        { type: "custom_tool_call", call_id: "a", name: "p", input: "x", namespace: "n" },
        { type: "custom_tool_call_output", call_id: "a", output: [{ type: "input_text", text: "x" }] },
      ),
    ],
    [
      "rule 90: the histories of the vendor's own tools",
      input(
        { type: "local_shell_call", call_id: "a", action: { type: "exec", command: ["ls"], env: {} }, status: "completed" },
        { type: "local_shell_call_output", id: "a", output: "b" },
        { type: "shell_call", call_id: "c", action: { commands: ["ls"] } },
        { type: "shell_call_output", call_id: "c", output: [{ stdout: "b", stderr: "", outcome: { type: "exit", exit_code: 0 } }] },
        { type: "apply_patch_call", call_id: "d", operation: { type: "delete_file", path: "a" }, status: "completed" },
        { type: "apply_patch_call_output", call_id: "d", status: "completed" },
        { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", query: "q" } },
      ),
    ],
    [
      "a search for tools that the vendor made",
      input(
        { type: "tool_search_call", call_id: null, arguments: {}, execution: "server" },
        { type: "tool_search_output", call_id: null, execution: "server", tools: [fn("f")] },
      ),
    ],
    [
      "rule 416: an answer as it was given",
      input({
        type: "message",
        id: "msg_1",
        status: "completed",
        role: "assistant",
        content: [{ type: "output_text", text: "a", annotations: [], logprobs: [] }],
        phase: "commentary",
      }),
    ],
    [
      "a choice of a tool that is added",
      { ...input({ type: "additional_tools", role: "developer", tools: [fn("f")] }), tool_choice: { type: "function", name: "f" } },
    ],
    [
      "raw reasoning where it is given so",
      {
        ...input(
          { type: "reasoning", id: "rs_1", summary: [], content: [{ type: "reasoning_text", text: "a" }] },
          { role: "assistant", content: "b" },
          hi,
        ),
        model: "deepseek-v4",
      },
    ],
  ])("%s", async (_, body) => {
    expect(await post(body)).toEqual(TAKEN);
  });
});
