/** What OpenAI refuses of the tools of a Responses request and of the choice among them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TAKEN, told, type Told } from "../../test/support/refusals.ts";
import { startSimulator, type Simulator } from "./server.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

const post = (body: unknown, path = "/v1/responses"): Promise<Told> => told(simulator.url + path, body);

const base = { model: "gpt-6-sol", input: "Hi" };
const parameters = { type: "object", properties: { a: { type: "string" } }, required: ["a"], additionalProperties: false };
const fn = (name: string, more: object = {}) => ({ type: "function", name, parameters, ...more });
const tool = (value: object) => ({ ...base, tools: [value] });

type Row = readonly [what: string, body: unknown, message: string, param: string | null, code: string | null];

const TOOLS: readonly Row[] = [
  ["an unknown tool", tool({ type: "browser" }), "Invalid value: 'browser'.", "tools[0].type", "invalid_value"],
  [
    "the form of Chat",
    tool({ type: "function", function: { name: "f" } }),
    "Missing required parameter: 'tools[0].name'.",
    "tools[0].name",
    "missing_required_parameter",
  ],
  ["rule 70: a tool's name", tool(fn("a.b")), "does not match pattern", "tools[0].name", "invalid_value"],
  ["rule 70: a long one", tool(fn("a".repeat(65))), "maximum length 64", "tools[0].name", "string_above_max_length"],
  [
    "rule 427: a cache mark on a tool",
    tool(fn("f", { cache_control: {} })),
    "Unknown parameter",
    "tools[0].cache_control",
    "unknown_parameter",
  ],
  [
    "parameters without properties",
    tool(fn("f", { parameters: { type: "object" } })),
    "object schema missing properties",
    "tools[0].parameters",
    "invalid_function_parameters",
  ],
  [
    "rule 118: an optional property under strict",
    tool(fn("f", { strict: true, parameters: { ...parameters, required: [] } })),
    "Missing 'a'",
    "tools[0].parameters",
    "invalid_function_parameters",
  ],
  [
    "free text of another kind",
    tool({ type: "custom", name: "f", format: { type: "xml" } }),
    "'text' and 'grammar'",
    "tools[0].format.type",
    "invalid_value",
  ],
  [
    "a grammar without syntax",
    tool({ type: "custom", name: "f", format: { type: "grammar", definition: "a" } }),
    "Missing required parameter",
    "tools[0].format.syntax",
    "missing_required_parameter",
  ],
  [
    "a namespace without description",
    tool({ type: "namespace", name: "n", tools: [] }),
    "Missing required parameter",
    "tools[0].description",
    "missing_required_parameter",
  ],
  [
    "a namespace's tool",
    tool({ type: "namespace", name: "n", description: "d", tools: [fn("a b")] }),
    "does not match pattern",
    "tools[0].tools[0].name",
    "invalid_value",
  ],
  [
    "a search in a namespace",
    tool({ type: "namespace", name: "n", description: "d", tools: [{ type: "web_search" }] }),
    "'function' and 'custom'",
    "tools[0].tools[0].type",
    "invalid_value",
  ],
  [
    "a namespace of the vendor's",
    tool({ type: "namespace", name: "file_search", description: "d", tools: [] }),
    "collides with an existing tool namespace",
    "tools[0].name",
    "invalid_value",
  ],
  ["a search in nothing", tool({ type: "file_search", vector_store_ids: [] }), "empty array", "tools[0].vector_store_ids", "empty_array"],
  [
    "a container nowhere",
    tool({ type: "code_interpreter" }),
    "Missing required parameter",
    "tools[0].container",
    "missing_required_parameter",
  ],
  ["a server nowhere", tool({ type: "mcp", server_label: "a" }), "must be provided for MCP tools", "tools[0].server_url", null],
  [
    "a search of another size",
    tool({ type: "web_search", search_context_size: "huge" }),
    "'low', 'medium', and 'high'",
    "tools[0].search_context_size",
    "invalid_value",
  ],
  ["a choice of no kind", { ...base, tool_choice: "any" }, "'none', 'auto', and 'required'", "tool_choice", "invalid_value"],
  ["a choice among nothing", { ...base, tool_choice: "required" }, "must be specified with 'tools'", "tool_choice", null],
  [
    "a choice of no tool",
    { ...tool(fn("f")), tool_choice: { type: "function", name: "g" } },
    "Tool choice 'function' not found in 'tools' parameter.",
    "tool_choice",
    null,
  ],
  [
    "a choice of a search that is not there",
    { ...tool(fn("f")), tool_choice: { type: "web_search" } },
    "'web_search' not found",
    "tool_choice",
    null,
  ],
  [
    "a choice among tools, one of which is not there",
    { ...tool(fn("f")), tool_choice: { type: "allowed_tools", mode: "auto", tools: [fn("f"), { type: "custom", name: "f" }] } },
    "'custom' not found",
    "tool_choice.tools[1]",
    null,
  ],
];

describe("a tool or a choice is refused with the vendor's words, field and code", () => {
  test.each(TOOLS)("%s", async (_, body, message, param, code) => {
    expect(await post(body)).toEqual({ status: 400, message: expect.stringContaining(message), param, code });
  });
});

describe("tools are taken", () => {
  const custom = { type: "custom", name: "p", format: { type: "grammar", syntax: "lark", definition: "start: /.+/" } };
  test.each<[string, object]>([
    [
      "free text, groups, hosted tools and those of the vendor",
      {
        tools: [
          fn("f"),
          custom,
          { type: "namespace", name: "n", description: "d", tools: [fn("f"), custom] },
          { type: "namespace", name: "empty", description: "d", tools: [] },
          { type: "web_search", external_web_access: true },
          { type: "tool_search" },
          { type: "shell" },
          { type: "mcp", server_label: "a", server_url: "https://example.com" },
        ],
      },
    ],
    [
      "a choice among tools",
      {
        tools: [fn("f"), custom],
        tool_choice: {
          type: "allowed_tools",
          mode: "required",
          tools: [
            { type: "function", name: "f" },
            { type: "custom", name: "p" },
          ],
        },
      },
    ],
  ])("%s", async (_, more) => {
    expect(await post({ ...base, ...more })).toEqual(TAKEN);
  });
});
