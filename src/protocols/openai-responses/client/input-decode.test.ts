import { describe, expect, test } from "vitest";
import { decodeItems, decodeResponses } from "../../../../test/support/responses-client.ts";
import type { ChatRequest } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";

const user = { role: "user", content: "hi" };
const said = (text: string): object => ({ type: "message", role: "assistant", content: [{ type: "output_text", text }] });
const call = (id: string): object => ({ type: "function_call", call_id: id, name: "f", arguments: "{}" });
const output = (id: string): object => ({ type: "function_call_output", call_id: id, output: "done" });
const roles = ({ turns }: ChatRequest): string[] => turns.map(({ role }) => role);
const kinds = ({ items }: ChatRequest): [string, number][] => items.map(({ type, turn }) => [type, turn]);

describe("turns", () => {
  test("rule 38: a string, a message without its type and a message are the same", () => {
    const forms = [
      decodeResponses({ input: "hi" }),
      decodeItems(user),
      decodeItems({ type: "message", ...user }),
      decodeItems({ type: "message", role: "user", content: [{ type: "input_text", text: "hi" }] }),
    ];
    for (const { items, turns, system } of forms) {
      expect(items).toMatchObject([{ type: "text", text: "hi", turn: 0 }]);
      expect({ turns, system }).toEqual({ turns: [{ role: "user" }], system: [] });
    }
    expect(forms[0]?.items[0]?.path).toBe("input");
    expect(forms[3]?.items[0]?.path).toBe("input[0].content[0]");
  });

  test("rule 39: what the model said in a row is one turn", () => {
    const request = decodeItems(
      user,
      { type: "reasoning", summary: [{ type: "summary_text", text: "why" }] },
      said("so"),
      call("a"),
      call("b"),
    );
    expect(roles(request)).toEqual(["user", "assistant"]);
    expect(kinds(request).slice(1)).toEqual([
      ["reasoning", 1],
      ["text", 1],
      ["tool-call", 1],
      ["tool-call", 1],
    ]);
  });

  test("rule 40: words behind a call stay in the turn of the call, and its result follows", () => {
    const request = decodeItems(user, call("a"), said("Running it."), output("a"));
    expect(roles(request)).toEqual(["user", "assistant", "user"]);
    expect(kinds(request).slice(1)).toEqual([
      ["tool-call", 1],
      ["text", 1],
      ["tool-result", 2],
    ]);
  });

  test("rule 399: a trigger at the end asks for a summary and is none of what was said; anywhere else nobody knows it", () => {
    const trigger = { type: "compaction_trigger" };
    expect(decodeItems(user, trigger)).toEqual({ ...decodeItems(user), compaction: true });
    const between = decodeItems(user, trigger, user);
    expect(between).not.toHaveProperty("compaction");
    expect(between.items[1]).toMatchObject({ type: "opaque", name: "compaction_trigger", turn: 1 });
    expect(roles(between)).toEqual(["user", "user", "user"]);
  });

  test("rule 406: what comes later changes no turn before it", () => {
    const conversation = [
      user,
      call("a"),
      call("b"),
      output("a"),
      output("b"),
      user,
      user,
      said("ok"),
      { role: "developer", content: "now" },
      user,
    ];
    const whole = decodeItems(...conversation);
    for (let length = 1; length < conversation.length; length += 1) {
      const { items, turns } = decodeItems(...conversation.slice(0, length));
      expect(whole.items.slice(0, items.length)).toEqual(items);
      expect(whole.turns.slice(0, turns.length)).toEqual(turns);
    }
    expect(roles(whole)).toEqual(["user", "assistant", "user", "user", "user", "assistant", "system", "user"]);
  });

  test("rule 16: instructions come first, then those that lead the items, whatever they are called", () => {
    const { system, items, turns } = decodeResponses({
      instructions: "one",
      input: [{ role: "system", content: "two" }, { role: "developer", content: "three" }, user, { role: "developer", content: "four" }],
    });
    expect(system).toMatchObject([
      { text: "one", turn: -1, path: "instructions" },
      { text: "two", turn: 0, native: { fields: { item: { role: "system" } } } },
      { text: "three", turn: 1 },
    ]);
    expect(items).toMatchObject([{ text: "hi" }, { text: "four", turn: 3 }]);
    expect(turns[3]?.role).toBe("system");
  });

  test("effort that changes on the way is its turn's", () => {
    const update = { type: "configuration_update", reasoning: { effort: "high" } };
    expect(decodeItems(user, update, user).turns).toEqual([{ role: "user" }, { role: "system", effort: "high" }, { role: "user" }]);
  });
});

describe("refusals, in OpenAI's words", () => {
  const fn = { type: "function_call", call_id: "a", name: "f", arguments: "{}" };
  const parts = (part: object): object => ({ input: [{ role: "user", content: [part] }] });
  test.each<[string, object, string, RegExp]>([
    ["no input", { input: undefined }, "input", /^Missing required parameter: 'input'\.$/],
    ["nothing in it", { input: [] }, "input", /^Invalid 'input'/],
    [
      "a number",
      { input: 3 },
      "input",
      /^Invalid type for 'input': expected one of a string or array of items, but got an integer instead\.$/,
    ],
    ["an item that is none", { input: ["hi"] }, "input[0]", /^Invalid type for 'input\[0\]'/],
    [
      "a role nobody has",
      { input: [{ role: "tool", content: "x" }] },
      "input[0].role",
      /Invalid value: 'tool'\. Supported values are: 'assistant'/,
    ],
    ["a message without content", { input: [{ role: "user" }] }, "input[0].content", /^Missing required parameter: 'input\[0\]\.content'/],
    [
      "a part of Chat's",
      parts({ type: "text", text: "x" }),
      "input[0].content[0].type",
      /Invalid value: 'text'\. Supported values are: 'input_text'/,
    ],
    ["a part of Messages'", parts({ type: "image", source: {} }), "input[0].content[0].type", /Invalid value: 'image'/],
    ["a part without its type", parts({ text: "x" }), "input[0].content[0].type", /^Missing required parameter/],
    ["a text that is none", parts({ type: "input_text", text: 1 }), "input[0].content[0].text", /^Invalid type/],
    ["a picture without address", parts({ type: "input_image" }), "input[0].content[0].image_url", /^Missing required parameter/],
    ["a call without id", { input: [{ ...fn, call_id: undefined }] }, "input[0].call_id", /^Missing required parameter/],
    ["a call without name", { input: [{ ...fn, name: undefined }] }, "input[0].name", /^Missing required parameter/],
    ["arguments that are no text", { input: [{ ...fn, arguments: {} }] }, "input[0].arguments", /^Invalid type/],
    ["an output without id", { input: [{ type: "function_call_output", output: "x" }] }, "input[0].call_id", /^Missing required parameter/],
    ["an output of a wrong type", { input: [{ ...output("a"), output: 3 }] }, "input[0].output", /^Invalid type/],
    [
      "tools that are missing",
      { input: [{ type: "additional_tools", role: "developer" }] },
      "input[0].tools",
      /^Missing required parameter/,
    ],
  ])("%s", (_name, fields, field, message) => {
    expect(() => decodeResponses(fields)).toThrow(
      expect.objectContaining({ kind: "invalid-request", detail: expect.objectContaining({ field }) }),
    );
    expect(() => decodeResponses(fields)).toThrow(message);
  });

  test.each([{ type: "item_reference", id: "msg_1" }, { id: "msg_1" }])("rule 433: an id that nobody knows is named: %j", (item) => {
    expect(() => decodeItems(user, item)).toThrow(
      expect.objectContaining({
        kind: "invalid-request",
        message: expect.stringContaining("Item with id 'msg_1' not found"),
        detail: expect.objectContaining({ field: "input[1]" }),
      }),
    );
  });
});

test("rule 416: what an answer's text brings back says nothing new", () => {
  const item = {
    type: "message",
    id: "msg_req01_0",
    status: "completed",
    role: "assistant",
    content: [{ type: "output_text", text: "so", annotations: [], logprobs: [] }],
    phase: "final_answer",
  };
  expect(decodeItems(user, item).items[1]).toEqual({
    type: "text",
    text: "so",
    turn: 1,
    path: "input[1].content[0]",
    native: { protocol: "openai-responses", fields: { item: { id: "msg_req01_0", status: "completed", phase: "final_answer" } } },
  });
});

test("rule 208: null is absent, in items and parts too", () => {
  const nulls = { id: null, status: null, phase: null, internal: null };
  const part = { type: "input_text", text: "hi", prompt_cache_breakpoint: null };
  const { items } = decodeItems(
    { type: "message", role: "user", content: [part], ...nulls },
    { ...call("a"), namespace: null, ...nulls },
    { ...output("a"), ...nulls },
  );
  for (const item of items) expect(item.native).toBeUndefined();
});

describe("content", () => {
  const first = (part: JsonObject) => decodeItems({ role: "user", content: [part] }).items[0];
  test.each<[string, JsonObject, object]>([
    [
      "rule 168: a picture in a data URL",
      { type: "input_image", image_url: "data:image/png;base64,AA==", detail: "high" },
      { kind: "image", mediaType: "image/png", source: { base64: "AA==" }, detail: "high" },
    ],
    [
      "rule 170: a picture by its address",
      { type: "input_image", image_url: "https://a.example/b" },
      { source: { url: "https://a.example/b" } },
    ],
    [
      "an address inside an object",
      { type: "input_image", image_url: { url: "https://a.example/b" } },
      { source: { url: "https://a.example/b" } },
    ],
    ["a picture that only OpenAI has", { type: "input_image", file_id: "file-1" }, { kind: "image", source: { fileId: "file-1" } }],
    [
      "rule 172: a file by its bytes",
      { type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,JVBERg==" },
      { kind: "document", title: "a.pdf", mediaType: "application/pdf", source: { base64: "JVBERg==" } },
    ],
    [
      "a file by its address",
      { type: "input_file", file_url: "https://a.example/a.pdf" },
      { kind: "document", source: { url: "https://a.example/a.pdf" } },
    ],
    ["a file that only OpenAI has", { type: "input_file", file_id: "file-2" }, { kind: "document", source: { fileId: "file-2" } }],
    ["rule 177: sound", { type: "input_audio", input_audio: { data: "AA==", format: "wav" } }, { kind: "audio", mediaType: "audio/wav" }],
  ])("%s", (_name, part, expected) => {
    expect(first(part)).toMatchObject({ type: "media", ...expected });
  });

  test("sources that a text names, with the words they support", () => {
    const annotation = { type: "url_citation", url: "https://a.example", title: "A", start_index: 0, end_index: 2 };
    const file = { type: "file_citation", file_id: "file-1", filename: "a.txt", index: 3 };
    const [item] = decodeItems({
      role: "assistant",
      content: [{ type: "output_text", text: "so", annotations: [annotation, file] }],
    }).items;
    expect(item).toMatchObject({
      citations: [
        { url: "https://a.example", title: "A", range: { start: 0, end: 2 } },
        { title: "a.txt", native: { fields: file } },
      ],
    });
  });

  test("a part nobody knows stays whole", () => {
    const part = { type: "input_hologram", data: 1 };
    expect(first(part)).toMatchObject({ type: "opaque", name: "input_hologram", native: { protocol: "openai-responses", fields: part } });
  });

  test("rules 427 and 428: a cache mark", () => {
    const mark = { prompt_cache_breakpoint: { mode: "explicit", ttl: "12h" } };
    expect(first({ type: "input_text", text: "a", ...mark })).toMatchObject({ cache: { ttl: "1h" }, native: { fields: mark } });
  });

  test("a refusal is one", () => {
    const [item] = decodeItems({ role: "assistant", content: [{ type: "refusal", refusal: "No." }] }).items;
    expect(item).toMatchObject({ type: "refusal", text: "No." });
  });
});
