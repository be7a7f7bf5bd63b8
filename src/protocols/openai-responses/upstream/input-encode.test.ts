/** Conversations as a Responses server is told them. */
import { describe, expect, test } from "vitest";
import { call, conversation, result, text, type Said } from "../../../../test/support/gemini.ts";
import { decodeItems, decodeResponses } from "../../../../test/support/responses-client.ts";
import { issuer, minted, send, type SendOptions } from "../../../../test/support/responses-upstream.ts";
import type { ChatRequest, Content, Item } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { wireCallId } from "./calls-encode.ts";

const user = (...content: (string | Content)[]): Said => ({
  role: "user",
  content: content.map((one) => (typeof one === "string" ? text(one) : one)),
});
const assistant = (...content: Content[]): Said => ({ role: "assistant", content });
const system = (words: string): Said => ({ role: "system", content: [text(words)] });
const sent = (turns: readonly Said[], options?: SendOptions) => send(conversation(turns), options);
const inputOf = (turns: readonly Said[], options?: SendOptions) => sent(turns, options).body.input;
const codes = ({ losses }: Pick<ReturnType<typeof send>, "losses">) => losses.map(({ code, severity }) => `${code} ${severity}`);
const PNG = "iVBORw0KGgo=";
const PDF = "JVBERi0xLjQ=";
const image: Content = { type: "media", kind: "image", mediaType: "image/png", source: { base64: PNG } };
const pdf: Content = { type: "media", kind: "document", mediaType: "application/pdf", source: { base64: PDF } };
const shown = { type: "input_image", image_url: `data:image/png;base64,${PNG}` };
const filed = { type: "input_file", filename: "document.pdf", file_data: `data:application/pdf;base64,${PDF}` };
const step = assistant(call("c1", "look"), call("c2", "read", '{"a":1.0}'));
const said = (words: string) => ({ type: "message", role: "assistant", content: [{ type: "output_text", text: words }] });
const output = (id: string, value: unknown) => ({ type: "function_call_output", call_id: id, output: value });

describe("instructions", () => {
  const leading = ["rules", "more"].map((words, i): Item => ({ type: "text", text: words, turn: -1, path: `system[${i}]` }));

  test("A.3.2: they are items before all others, never `instructions`, which no later request has to repeat", () => {
    const { body } = send(conversation([user("hi")], { system: leading }));
    expect(body).not.toHaveProperty("instructions");
    expect(body.input[0]).toEqual({
      type: "message",
      role: "developer",
      content: leading.map((item) => ({ type: "input_text", text: "text" in item ? item.text : "" })),
    });
    expect(send(conversation([user("hi")], { system: leading }), { dialect: null }).body.input[0]).toMatchObject({ role: "system" });
  });

  test("rule 416: those of a client of this protocol stay where it had them", () => {
    const { body } = send(
      decodeResponses({
        instructions: "rules",
        input: [
          { role: "developer", content: "more" },
          { role: "user", content: "hi" },
        ],
      }),
    );
    expect(body["instructions"]).toBe("rules");
    expect(body.input.map(({ role }) => role)).toEqual(["developer", "user"]);
  });

  test("rule 17: an operator's words in between keep their place, and are a user's where the model takes none", () => {
    const turns = [user("hi"), system("be brief"), user("well?")];
    expect(inputOf(turns)[1]).toEqual({ type: "message", role: "developer", content: "be brief" });
    const { body, losses } = sent(turns, { facts: { systemTurns: false } });
    expect(body.input[1]).toEqual({ type: "message", role: "user", content: "<system-reminder>\nbe brief\n</system-reminder>" });
    // What is no words has items of its own.
    const update = { type: "configuration_update", reasoning: { effort: "low" } };
    const tools = [{ type: "function", name: "later", parameters: { type: "object", properties: {} }, strict: false }];
    const late = { type: "additional_tools", role: "developer", tools };
    const { input } = send(decodeItems({ role: "user", content: "hi" }, update, late), { facts: { systemTurns: false } }).body;
    expect(input.slice(1)).toEqual([update, late]);
    expect(losses.map(({ code }) => code)).toEqual(["system-turn-as-user"]);
  });
});

describe("order", () => {
  test("each turn is a message of its own, so that later ones change none before (rule 4)", () => {
    expect(inputOf([user("a", "b"), user("c"), assistant(text("d"))])).toEqual([
      { type: "message", role: "user", content: ["a", "b"].map((words) => ({ type: "input_text", text: words })) },
      { type: "message", role: "user", content: "c" },
      said("d"),
    ]);
  });

  test("rules 18, 22, 24: results come right behind their calls, in the caller's order, then the rest", () => {
    const turns = [user("hi"), step, system("be brief"), user("also", result("c2", "2"), result("c1", "1"))];
    expect(inputOf(turns).slice(1)).toEqual([
      { type: "function_call", call_id: "c1", name: "look", arguments: "{}" },
      { type: "function_call", call_id: "c2", name: "read", arguments: '{"a":1.0}' },
      output("c2", "2"),
      output("c1", "1"),
      { type: "message", role: "developer", content: "be brief" },
      { type: "message", role: "user", content: "also" },
    ]);
  });

  test("rules 25, 89: a call that was never answered gets a result that says so", () => {
    const answered = sent([user("hi"), step, user(result("c2", "2"), "stop that")]);
    expect(answered.body.input.slice(3)).toEqual([
      output("c2", "2"),
      output("c1", "[tool error] no result"),
      { type: "message", role: "user", content: "stop that" },
    ]);
    expect(answered.losses).toEqual([{ code: "missing-tool-result", path: "messages[1].content[0]", severity: "info" }]);
    expect(inputOf([user("hi"), step]).slice(3)).toEqual([output("c1", "[tool error] no result"), output("c2", "[tool error] no result")]);
  });

  test("of typed tools it has the form of the tool", () => {
    const missing = (item: JsonObject) => send(decodeItems({ role: "user", content: "hi" }, item)).body.input.at(-1);
    const id = { call_id: "c" };
    expect(missing({ type: "custom_tool_call", ...id, name: "p", input: "x" })).toEqual({
      type: "custom_tool_call_output",
      ...id,
      output: "[tool error] no result",
    });
    expect(missing({ type: "shell_call", ...id, action: { commands: ["ls"] } })).toMatchObject({
      type: "shell_call_output",
      output: [{ stderr: "[tool error] no result", outcome: { type: "exit", exit_code: 1 } }],
    });
    expect(missing({ type: "apply_patch_call", ...id, operation: { type: "delete_file", path: "a" } })).toMatchObject({ status: "failed" });
  });

  test("rule 78: an output that tells itself that its tool failed says it in no words", () => {
    const patch = { type: "apply_patch_call", call_id: "c", operation: { type: "delete_file", path: "a" } };
    const failed = { type: "apply_patch_call_output", call_id: "c", status: "failed", output: "no such file" };
    expect(send(decodeItems({ role: "user", content: "hi" }, patch, failed)).body.input.at(-1)).toEqual(failed);
  });

  test("rule 26: a result without its call becomes words of the user", () => {
    const { body, losses } = sent([user("hi"), assistant(text("well")), user(result("gone", "late"))]);
    expect(body.input.at(-1)).toEqual({
      type: "message",
      role: "user",
      content: ["Result of the tool call gone:", "late"].map((words) => ({ type: "input_text", text: words })),
    });
    expect(losses.map(({ code }) => code)).toEqual(["orphan-tool-result"]);
  });

  test("rule 36: what has nothing left in it is left out; nothing at all is refused", () => {
    expect(inputOf([user("hi"), assistant(text("")), user("well?")])).toHaveLength(2);
    expect(() => sent([user("")])).toThrow("no content");
  });

  test("an answer that the caller began is told, and that it is not gone on with", () => {
    const { body, losses } = sent([user("hi"), assistant(text("I was"))]);
    expect(body.input.at(-1)).toEqual(said("I was"));
    expect(losses).toEqual([{ code: "prefill", path: "messages[1]", severity: "semantic" }]);
  });
});

describe("calls", () => {
  test("rule 49: an id that is too long keeps its beginning, and call and result still agree", () => {
    const id = "x".repeat(65);
    const [made, answered] = inputOf([user("hi"), assistant(call(id, "look")), user(result(id, "seen"))]).slice(1);
    expect(made?.["call_id"]).toMatch(/^x{47}_[0-9a-f]{16}$/);
    expect(answered?.["call_id"]).toBe(made?.["call_id"]);
    expect(wireCallId(id)).not.toBe(wireCallId(`${id}y`));
    expect(wireCallId("x".repeat(64))).toBe("x".repeat(64));
  });

  test("rule 51: ids that come again are told apart, each with its own result", () => {
    const turns = [user("hi"), assistant(call("c", "a")), user(result("c", "1")), assistant(call("c", "b")), user(result("c", "2"))];
    const [, first, one, second, two] = inputOf(turns);
    expect([one?.["call_id"], two?.["call_id"]]).toEqual([first?.["call_id"], second?.["call_id"]]);
    expect(second?.["call_id"]).not.toBe(first?.["call_id"]);
    expect([one?.["output"], two?.["output"]]).toEqual(["1", "2"]);
  });

  test("rule 66: free text is a call of its own kind, or one of a function with one string", () => {
    const patch: Content = { type: "tool-call", kind: "custom", id: "c", name: "patch", input: "*** Begin" };
    const tools: ChatRequest["tools"] = [{ type: "custom", name: "patch", path: "tools[0]" }];
    const told = (options?: SendOptions) =>
      send(conversation([user("hi"), assistant(patch), user(result("c", "ok"))], { tools }), options).body.input.slice(1);
    expect(told()).toEqual([
      { type: "custom_tool_call", call_id: "c", name: "patch", input: "*** Begin" },
      { type: "custom_tool_call_output", call_id: "c", output: "ok" },
    ]);
    expect(told({ dialect: null })).toEqual([
      { type: "function_call", call_id: "c", name: "patch", arguments: '{"input":"*** Begin"}' },
      output("c", "ok"),
    ]);
  });

  test("rules 56, 58: arguments go as they were written, and never empty", () => {
    const written = (input: string) => inputOf([user("hi"), assistant(call("c", "f", input))])[1]?.["arguments"];
    expect(['{"a":1.0}', "oops", ""].map(written)).toEqual(['{"a":1.0}', "oops", "{}"]);
  });
});

describe("results", () => {
  const answered = (content: string | readonly Content[], isError = false, options?: SendOptions) =>
    sent([user("hi"), assistant(call("c", "look")), user(result("c", content, isError))], options);
  const told = (...given: Parameters<typeof answered>) => answered(...given).body.input[2]?.["output"];

  test("rule 73: one text is a string, several are parts; rule 77: none says so", () => {
    expect(told("seen")).toBe("seen");
    expect(told([text("a"), text("b")])).toEqual([
      { type: "input_text", text: "a" },
      { type: "input_text", text: "b" },
    ]);
    expect(told([])).toBe("(no output)");
  });

  test("rules 75, 410, 411: pictures and files stand in the result itself", () => {
    expect(told([text("see"), image, pdf])).toEqual([{ type: "input_text", text: "see" }, shown, filed]);
    expect(told([image])).toEqual([shown]);
  });

  test("rule 74: where results hold text only, they follow it", () => {
    const { body } = answered([text("see"), image], false, { facts: { mediaInToolResults: false } });
    expect(body.input.slice(2)).toEqual([
      output("c", "see\n[image, attached below]"),
      { type: "message", role: "user", content: [{ type: "input_text", text: "Attached to the result of look (c):" }, shown] },
    ]);
  });

  test("rule 78: an error says so before its text", () => {
    expect(told("broken", true)).toBe("[tool error] broken");
    expect(told([], true)).toBe("[tool error] (no output)");
    expect(told([image], true)).toEqual([{ type: "input_text", text: "[tool error]" }, shown]);
    expect(told("broken", true, { facts: { mediaInToolResults: false } })).toBe("[tool error] broken");
  });
});

describe("content", () => {
  const parts = (...content: Content[]) => sent([user("hi", ...content)]).body.input[0]?.["content"] as readonly JsonObject[];

  test("rules 169, 172, 173: bytes, addresses, files", () => {
    const url: Content = { type: "media", kind: "image", source: { url: "https://a/b.png" }, detail: "low" };
    const far: Content = { type: "media", kind: "document", source: { url: "https://a/b.pdf" } };
    expect(parts(image, url, pdf, far).slice(1)).toEqual([
      shown,
      { type: "input_image", image_url: "https://a/b.png", detail: "low" },
      filed,
      { type: "input_file", file_url: "https://a/b.pdf" },
    ]);
    const { losses } = sent([user("hi", far)], { dialect: null });
    expect(losses.map(({ code, severity }) => `${code} ${severity}`)).toEqual(["media-type contract"]);
  });

  test("another vendor's file is not there", () => {
    const file: Content = {
      type: "media",
      kind: "image",
      source: { fileId: "file_1" },
      native: { protocol: "anthropic-messages", fields: {} },
    };
    expect(codes(sent([user("hi", file)]))).toEqual(["media-file-id contract"]);
    expect(parts({ ...file, native: { protocol: "openai-chat", fields: {} } })[1]).toEqual({ type: "input_image", file_id: "file_1" });
  });

  test("documents of text are text", () => {
    expect(parts({ type: "media", kind: "document", title: "Notes", source: { text: "a" } })[1]).toEqual({
      type: "input_text",
      text: "Notes\na",
    });
  });

  test("rules 93, 225: what another vendor ran itself is told in words", () => {
    const { body, losses } = sent([
      user("hi"),
      assistant(
        { type: "hosted-tool-call", id: "s", kind: "web-search", name: "web_search", input: '{"query":"a"}' },
        { type: "hosted-tool-result", callId: "s", kind: "web-search", text: "found", sources: [{ url: "https://a", title: "A" }] },
        text("So."),
      ),
    ]);
    expect(body.input[1]?.["content"]).toEqual([
      { type: "output_text", text: '[web_search] {"query":"a"}' },
      { type: "output_text", text: "[web-search result]\nfound\nA: https://a" },
      { type: "output_text", text: "So." },
    ]);
    expect(losses.map(({ code }) => code)).toEqual(["hosted-tool-history", "hosted-tool-history", "prefill"]);
  });

  test("a refusal is one of the model's, and text of anyone else's", () => {
    const no: Content = { type: "refusal", text: "no" };
    expect(inputOf([user("hi"), assistant(no)])[1]?.["content"]).toEqual([{ type: "refusal", refusal: "no" }]);
    expect(parts(no)[1]).toEqual({ type: "input_text", text: "no" });
  });

  test("pictures that a model made are shown by the user's next turn", () => {
    const { body, losses } = sent([user("draw"), assistant(image, text("There.")), user("bigger")]);
    expect(body.input.slice(1)).toEqual([
      said("There."),
      { type: "message", role: "user", content: [shown, { type: "input_text", text: "bigger" }] },
    ]);
    expect(losses.map(({ code }) => code)).toEqual(["media-moved"]);
  });

  test("sources that the model named stand at its text", () => {
    const cited: Content = {
      type: "text",
      text: "So.",
      citations: [{ url: "https://a", title: "A", range: { start: 0, end: 3 } }, { url: "https://b" }],
    };
    const { body, losses } = sent([user("hi"), assistant(cited), user("and?")]);
    expect(body.input[1]?.["content"]).toMatchObject([
      { annotations: [{ type: "url_citation", url: "https://a", title: "A", start_index: 0, end_index: 3 }] },
    ]);
    expect(losses.map(({ code }) => code)).toEqual(["citations"]);
  });

  test("items that nobody else has go back as they came", () => {
    const items = [
      { role: "user", content: "hi" },
      { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", query: "a" } },
      { type: "something_new", id: "x", value: [1] },
      { type: "compaction", id: "cmp_1", encrypted_content: "gAAAA" },
      { role: "user", content: "and?" },
    ];
    const { body, losses } = send(decodeItems(...items));
    expect(body.input.slice(1, 3)).toEqual(items.slice(1, 3));
    expect(losses.map(({ severity }) => severity)).not.toContain("contract");
  });
});

describe("reasoning", () => {
  const item = { id: "rs_1", summary: ["a", "b"], encrypted: "gAAAA" };
  const thought = (state = minted(item)): Content => ({ type: "reasoning", text: "a\n\nb", state });
  const written = {
    type: "reasoning",
    summary: ["a", "b"].map((words) => ({ type: "summary_text", text: words })),
    encrypted_content: "gAAAA",
  };

  test("rules 131–133: it goes back whole, right before what it led to", () => {
    const { body, losses } = sent([user("hi"), assistant(thought(), call("c", "f")), user(result("c", "1"))]);
    expect(body.input.slice(1, 3)).toEqual([written, { type: "function_call", call_id: "c", name: "f", arguments: "{}" }]);
    expect(losses).toEqual([]);
    expect(inputOf([user("hi"), assistant(thought(), text("So.")), user("and?")]).slice(1, 3)).toEqual([written, said("So.")]);
  });

  test("with its id only where that is wanted: with one, OpenAI wants that of what stands behind it", () => {
    const [, first] = inputOf([user("hi"), assistant(thought(), text("So."))], { dialect: { reasoningIds: true } });
    expect(first).toMatchObject({ type: "reasoning", id: "rs_1" });
  });

  test.each<[string, Content]>([
    ["another vendor's", thought({ issuer: { platform: "anthropic" }, kind: "thinking", value: "EqQB" })],
    ["another account's", thought({ ...minted(item), issuer: { ...issuer, account: "b" } })],
    ["one without proof", { type: "reasoning", text: "a" }],
    [
      "one that is hidden",
      { type: "reasoning", text: "", state: { issuer: { platform: "anthropic" }, kind: "redacted-thinking", value: "x" } },
    ],
    ["one without encrypted content", thought(minted({ summary: [], content: ["a\n\nb"] }))],
  ])("rules 131, 134: %s is left out", (_name, content) => {
    const { body, losses } = sent([user("hi"), assistant(content, text("So.")), user("and?")]);
    expect(body.input.slice(1, 2)).toEqual([said("So.")]);
    expect(codes({ losses })).toEqual(["foreign-reasoning info"]);
  });

  test("plain reasoning goes back to servers that read it", () => {
    const content = thought(minted({ id: "rs_1", summary: [], content: ["a", "b"] }));
    const [, first] = inputOf([user("hi"), assistant(content, text("So."))], { dialect: { reasoningText: true } });
    expect(first).toEqual({
      type: "reasoning",
      summary: [],
      content: ["a", "b"].map((words) => ({ type: "reasoning_text", text: words })),
    });
  });

  test("rule 135: reasoning that led to nothing is left out, wherever it stands", () => {
    const last = sent([user("hi"), assistant(text("So."), thought()), user("and?")]);
    expect(last.body.input.map(({ type }) => type)).toEqual(["message", "message", "message"]);
    expect(codes(last)).toEqual(["unpaired-reasoning info"]);
    expect(sent([user("hi"), assistant(thought())]).body.input).toHaveLength(1);
  });

  test("rules 92, 134: without it, what it led to loses the id that would ask for it, and others keep theirs", () => {
    const reasoning = { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "a" }] };
    const message = { type: "message", id: "msg_1", role: "assistant", content: [{ type: "output_text", text: "So." }] };
    const chat = (second: object) => decodeItems({ role: "user", content: "hi" }, second, message, { role: "user", content: "and?" });
    expect(send(chat(reasoning)).body.input[1]).not.toHaveProperty("id");
    expect(send(chat({ type: "item_without_meaning" })).body.input[2]).toHaveProperty("id", "msg_1");
  });
});
