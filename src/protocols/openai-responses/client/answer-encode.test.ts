import { describe, expect, test } from "vitest";
import {
  decodeItems,
  encodeResponsesStream,
  eventsOf,
  finalResponse,
  outputOf,
  responsesContext,
  responsesStreamOf,
} from "../../../../test/support/responses-client.ts";
import type { ChatResponse, Citation, Content, HostedToolKind } from "../../../chat/chat.ts";
import { replay } from "../../../chat/collect.ts";
import type { JsonObject } from "../../../chat/json.ts";
import type { OpaqueState } from "../../../chat/state.ts";
import { responsesGrammar } from "../../../conformance/clients/responses-grammar.ts";

const answer = (...items: readonly Content[]): ChatResponse => ({ items, finish: { reason: "stop" } });
const text = (words: string, citations: readonly Citation[] = []): Content => ({
  type: "text",
  text: words,
  ...(citations.length > 0 && { citations }),
});
const call = (name: string, input: object | string): Content => ({
  type: "tool-call",
  kind: "function",
  id: `call_${name}`,
  name,
  input: typeof input === "string" ? input : JSON.stringify(input),
});
const ran = (kind: HostedToolKind, name: string, input: object, more: object = {}): Content[] => [
  { type: "hosted-tool-call", id: `h_${name}`, kind, name, input: JSON.stringify(input) },
  { type: "hosted-tool-result", callId: `h_${name}`, kind, text: "", ...more },
];

/** The items that a client gets, which the grammar of its stream allows, and the names of its events. */
function told(response: ChatResponse, fields: object = {}): { output: JsonObject[]; events: string[]; losses: readonly object[] } {
  const context = responsesContext(fields);
  const stream = responsesStreamOf(response, context);
  expect(responsesGrammar(stream)).toEqual([]);
  const events = eventsOf(stream).map(({ type }) => type.replace("response.", ""));
  return { output: outputOf(finalResponse(stream)), events, losses: context.losses.losses };
}

/** The parts of all messages. */
const partsOf = (output: readonly JsonObject[]): JsonObject[] => output.flatMap(({ content }) => (content ?? []) as JsonObject[]);

/** Output as a client says it again, and the request it then makes. */
const replayed = (output: readonly JsonObject[], fields: JsonObject[] = []): Content[] =>
  decodeItems(...fields, { role: "user", content: "hi" }, ...output).items.slice(1);

describe("texts", () => {
  test("what follows each other is one message of several parts, what stands behind a call another message", () => {
    const { output } = told(answer(text("One. "), text("Two."), call("f", {}), text("Three.")));
    expect(output).toMatchObject([
      { type: "message", content: [{ text: "One. " }, { text: "Two." }] },
      { type: "function_call" },
      { type: "message", content: [{ text: "Three." }] },
    ]);
  });

  test("rule 224: sources stand at the words they support, and where nobody knows which those are at all of them", () => {
    const sources: Citation[] = [{ url: "https://a.example", title: "A", range: { start: 0, end: 4 } }, { url: "https://b.example" }];
    const { output, events } = told(answer(text("Sure thing.", sources)));
    expect(partsOf(output)[0]?.["annotations"]).toEqual([
      { type: "url_citation", url: "https://a.example", title: "A", start_index: 0, end_index: 4 },
      { type: "url_citation", url: "https://b.example", title: "https://b.example", start_index: 0, end_index: 11 },
    ]);
    expect(events.filter((name) => name === "output_text.annotation.added")).toHaveLength(2);
    expect(events.indexOf("output_text.annotation.added")).toBeGreaterThan(events.indexOf("output_text.delta"));
    const { losses } = told(answer(text("Sure.", [{ title: "A book" }])));
    expect(losses).toMatchObject([{ code: "answer-content", path: "answer.citations" }]);
  });

  test("how likely the tokens were stands in the text they make", () => {
    const token = (word: string): object => ({ token: word, logprob: -0.5, alternatives: [] });
    const logprobs = ["One.", "T", "wo."].map(token);
    const finish = { reason: "stop", logprobs } as unknown as ChatResponse["finish"];
    const { output } = told({ items: [text("One."), text("Two.")], finish }, { include: ["message.output_text.logprobs"] });
    expect(partsOf(output)[1]).toMatchObject({ logprobs: [{ token: "T" }, { token: "wo." }] });
  });

  test("a model's phase of the same protocol is told again", () => {
    const phased: Content = {
      ...text("so"),
      native: { protocol: "openai-responses", fields: { item: { id: "msg_0", phase: "commentary" } } },
    };
    expect(told(answer(phased)).output).toMatchObject([{ id: "msg_req01_0", phase: "commentary" }]);
  });
});

describe("calls", () => {
  test("rules 66 and 289: free text streams as it is, arguments of nothing are an object", () => {
    const custom: Content = { type: "tool-call", kind: "custom", id: "c", name: "patch", input: "*** Begin\n" };
    const { output, events } = told(answer(custom, call("f", "")), { tools: [{ type: "custom", name: "patch" }] });
    expect(output).toMatchObject([
      { type: "custom_tool_call", call_id: "c", name: "patch", input: "*** Begin\n", status: "completed" },
      { type: "function_call", arguments: "{}" },
    ]);
    expect(events).toEqual(expect.arrayContaining(["custom_tool_call_input.delta", "custom_tool_call_input.done"]));
  });

  test("rule 68: the name of a namespaced tool is two again", () => {
    const tools = [{ type: "namespace", name: "mcp__a", tools: [{ type: "function", name: "y", parameters: {} }] }];
    expect(told(answer(call("mcp__a__y", {})), { tools }).output).toMatchObject([{ name: "y", namespace: "mcp__a" }]);
    expect(told(answer(call("mcp__b__y", {})), { tools }).output[0]).not.toHaveProperty("namespace");
  });

  test.each<[string, object, object | string, object]>([
    ["local_shell", {}, { command: ["ls", "-l"] }, { type: "local_shell_call", action: { type: "exec", command: ["ls", "-l"], env: {} } }],
    ["local_shell", {}, { command: "ls" }, { action: { command: ["bash", "-lc", "ls"] } }],
    ["local_shell", {}, '{"command":["sleep",1.0]}', { action: { command: ["sleep", "1.0"] } }],
    [
      "shell",
      { environment: { type: "local" } },
      { commands: ["ls"], timeout_ms: 5 },
      { type: "shell_call", action: { commands: ["ls"], timeout_ms: 5 } },
    ],
    [
      "apply_patch",
      {},
      { type: "create_file", path: "a", diff: "+a" },
      { type: "apply_patch_call", operation: { type: "create_file", path: "a", diff: "+a" } },
    ],
    ["tool_search", { execution: "client" }, { query: "q" }, { type: "tool_search_call", execution: "client", arguments: { query: "q" } }],
  ])("rules 90 and 417: a call of %s %j is an item of its own: %j", (type, settings, input, item) => {
    const tools = [{ type, ...settings }];
    const { output } = told(answer(call(type, input)), { tools });
    expect(output).toMatchObject([{ call_id: `call_${type}`, status: "completed", ...item }]);
    expect(replayed(output)[0]).toMatchObject({ type: "tool-call", kind: "function", id: `call_${type}`, name: type });
  });

  test.each(['{"command":["ls"]}', '{"timeout_ms":5,"command":["ls"],"user":"a"}', '{"env":{"A":"b"},"command":["ls"]}'])(
    "rule 90: a model sees its call of a shell again as it made it: %s",
    (input) => {
      const tools = [{ type: "local_shell" }];
      const { output } = told(answer(call("local_shell", input)), { tools });
      expect(replayed(output)[0]).toMatchObject({ input });
    },
  );

  test("rule 88: an input that is none of the tool's does nothing", () => {
    const { output } = told(answer(call("apply_patch", '{"type":"create_fi')), { tools: [{ type: "apply_patch" }] });
    expect(output).toMatchObject([
      { type: "apply_patch_call", status: "incomplete", operation: { type: "update_file", path: "", diff: "" } },
    ]);
  });
});

describe("what the provider did itself", () => {
  test("rules 221 and 225: a search with what it found", () => {
    const found = { text: "…", sources: [{ url: "https://a.example", title: "A" }] };
    const { output, events } = told(answer(...ran("web-search", "web_search", { query: "q" }, found), text("So.")));
    expect(output).toMatchObject([
      {
        type: "web_search_call",
        id: "ws_req01_0",
        status: "completed",
        action: { type: "search", query: "q", queries: ["q"], sources: [{ type: "url", url: "https://a.example" }] },
      },
      { type: "message" },
    ]);
    expect(events.filter((name) => name.startsWith("web_search_call"))).toEqual([
      "web_search_call.in_progress",
      "web_search_call.searching",
      "web_search_call.completed",
    ]);
  });

  test("a page that was read, and code that ran", () => {
    const { output } = told(
      answer(
        ...ran("web-fetch", "web_fetch", { url: "https://a.example" }),
        ...ran("code-execution", "code_execution", { code: "print(1)" }, { text: "1\n" }),
      ),
    );
    expect(output).toMatchObject([
      { type: "web_search_call", action: { type: "open_page", url: "https://a.example" } },
      { type: "code_interpreter_call", code: "print(1)", container_id: "cntr_req01_1", outputs: [{ type: "logs", logs: "1\n" }] },
    ]);
    expect(replayed(output)).toMatchObject([
      { type: "hosted-tool-call", kind: "web-fetch" },
      { type: "hosted-tool-result" },
      { type: "hosted-tool-call", kind: "code-execution" },
      { type: "hosted-tool-result", text: "1\n" },
    ]);
  });

  test("tools that were searched for, as the request declared them", () => {
    const tools = [{ type: "function", name: "f", parameters: { type: "object" }, defer_loading: true }, { type: "tool_search" }];
    const { output } = told(answer(...ran("tool-search", "tool_search", { query: "q" }, { text: "f\ngone" }), call("f", {})), { tools });
    expect(output).toMatchObject([
      { type: "tool_search_call", execution: "server", call_id: null, arguments: { query: "q" } },
      { type: "tool_search_output", execution: "server", call_id: null, tools: [{ type: "function", name: "f" }] },
      { type: "function_call", name: "f" },
    ]);
  });

  test("a call that nothing came of is done with the answer; one of a kind that nobody knows here is a loss", () => {
    const [asked] = ran("web-search", "web_search", { query: "q" });
    expect(told(answer(asked as Content)).output).toMatchObject([{ type: "web_search_call", status: "completed" }]);
    // Nor do several under one id leave one open.
    const searches = told(answer(asked as Content, asked as Content, ...ran("web-search", "web_search", { query: "q" })));
    expect(searches.output.map(({ status }) => status)).toEqual(["completed", "completed", "completed"]);
    expect(told(answer(...ran("other", "memory", {}))).losses).toMatchObject([{ code: "hosted-tool-call", severity: "semantic" }]);
  });

  test("a picture, and media that an answer here cannot hold", () => {
    const picture: Content = { type: "media", kind: "image", mediaType: "image/png", source: { base64: "AA==" } };
    const sound: Content = { type: "media", kind: "audio", mediaType: "audio/wav", source: { base64: "AA==" } };
    const { output, losses } = told(answer(picture, sound));
    expect(output).toMatchObject([
      { type: "image_generation_call", status: "completed", result: "AA==", output_format: "png" },
      { type: "message", content: [{ text: expect.stringContaining("audio/wav") as string }] },
    ]);
    expect(losses).toMatchObject([{ code: "media-output" }]);
  });

  test("a compaction goes back to who made it, or in its words to anyone", () => {
    const state: OpaqueState = { issuer: { platform: "anthropic" }, kind: "compaction", value: "c" };
    const { output } = told(answer({ type: "compaction", text: "So far.", state }, { type: "compaction", text: "Again." }));
    expect(output).toMatchObject([{ type: "compaction", id: "cmp_req01_0" }, { type: "compaction" }]);
    expect(replayed(output)).toMatchObject([
      { type: "compaction", text: "So far.", state },
      { type: "compaction", text: "Again." },
    ]);
  });

  test("an item of this very protocol comes as it was", () => {
    const item = { type: "mcp_list_tools", id: "mcpl_1", server_label: "s", tools: [] };
    const opaque: Content = { type: "opaque", name: "mcp_list_tools", native: { protocol: "openai-responses", fields: item } };
    const search = { type: "web_search_call", id: "ws_9", status: "completed", action: { type: "search", query: "q" } };
    const hosted: Content = {
      type: "hosted-tool-call",
      id: "ws_9",
      kind: "web-search",
      name: "web_search",
      input: "{}",
      native: { protocol: "openai-responses", fields: { item: search } },
    };
    expect(told(answer(opaque, hosted)).output).toEqual([item, search]);
    const foreign: Content = { type: "opaque", name: "thing", native: { protocol: "gemini", fields: { thing: 1 } } };
    const { output, losses } = told(answer(foreign));
    expect(output).toEqual([]);
    expect(losses).toMatchObject([{ code: "answer-content", path: "answer.thing" }]);
  });
});

test("rule 61: a search that goes on while the model speaks is done when it has found something", () => {
  const [asked, found] = ran("web-search", "web_search", { query: "q" }, { sources: [{ url: "https://a.example" }] });
  const sequence = replay(answer(asked as Content, text("I am looking."), found as Content));
  const stream = encodeResponsesStream(sequence);
  expect(responsesGrammar(stream)).toEqual([]);
  expect(outputOf(finalResponse(stream))).toMatchObject([
    { type: "web_search_call", action: { sources: [{ url: "https://a.example" }] } },
    { type: "message", content: [{ text: "I am looking." }] },
  ]);
});
