import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../chat/json.ts";
import type { KeptAnswer, KeptItem, StoredQuestion } from "../../stateful.ts";
import { storedRoute } from "./stored-routes.ts";
import { stateful } from "./stored.ts";

const question = (query = "", body?: unknown): StoredQuestion => ({
  query: new URLSearchParams(query),
  body: Buffer.from(body === undefined ? "" : JSON.stringify(body)),
});
let count = 0;
const newId = (): string => `new${(count += 1)}`;

const ANSWER = {
  id: "resp_1",
  object: "response",
  status: "completed",
  output: [
    { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "proof" },
    {
      type: "message",
      id: "msg_1",
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text: "Hi", annotations: [] }],
    },
    { type: "function_call", call_id: "c", name: "f", arguments: "{}" },
  ],
  store: true,
  usage: { input_tokens: 3 },
} as const satisfies JsonObject;

function kept(answer: JsonObject, showsState = false): KeptAnswer {
  const read = stateful.readAnswer(answer, showsState, newId);
  if (!read) throw new Error("not kept");
  return read;
}

describe("answers", () => {
  test("rule 397: are told again as they were told, byte for byte", () => {
    expect(JSON.stringify(stateful.encodeAnswer(kept(ANSWER, true), question()))).toBe(JSON.stringify(ANSWER));
  });

  test("show the state of their reasoning to who asked for it, then or now", () => {
    const withoutState = { ...ANSWER, output: [{ type: "reasoning", id: "rs_1", summary: [] }, ANSWER.output[1], ANSWER.output[2]] };
    expect(stateful.encodeAnswer(kept(ANSWER), question())).toEqual(withoutState);
    for (const query of ["include=reasoning.encrypted_content", "include[]=reasoning.encrypted_content&include[]=x"]) {
      expect(stateful.encodeAnswer(kept(ANSWER), question(query))).toEqual(ANSWER);
    }
  });

  test("are not streamed again", () => {
    for (const query of ["stream=true", "stream=true&starting_after=3", "starting_after=3"]) {
      expect(() => stateful.encodeAnswer(kept(ANSWER), question(query))).toThrow(expect.objectContaining({ kind: "invalid-request" }));
    }
    expect(stateful.encodeAnswer(kept(ANSWER, true), question("stream=false"))).toEqual(ANSWER);
  });

  test("are kept when they are complete or cut short, each item under its id", () => {
    count = 0;
    expect(kept(ANSWER).output.map(({ id, part }) => `${id} ${part}`)).toEqual(["rs_1 output", "msg_1 output", "fc_new1 output"]);
    expect(kept({ ...ANSWER, status: "incomplete", output: [null, "?"] }).output).toEqual([]);
    for (const status of ["failed", "in_progress", "queued", "cancelled", null]) {
      expect(stateful.readAnswer({ ...ANSWER, status }, false, newId)).toBeUndefined();
    }
    expect(stateful.readAnswer({ status: "completed" }, false, newId)).toBeUndefined();
  });

  test("have no ids that are too long to be some: an item gets another, and an answer is not kept", () => {
    const long = "x".repeat(1_025);
    const [item] = kept({ ...ANSWER, output: [{ type: "message", id: long, content: [] }] }).output;
    expect(item?.id).toMatch(/^msg_.{1,60}$/);
    expect(stateful.readAnswer({ ...ANSWER, id: long }, false, newId)).toBeUndefined();
  });

  test("are kept by an upstream that says so", () => {
    expect([{ store: true }, { store: false }, {}, { store: null }].map((answer) => stateful.keptUpstream(answer))).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});

describe("lists of items", () => {
  const items: readonly KeptItem[] = Array.from({ length: 25 }, (_, i) => ({
    id: `msg_${i}`,
    part: "input",
    text: JSON.stringify({ role: "user", content: `n${i}` }),
  }));
  const ids = (query: string): unknown[] => (stateful.encodeItems(items, question(query))["data"] as JsonObject[]).map(({ id }) => id);

  test("begin with the latest, twenty to a page, and go on after an item", () => {
    const page = stateful.encodeItems(items, question());
    expect(page).toMatchObject({ object: "list", first_id: "msg_24", last_id: "msg_5", has_more: true });
    expect(ids("after=msg_5")).toEqual(["msg_4", "msg_3", "msg_2", "msg_1", "msg_0"]);
    expect(stateful.encodeItems(items, question("after=msg_5"))["has_more"]).toBe(false);
    expect(ids("order=asc&limit=2&after=msg_1")).toEqual(["msg_2", "msg_3"]);
    expect(ids("limit=100")).toHaveLength(25);
    expect(stateful.encodeItems([], question())).toEqual({ object: "list", data: [], first_id: null, last_id: null, has_more: false });
  });

  test.each(["limit=0", "limit=101", "limit=x", "order=up", "after=msg_99"])("%s is refused", (query) => {
    const field = query.split("=")[0];
    expect(() => ids(query)).toThrow(expect.objectContaining({ detail: expect.objectContaining({ field }) as unknown }));
  });

  test("show whole messages, and everything else as it was said", () => {
    const said = (part: KeptItem["part"], item: JsonObject): KeptItem => ({ id: "given", part, text: JSON.stringify(item) });
    const shown = (part: KeptItem["part"], item: JsonObject): JsonObject => stateful.encodeItem(said(part, item), question());
    expect(shown("input", { role: "user", content: "Hi" })).toEqual({
      type: "message",
      id: "given",
      status: "completed",
      role: "user",
      content: [{ type: "input_text", text: "Hi" }],
    });
    expect(shown("input", { type: "message", role: "assistant", content: "Hi", status: "incomplete" })).toEqual({
      type: "message",
      id: "given",
      status: "incomplete",
      role: "assistant",
      content: [{ type: "output_text", text: "Hi", annotations: [] }],
    });
    expect(shown("input", { type: "function_call_output", call_id: "c", output: "1" })).toEqual({
      type: "function_call_output",
      call_id: "c",
      output: "1",
      id: "given",
    });
    expect(shown("output", ANSWER.output[0])).toEqual({ type: "reasoning", id: "given", summary: [] });
    const asked = stateful.encodeItem(said("output", ANSWER.output[0]), question("include=reasoning.encrypted_content"));
    expect(asked["encrypted_content"]).toBe("proof");
  });
});

describe("conversations", () => {
  test("begin with nothing, or with what was said before", () => {
    count = 0;
    expect(stateful.decodeConversation(question(), newId)).toEqual({ metadata: {}, items: [] });
    const items = [
      { role: "user", content: "Hi" },
      { type: "message", id: "msg_own", role: "assistant", content: "Hello" },
    ];
    expect(stateful.decodeConversation(question("", { metadata: { topic: "x" }, items }), newId)).toEqual({
      metadata: { topic: "x" },
      items: [
        { id: "msg_new1", part: "input", text: JSON.stringify(items[0]) },
        { id: "msg_own", part: "input", text: JSON.stringify(items[1]) },
      ],
    });
    const [anonymous] = stateful.decodeItems(question("", { items: [{ ...items[0], id: "" }] }), newId);
    expect(anonymous?.id).toBe("msg_new2");
    expect(stateful.encodeConversation({ id: "conv_1", createdAt: 7, metadata: { topic: "x" } })).toEqual({
      id: "conv_1",
      object: "conversation",
      created_at: 7,
      metadata: { topic: "x" },
    });
  });

  const many = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, "v"]));
  test.each([
    [{ metadata: 7 }, "metadata"],
    [{ metadata: { a: 7 } }, "metadata.a"],
    [{ metadata: { a: "x".repeat(513) } }, "metadata.a"],
    [{ metadata: many }, "metadata"],
    [{ items: {} }, "items"],
    [{ items: ["Hi"] }, "items[0]"],
    [{ items: [{}] }, "items[0].type"],
    [{ items: [{ type: "item_reference", id: "msg_1" }] }, "items[0].type"],
    [{ items: [{ type: "message", id: "x".repeat(1_025), role: "user", content: "Hi" }] }, "items[0].id"],
  ])("what is wrong with %.40j is told, and where", (body, field) => {
    const refusal = expect.objectContaining({ kind: "invalid-request", detail: expect.objectContaining({ field }) as unknown });
    expect(() => stateful.decodeConversation(question("", body), newId)).toThrow(refusal);
  });

  test("what must be given is asked for", () => {
    const missing = (field: string) =>
      expect.objectContaining({ detail: expect.objectContaining({ field, code: "missing_required_parameter" }) as unknown });
    expect(() => stateful.decodeItems(question("", {}), newId)).toThrow(missing("items"));
    expect(() => stateful.decodeMetadata(question("", {}))).toThrow(missing("metadata"));
    expect(stateful.decodeMetadata(question("", { metadata: null }))).toEqual({});
    expect(() => stateful.decodeMetadata(question())).toThrow(expect.objectContaining({ kind: "invalid-request" }));
  });
});

test("rules 396, 397, 433: ids that name nothing are refused in OpenAI's words", () => {
  const { message, kind, detail } = stateful.unknown({ type: "previous", id: "resp_x" });
  expect({ message, kind, detail }).toEqual({
    message: "Previous response with id 'resp_x' not found.",
    kind: "invalid-request",
    detail: { field: "previous_response_id", code: "previous_response_not_found" },
  });
  expect(stateful.unknown({ type: "answer", id: "resp_x" })).toMatchObject({
    kind: "not-found",
    message: "Response with id 'resp_x' not found.",
  });
  const reference = { id: "rs_x", field: "input[3]", lacks: "everything" } as const;
  const unresolved = stateful.unknown({ type: "reference", reference }, "Nothing is kept here.");
  expect(unresolved).toMatchObject({ kind: "invalid-request", detail: { field: "input[3]" } });
  expect(unresolved.message).toMatch(/^Item with id 'rs_x' not found\..* Nothing is kept here\.$/);
});

test.each([
  ["GET", "/v1/responses/resp_1", { stored: { type: "get-answer", answer: "resp_1" } }],
  ["DELETE", "/v1/responses/resp%201", { stored: { type: "delete-answer", answer: "resp 1" } }],
  ["POST", "/v1/responses/resp_1/cancel", { stored: { type: "cancel-answer", answer: "resp_1" } }],
  ["GET", "/v1/responses/resp_1/input_items", { stored: { type: "list-input", answer: "resp_1" } }],
  ["POST", "/v1/conversations", { stored: { type: "create-conversation" } }],
  ["GET", "/v1/conversations/conv_1", { stored: { type: "get-conversation", conversation: "conv_1" } }],
  ["POST", "/v1/conversations/conv_1", { stored: { type: "update-conversation", conversation: "conv_1" } }],
  ["DELETE", "/v1/conversations/conv_1", { stored: { type: "delete-conversation", conversation: "conv_1" } }],
  ["GET", "/v1/conversations/conv_1/items", { stored: { type: "list-items", conversation: "conv_1" } }],
  ["POST", "/v1/conversations/conv_1/items", { stored: { type: "add-items", conversation: "conv_1" } }],
  ["GET", "/v1/conversations/conv_1/items/msg_1", { stored: { type: "get-item", conversation: "conv_1", item: "msg_1" } }],
  ["DELETE", "/v1/conversations/conv_1/items/msg_1", { stored: { type: "delete-item", conversation: "conv_1", item: "msg_1" } }],
  ["PUT", "/v1/responses/resp_1", { allow: "GET, DELETE" }],
  ["constructor", "/v1/responses/resp_1", { allow: "GET, DELETE" }],
  ["GET", "/v1/conversations", { allow: "POST" }],
  ["POST", "/v1/responses", undefined],
  ["POST", "/v1/responses/compact", undefined],
  ["POST", "/v1/responses/input_tokens", undefined],
  ["GET", "/v1/responses/", undefined],
  ["GET", "/v1/responses/resp_1/other", undefined],
  ["GET", "/v1/responses/resp_1/input_items/x", undefined],
  ["GET", "/v1/conversations/conv_1/things", undefined],
  ["GET", "/v1/conversations/conv_1/items/msg_1/x", undefined],
  ["GET", "/v2/responses/resp_1", undefined],
])("%s %s", (method, path, route) => {
  expect(storedRoute(method, path)).toEqual(route);
});
