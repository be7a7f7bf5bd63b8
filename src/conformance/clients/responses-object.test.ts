import { expect, test } from "vitest";
import { responseFaults } from "./responses-object.ts";

const asked = {
  model: "m",
  input: "Hi",
  instructions: "Be brief.",
  tools: [{ type: "namespace", name: "crm", tools: [{ type: "function", name: "search" }] }, { type: "web_search" }],
};
const call = { id: "fc_1", type: "function_call", status: "completed", call_id: "call_1", name: "search", arguments: "{}" };
const usage = {
  input_tokens: 3,
  input_tokens_details: { cached_tokens: 1, cache_write_tokens: 0 },
  output_tokens: 2,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 5,
};
const response = {
  id: "resp_1",
  object: "response",
  created_at: 1_767_225_600,
  status: "completed",
  error: null,
  incomplete_details: null,
  model: "m",
  output: [call],
  metadata: {},
  parallel_tool_calls: true,
  temperature: 1,
  tool_choice: "auto",
  top_p: 1,
  instructions: asked.instructions,
  tools: asked.tools,
  usage,
};

test("a good response is good, whether tokens were counted or not", () => {
  expect(responseFaults(response, asked)).toEqual([]);
  expect(responseFaults({ ...response, usage: null }, asked)).toEqual([]);
  const cut = { ...call, status: "incomplete", arguments: '{"q' };
  expect(responseFaults({ ...response, status: "incomplete", output: [cut] }, asked)).toEqual([]);
});

test.each([
  ["the response has no top_p", { top_p: undefined }],
  ["object is list", { object: "list" }],
  ["created_at is 1.5", { created_at: 1.5 }],
  ['instructions is repeated as "Be kind."', { instructions: "Be kind." }],
  ["the tools are repeated as crm.search", { tools: asked.tools.slice(0, 1) }],
  ["an item has no id", { output: [{ ...call, id: "" }] }],
  ["two items have one id", { output: [call, call] }],
  ["half a call, fc_1, is told as complete", { output: [{ ...call, arguments: '{"q' }] }],
  ["a count of tokens is missing", { usage: { ...usage, input_tokens_details: { cached_tokens: 1 } } }],
  ["6 tokens are not the sum of both kinds", { usage: { ...usage, total_tokens: 6 } }],
])("%s", (fault, change) => {
  expect(responseFaults({ ...response, ...change }, asked)).toEqual([fault]);
});
