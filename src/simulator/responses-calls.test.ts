/** Whichever tool is offered, in whichever place and form, the brain calls it in the words of Responses. */
import OpenAI from "openai";
import type { FunctionTool, ResponseCreateParamsNonStreaming } from "openai/resources/responses/responses";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSimulator, type Simulator } from "./server.ts";

const bash: FunctionTool = {
  type: "function",
  name: "Bash",
  strict: false,
  parameters: { type: "object", properties: { command: { type: "string" } }, required: ["command"] },
};

let simulator: Simulator;
let client: OpenAI;

beforeAll(async () => {
  simulator = await startSimulator();
  client = new OpenAI({ baseURL: `${simulator.url}/v1`, apiKey: "k", maxRetries: 0 });
});
afterAll(() => simulator.close());

type Item = Record<string, unknown>;
type Params = Partial<ResponseCreateParamsNonStreaming>;

/** The last item of the answer, which is the same whole and streamed but for what depends on the request's bytes. */
async function lastItem(body: Params): Promise<Item> {
  const params = { model: "gpt-6-sol", input: "Hi", ...body };
  const answers = [await client.responses.create(params), await client.responses.stream({ ...params, stream: true }).finalResponse()];
  const left = new Set(["id", "call_id", "parsed", "parsed_arguments"]);
  const [whole, streamed] = answers.map(
    ({ output }) => JSON.parse(JSON.stringify(output.at(-1), (key, value: unknown) => (left.has(key) ? undefined : value))) as Item,
  );
  expect(streamed).toEqual(whole);
  return whole ?? {};
}

describe("calls of every kind of tool", () => {
  const custom = {
    type: "custom" as const,
    name: "exec",
    format: { type: "grammar" as const, syntax: "lark" as const, definition: "start: /.+/" },
  };
  const search = {
    type: "tool_search" as const,
    execution: "client" as const,
    parameters: { type: "object", properties: { query: { type: "string" } }, required: ["query"] },
  };
  const namespace = {
    type: "namespace" as const,
    name: "crm",
    description: "d",
    tools: [{ type: "function" as const, name: "find" }],
  };
  const hidden = { ...bash, defer_loading: true };
  const found = [
    { type: "tool_search_call", execution: "client", call_id: "c", arguments: { query: "x" } },
    { type: "tool_search_output", execution: "client", call_id: "c", tools: [hidden] },
  ];

  test.each<[string, object, object]>([
    ["a function", { tools: [bash], input: "Run `ls`." }, { type: "function_call", name: "Bash", arguments: '{"command":"ls"}' }],
    [
      "a program that runs the command",
      { tools: [custom], input: "Run `ls`." },
      {
        type: "custom_tool_call",
        name: "exec",
        input: 'const r = await tools.exec_command({"cmd":"ls"});\nif (r.image_url) image(r.image_url); else text(r.output ?? r);\n',
      },
    ],
    ["free text", { tools: [custom], input: "Use `exec some text`." }, { type: "custom_tool_call", name: "exec", input: "some text" }],
    [
      "rule 68: a tool in a namespace",
      { tools: [namespace], input: 'Use `crm.find {"a":1}`.' },
      { type: "function_call", name: "find", namespace: "crm", arguments: '{"a":1}' },
    ],
    [
      "rule 368: a tool that stands only in the input",
      {
        input: [
          { type: "additional_tools", role: "developer", tools: [{ ...namespace, tools: [custom] }] },
          { role: "user", content: "Run `ls`." },
        ],
      },
      { type: "custom_tool_call", name: "exec", namespace: "crm" },
    ],
    [
      "the vendor's shell of old",
      { tools: [{ type: "local_shell" }], input: "Run `ls`." },
      { type: "local_shell_call", action: { type: "exec", command: ["bash", "-lc", "ls"], env: {} } },
    ],
    [
      "the vendor's shell",
      { tools: [{ type: "shell" }], input: "Run `ls`." },
      { type: "shell_call", action: { commands: ["ls"], timeout_ms: null } },
    ],
    [
      "the vendor's patches",
      { tools: [{ type: "apply_patch" }], input: "Hi", tool_choice: { type: "apply_patch" } },
      { type: "apply_patch_call", operation: { type: "create_file", path: "sample", diff: "sample" } },
    ],
    [
      "rule 417: a search for tools",
      { tools: [search], input: 'Use `tool_search {"query":"x"}`.' },
      { type: "tool_search_call", execution: "client", arguments: { query: "x" } },
    ],
    ["no tool before it was found", { tools: [hidden], input: "Run `ls`." }, { type: "message" }],
    [
      "a tool that was found",
      {
        tools: [hidden, search],
        input: [
          { role: "user", content: "Find a tool." },
          ...found,
          { role: "assistant", content: "Found." },
          { role: "user", content: "Run `ls`." },
        ],
      },
      { type: "function_call", name: "Bash" },
    ],
  ])("%s", async (_, body, call) => {
    expect(await lastItem(body)).toMatchObject(call);
  });

  test("a patch in the words is applied by whatever tool can", async () => {
    const patch = "*** Begin Patch\n*** Add File: a.txt\n+hello\n*** End Patch";
    const input = `Apply this patch:\n${patch}\nThank you.`;
    const apply = { type: "custom" as const, name: "apply_patch" };
    expect(await lastItem({ tools: [apply], input })).toMatchObject({ type: "custom_tool_call", name: "apply_patch", input: patch });
    expect((await lastItem({ tools: [custom], input }))["input"]).toContain(`tools.apply_patch(${JSON.stringify(patch)})`);
  });
});
