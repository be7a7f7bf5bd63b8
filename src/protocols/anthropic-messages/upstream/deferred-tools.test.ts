import { expect, test } from "vitest";
import { claude, conversation, encodeMessages as encode, type Said } from "../../../../test/support/messages.ts";
import type { ChatRequest, Content, Tool } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";

const tool = (name: string, deferred?: boolean): Tool => ({
  type: "function",
  path: "tools[0]",
  name,
  inputSchema: { type: "object" },
  ...(deferred !== undefined && { deferred }),
});
const call: Content = { type: "tool-call", kind: "function", id: "c", name: "search", input: "{}" };
const loads = (...names: readonly string[]): Content => ({
  type: "tool-result",
  callId: "c",
  content: names.map((name) => ({ type: "tool-reference", name })),
  isError: false,
});
const added = (...tools: readonly string[]): Content => ({ type: "tool-change", change: "add", tools });
const user: Said = ["user", { type: "text", text: "hi" }];

/** Each tool by name, with whether it is held back. */
function declared(request: Partial<ChatRequest>, model = "claude-opus-5-5"): (readonly [unknown, unknown])[] {
  const { body } = encode({ tools: [tool("later", true), tool("now"), tool("search")], ...request }, claude(model));
  return (body["tools"] as JsonObject[]).map(({ name, defer_loading: deferred }) => [name, deferred ?? false]);
}

test("rule 408: a tool that a result names is loaded by it, and stays where it was", () => {
  const request = conversation(user, ["assistant", call], ["user", loads("later")]);
  expect(declared(request)).toEqual([
    ["later", true],
    ["now", false],
    ["search", false],
  ]);
});

test("rule 408: so is one that a system turn adds, where the model takes system turns", () => {
  const request = conversation(user, ["system", added("later")], user);
  expect(declared(request)[0]).toEqual(["later", true]);
  expect(declared(request, "claude-opus-4-7")).toEqual([
    ["now", false],
    ["search", false],
    ["later", false],
  ]);
});

test("rule 368: what stands before the conversation is simply there, and is no word in it", () => {
  const system = [{ ...added("later"), turn: 0, path: "input[0]" }];
  const { body, losses } = encode({ tools: [tool("later", true)], ...conversation(user), system }, claude("claude-opus-5-5"));
  expect(body["system"]).toBeUndefined();
  expect(body["tools"]).toEqual([{ name: "later", input_schema: { type: "object" } }]);
  expect(losses).toEqual([]);
});

test("models from before tools could be held back are told of those that were named", () => {
  const request = conversation(user, ["assistant", call], ["user", loads("later")]);
  expect(declared(request, "claude-sonnet-4-20250514")).toEqual([
    ["now", false],
    ["search", false],
    ["later", false],
  ]);
  const { body } = encode({ tools: [tool("later", true), tool("search")], ...request }, claude("claude-sonnet-4-20250514"));
  expect(JSON.stringify(body.messages)).toContain('"text":"Tool later loaded."');
});

test("a search by the provider is Claude's own; where there is none, everything is offered", () => {
  const search: Tool = { type: "hosted", path: "tools[1]", kind: "tool-search", name: "tool_search", settings: {} };
  const tools = [tool("later", true), search];
  expect(encode({ tools }, claude("claude-opus-5-5")).body["tools"]).toEqual([
    { name: "later", input_schema: { type: "object" }, defer_loading: true },
    { type: "tool_search_tool_bm25_20251119", name: "tool_search_tool_bm25" },
  ]);
  expect(encode({ tools }, claude("claude-sonnet-4-20250514"))).toMatchObject({ body: { tools: [{ name: "later" }] }, losses: [] });
});

test("what another vendor's search had found can be called", () => {
  const found: Content = { type: "hosted-tool-result", callId: "h", kind: "tool-search", text: "later\nother" };
  expect(declared(conversation(user, ["assistant", found], user)).at(-1)).toEqual(["later", false]);
});

test("rule 408: what the conversation brings comes last, in the order in which it came, however that was told", () => {
  const brought = (name: string, path: string): Tool => ({ ...tool(name, true), path });
  const tools = [tool("now"), brought("a", "input[1].tools[0]"), brought("b", "input[3].tools[0]")];
  const answered: Said = ["assistant", { type: "text", text: "Well." }];
  const told = conversation(user, ["system", added("b")], user, answered, ["system", added("a")], user);
  expect(declared({ tools, ...told })).toEqual([
    ["now", false],
    ["b", true],
    ["a", false],
  ]);
  // Whatever comes later: what first told of a tool decides.
  const again = conversation(user, ["system", added("b")], user, answered, ["system", added("a")], user, ["system", added("a", "b")], user);
  expect(declared({ tools, ...again })).toEqual(declared({ tools, ...told }));
});
