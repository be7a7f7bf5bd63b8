/** The items of an answer that are no messages: calls, reasoning, and what the provider ran. */
import { describe, expect, test } from "vitest";
import { conversation, text } from "../../../../test/support/gemini.ts";
import {
  added,
  completed,
  created,
  done,
  event,
  fold,
  functionCall,
  issuer,
  message,
  textDelta,
  textsOf,
} from "../../../../test/support/responses-upstream.ts";
import type { ChatRequest, Tool } from "../../../chat/chat.ts";
import type { DecodeContext } from "../../protocol.ts";
import { unpackReasoning } from "../reasoning-state.ts";

const asked = (more: Partial<ChatRequest>): DecodeContext => ({
  issuer,
  request: conversation([{ role: "user", content: [text("hi")] }], more),
});
const args = (piece: string, index = 0) => event("function_call_arguments.delta", index, { delta: piece });
const summary = (words: string, part = 0, index = 0) => event("reasoning_summary_text.delta", index, { summary_index: part, delta: words });
const reasoning = (parts: readonly string[], encrypted?: string) => ({
  type: "reasoning",
  id: "rs_1",
  summary: parts.map((words) => ({ type: "summary_text", text: words })),
  ...(encrypted !== undefined && { encrypted_content: encrypted }),
});

describe("calls", () => {
  const begun = added(0, functionCall("c", "f", ""));

  test("arguments stream, and are told once, to the byte (rule 58)", () => {
    const whole = functionCall("c", "f", '{"a": 1.0}');
    const ended = event("function_call_arguments.done", 0, { arguments: '{"a": 1.0}' });
    for (const stream of [
      [begun, args('{"a"'), args(": 1.0}"), ended, done(0, whole)],
      [begun, ended],
      [begun, args('{"a"'), done(0, whole)],
      [args('{"a": '), args("1.0}"), done(0, whole)],
      [done(0, whole)],
      [],
    ]) {
      const { items } = fold([created, ...stream, completed([whole])]);
      expect(items).toMatchObject([{ type: "tool-call", kind: "function", id: "c", name: "f", input: '{"a": 1.0}' }]);
    }
  });

  test("a call without an id is given one that depends on its place only (rules 5, 59)", () => {
    const idOf = (context: DecodeContext) => {
      const { items } = fold([done(0, { type: "function_call", name: "f", arguments: "{}" }), completed()], context);
      return items[0]?.type === "tool-call" ? items[0].id : "";
    };
    expect(idOf(asked({}))).toMatch(/^call_[0-9a-f]{24}$/);
    expect(idOf(asked({}))).toBe(idOf(asked({})));
    expect(idOf(asked({}))).not.toBe(idOf({ issuer }));
  });

  test("free text streams as it is", () => {
    const call = { type: "custom_tool_call", id: "ctc_1", call_id: "c", name: "patch", input: "" };
    const stream = [added(0, call), event("custom_tool_call_input.delta", 0, { delta: "*** " }), done(0, { ...call, input: "*** Begin" })];
    expect(fold([created, ...stream, completed()]).items).toMatchObject([{ kind: "custom", id: "c", input: "*** Begin" }]);
  });

  test("rules 66, 67: free text that was declared as a function is taken out of its arguments", () => {
    const tools: Tool[] = [{ type: "custom", name: "f", path: "tools[0]" }];
    const stream = [begun, args('{"input":"a\\n'), args('b"}'), done(0, functionCall("c", "f", '{"input":"a\\nb"}')), completed()];
    expect(fold(stream, asked({ tools })).items).toMatchObject([{ type: "tool-call", kind: "custom", input: "a\nb" }]);
  });

  test("rules 68, 72: a tool has the caller's name again", () => {
    const named = (name: string) => {
      const namespace = { name: "mail", tool: "send", description: "" };
      return { type: "function", name, path: "tools[0]", inputSchema: {}, ...(name === "mail__send" && { namespace }) } as const;
    };
    const tools = [named("mail__send"), named("mcp.server/x")];
    const call = (name: string, more: object = {}) => done(0, functionCall("c", name, "{}", more));
    const nameOf = (given: object) => fold([given, completed()], asked({ tools })).items[0];
    expect(nameOf(call("send", { namespace: "mail" }))).toMatchObject({ name: "mail__send" });
    expect(nameOf(call("mcp_server_x"))).toMatchObject({ name: expect.stringMatching(/^mcp/) as string });
    expect(nameOf(call("new", { namespace: "mail" }))).toMatchObject({ name: "mail__new" });
  });

  test.each([
    ["local_shell_call", { action: { type: "exec", command: ["ls"] } }, "local_shell", { command: ["ls"] }],
    ["shell_call", { action: { commands: ["ls"] } }, "shell", { commands: ["ls"] }],
    ["apply_patch_call", { operation: { type: "delete_file", path: "a" } }, "apply_patch", { type: "delete_file", path: "a" }],
    ["computer_call", { actions: [{ type: "click" }] }, "computer", [{ type: "click" }]],
    ["computer_call", { action: { type: "click" } }, "computer", { type: "click" }],
    ["tool_search_call", { execution: "client", arguments: { goal: "a" } }, "tool_search", { goal: "a" }],
  ])("the client runs %s: what it is to do is the input (rule 90)", (type, what, name, input) => {
    const item = { type, id: "x_1", call_id: "c", status: "completed", ...what };
    const { items, finish } = fold([created, added(0, { ...item, status: "in_progress" }), done(0, item), completed([item])]);
    expect(items).toMatchObject([{ type: "tool-call", id: "c", name, input: JSON.stringify(input) }]);
    expect(finish.reason).toBe("tool-calls");
  });

  test("two at once, closed in whatever order", () => {
    const calls = [functionCall("a", "f", '{"n":1}'), functionCall("b", "g", '{"n":2}')];
    const stream = [added(0, functionCall("a", "f", "")), added(1, functionCall("b", "g", "")), args('{"n":2}', 1), args('{"n":1}', 0)];
    const { items } = fold([created, ...stream, done(1, calls[1] ?? {}), done(0, calls[0] ?? {}), completed(calls)]);
    expect(items).toMatchObject([
      { name: "f", input: '{"n":1}' },
      { name: "g", input: '{"n":2}' },
    ]);
  });
});

describe("reasoning", () => {
  const stateOf = ({ items }: ReturnType<typeof fold>) => {
    const [item] = items;
    return item?.type === "reasoning" && item.state ? unpackReasoning(item.state, item.text) : undefined;
  };

  test("rules 136, 161: its summary streams, and what proves it is what stands at its end", () => {
    const whole = reasoning(["a", "b"], "final");
    const answer = fold([
      created,
      added(0, reasoning([], "provisional")),
      summary("a", 0),
      event("reasoning_summary_text.done", 0, { summary_index: 0, text: "a" }),
      event("reasoning_summary_part.done", 0, { summary_index: 0, part: { type: "summary_text", text: "a" } }),
      summary("b", 1),
      done(0, whole),
      done(1, message("So.")),
      completed([reasoning(["a", "b"], "another"), message("So.")]),
    ]);
    expect(textsOf(answer)).toEqual(["a\n\nb", "So."]);
    expect(stateOf(answer)).toEqual({ id: "rs_1", summary: ["a", "b"], encrypted: "final" });
  });

  test("parts may begin to count anywhere, and end in whatever order", () => {
    const ended = (words: string, part: number) => event("reasoning_summary_text.done", 0, { summary_index: part, text: words });
    const whole = done(0, reasoning(["first", "b"], "sealed"));
    for (const first of [0, 1, 1e9]) {
      const stream = [summary("first", first), summary("b", first + 1), ended("first", first), ended("b", first + 1), whole, completed()];
      expect(textsOf(fold(stream))).toEqual(["first\n\nb"]);
    }
    const parts = [summary("first", 7), summary("b", 9), ended("first", 7), ended("b", 9), whole, completed()];
    expect(textsOf(fold(parts))).toEqual(["first\n\nb"]);
    expect(stateOf(fold(parts))).toMatchObject({ summary: ["first", "b"] });
  });

  test("an item is what it is in the end, whatever its events look like", () => {
    const whole = { ...reasoning([]), content: [{ type: "reasoning_text", text: "hm" }] };
    const part = event("content_part.added", 0, { content_index: 0, part: { type: "reasoning_text", text: "" } });
    const { items } = fold([
      created,
      part,
      event("reasoning_text.delta", 0, { content_index: 0, delta: "hm" }),
      done(0, whole),
      completed(),
    ]);
    expect(items).toMatchObject([{ type: "reasoning", text: "hm" }]);
    const { type: _type, ...untyped } = message("Hi") as { type: string };
    expect(textsOf(fold([created, added(0, message("", { content: [] })), done(0, untyped), completed()]))).toEqual(["Hi"]);
  });

  test("nothing shown is state alone, and nothing to prove either is nothing", () => {
    const hidden = fold([done(0, reasoning([], "sealed")), completed()]);
    expect(hidden.items).toMatchObject([{ type: "reasoning", text: "", state: { kind: "encrypted-reasoning", issuer } }]);
    expect(fold([added(0, reasoning([])), done(0, reasoning([])), completed([reasoning([])])]).items).toEqual([]);
  });

  test("rule 160: what is thought word for word is shown where there is no summary; rule 312: never both", () => {
    const content = [{ type: "reasoning_text", text: "hm" }];
    const word = event("reasoning_text.delta", 0, { content_index: 0, delta: "hm" });
    expect(textsOf(fold([word, done(0, { ...reasoning([]), content }), completed()]))).toEqual(["hm"]);
    const both = fold([summary("a"), word, done(0, { ...reasoning(["a"]), content }), completed()]);
    expect(textsOf(both)).toEqual(["a"]);
    expect(stateOf(both)).toMatchObject({ summary: ["a"], content: ["hm"] });
  });

  test("oddity 31: it keeps its place before what it led to, though it ends behind that", () => {
    const stream = [added(0, reasoning([])), added(1, message("", { content: [] })), textDelta("So.", 1), done(1, message("So."))];
    const answer = fold([created, ...stream, done(0, reasoning([], "sealed")), completed()]);
    expect(answer.items.map(({ type }) => type)).toEqual(["reasoning", "text"]);
    expect(stateOf(answer)).toMatchObject({ encrypted: "sealed" });
  });
});

describe("what the provider ran", () => {
  test("rules 93, 225: a search with its sources, counted", () => {
    const item = {
      type: "web_search_call",
      id: "ws_1",
      status: "completed",
      action: { type: "search", query: "a", sources: [{ type: "url", url: "https://a" }] },
    };
    const searching = ["in_progress", "searching", "completed"].map((state) => event(`web_search_call.${state}`, 0, { item_id: "ws_1" }));
    const { items, usage } = fold([created, added(0, { ...item, status: "in_progress" }), ...searching, done(0, item), completed([item])]);
    expect(items).toMatchObject([
      { type: "hosted-tool-call", id: "ws_1", kind: "web-search", native: { fields: { item } } },
      { type: "hosted-tool-result", callId: "ws_1", sources: [{ url: "https://a" }] },
    ]);
    expect(usage).toMatchObject({ webSearches: 1 });
  });

  test("code with what it printed and drew", () => {
    const item = {
      type: "code_interpreter_call",
      id: "ci_1",
      code: "1+1",
      outputs: [
        { type: "logs", logs: "2" },
        { type: "image", url: "data:image/png;base64,AA==" },
      ],
    };
    expect(fold([done(0, item), completed()]).items).toMatchObject([
      { type: "hosted-tool-call", kind: "code-execution" },
      { type: "hosted-tool-result", text: expect.stringContaining("2") as string },
      { type: "media", kind: "image", source: { base64: "AA==" } },
    ]);
  });

  test("a picture is one", () => {
    const item = { type: "image_generation_call", id: "ig_1", status: "completed", output_format: "webp", result: "AA==" };
    expect(fold([done(0, item), completed()]).items).toMatchObject([
      { type: "media", mediaType: "image/webp", source: { base64: "AA==" } },
    ]);
  });

  test("oddity 35: what nobody else has an item for stays whole, and history that only the server reads is state", () => {
    const odd = { type: "mcp_list_tools", id: "x", tools: [] };
    const answer = fold([done(0, odd), done(1, { type: "compaction", id: "cmp_1", encrypted_content: "sealed" }), completed()]);
    expect(answer.items).toMatchObject([
      { type: "opaque", name: "mcp_list_tools", native: { fields: odd } },
      { type: "compaction", state: { issuer, value: "sealed" } },
    ]);
  });
});
