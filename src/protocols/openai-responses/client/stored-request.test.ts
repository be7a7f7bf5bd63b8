import { expect, test } from "vitest";
import { scanObject } from "../../../wire/json-scan.ts";
import type { KeptItem, KnownState, StatefulRequest } from "../../stateful.ts";
import { readRequest } from "./stored-request.ts";

function read(body: string): StatefulRequest {
  const bytes = Buffer.from(body);
  return readRequest({ route: { operation: "generate" }, query: new URLSearchParams(), headers: {}, body: bytes }, scanObject(bytes));
}

const kept = (id: string, item: unknown, part: KeptItem["part"] = "output"): KeptItem => ({ id, part, text: JSON.stringify(item) });
const known = (history: readonly KeptItem[], items: readonly KeptItem[] = []): KnownState => ({
  history,
  items: new Map(items.map((item) => [item.id, item])),
});
const parsed = (body: Buffer): unknown => JSON.parse(body.toString());

const asked = kept("msg_1", { role: "user", content: "Hi" }, "input");
const thought = kept("rs_1", { id: "rs_1", type: "reasoning", summary: [], encrypted_content: "proof" });
const bare = kept("rs_2", { id: "rs_2", type: "reasoning", summary: [] });
const answered = kept("msg_2", { id: "msg_2", type: "message", role: "assistant", content: [{ type: "output_text", text: "Hello" }] });
const searched = kept("ws_1", { id: "ws_1", type: "web_search_call", status: "completed" });

let count = 0;
const newId = (): string => `new${(count += 1)}`;

test("rule 435: what a request says of state, and that an answer is kept unless it says otherwise", () => {
  expect(read('{"model":"m","input":"Hi"}')).toMatchObject({ store: true, warmUp: false, showsState: false, items: [] });
  const full = '{"store":false,"previous_response_id":"resp_1","include":["reasoning.encrypted_content"],"generate":false}';
  expect(read(full)).toMatchObject({ store: false, previous: "resp_1", showsState: true, warmUp: true });
  expect(read('{"conversation":"conv_1"}').conversation).toBe("conv_1");
  expect(read('{"conversation":{"id":"conv_1"}}').conversation).toBe("conv_1");
  expect(read('{"prompt_cache_options":{"comparison_response_id":"resp_1"}}').mentioned).toBe("resp_1");
  const none = read(
    '{"store":null,"previous_response_id":null,"conversation":null,"include":null,"generate":null,"prompt_cache_options":null}',
  );
  expect(none).toMatchObject({ store: true, warmUp: false });
  expect([none.previous, none.conversation, none.mentioned]).toEqual([undefined, undefined, undefined]);
});

test("rules 433, 434: which items say too little without what is kept", () => {
  const input = [
    { type: "item_reference", id: "msg_1" },
    { id: "msg_2" },
    { type: null, id: "msg_3" },
    { type: "reasoning", id: "rs_1", summary: [] },
    { type: "reasoning", id: "rs_2", summary: [], encrypted_content: null },
    { type: "reasoning", id: "rs_3", summary: [], encrypted_content: "proof" },
    { type: "reasoning", summary: [] },
    { type: "image_generation_call", id: "ig_1" },
    { type: "image_generation_call", id: "ig_2", result: "iVBO" },
    { role: "user", content: "Hi", id: "msg_4" },
    { type: "message", role: "user", content: "Hi" },
    "no item",
  ];
  expect(read(JSON.stringify({ input })).items.map(({ id, field, lacks }) => `${field} ${id} ${lacks}`)).toEqual([
    "input[0] msg_1 everything",
    "input[1] msg_2 everything",
    "input[2] msg_3 everything",
    "input[3] rs_1 state",
    "input[4] rs_2 state",
    "input[5] rs_3 nothing",
    "input[7] ig_1 everything",
    "input[8] ig_2 nothing",
    "input[9] msg_4 nothing",
  ]);
});

test("a reference is one however it is spelt", () => {
  expect(read('{"input":[{"\\u0074ype":"item\\u005freference","i\\u0064":"msg_1"}]}').items).toEqual([
    { id: "msg_1", field: "input[0]", lacks: "everything" },
  ]);
});

const LONG = "x".repeat(1_025);

test.each([
  ['{"previous_response_id":7}', "previous_response_id"],
  ['{"conversation":{}}', "conversation.id"],
  ['{"conversation":{"id":"conv_1",}}', "conversation"],
  ['{"store":"yes"}', "store"],
  ['{"background":true}', "background"],
  ['{"previous_response_id":"resp_1","conversation":"conv_1"}', "previous_response_id"],
  ['{"Previous_Response_Id":"resp_1"}', "previous_response_id"],
  ['{"INPUT":[]}', "input"],
  ['{"\u017ftore":false}', "store"],
  [`{"previous_response_id":"${LONG}"}`, "previous_response_id"],
  [`{"conversation":"${LONG}"}`, "conversation"],
  [`{"conversation":{"id":"${LONG}"}}`, "conversation.id"],
  [`{"prompt_cache_options":{"comparison_response_id":"${LONG}"}}`, "prompt_cache_options.comparison_response_id"],
  [`{"input":[{"role":"user","content":"Hi","id":"${LONG}"}]}`, "input[0].id"],
  ['{"input":[{"role":"user","content":"Hi"},{"type":"reasoning","ID":"rs_1"}]}', "input[1].ID"],
  ['{"input":[{"type":"item_reference"}]}', "input[0].id"],
  ['{"input":[{"Type":"item_reference","id":"msg_1"}]}', "input[0].Type"],
  ['{"input":[{"type":"message","type":"item_reference","id":"msg_1"}]}', "input"],
])("%s is refused", (body, field) => {
  expect(() => read(body)).toThrow(expect.objectContaining({ detail: expect.objectContaining({ field }) as unknown }));
});

test("a request that refers to nothing stays as it is", () => {
  const body = '{ "input": [ {"role":"user","content":"Hi","id":"msg_9"} ], "store": true }';
  expect(read(body).expanded(known([])).toString()).toBe(body);
  expect(read(body).relayed(undefined, true)).toEqual({ body: Buffer.from(body), dropped: [] });
});

test("rule 399: history that was summed up is written out from its summary on", () => {
  const question = kept("item_1", { type: "compaction_trigger" }, "input");
  const summary = kept("cmp_1", { id: "cmp_1", type: "compaction", encrypted_content: "sealed" });
  const request = read('{"previous_response_id":"resp_1","input":[{"role":"user","content":"Go on"}]}');
  const said = (body: Buffer): string =>
    (parsed(body) as { input: { type?: string; content?: string }[] }).input.map(({ type, content }) => content ?? type).join();
  const history = known([asked, question, summary]);
  expect(said(request.expanded(history))).toBe("compaction,Go on");
  expect(said(request.relayed(history, true).body)).toBe("compaction,Go on");
  // Without the question it is the client's, which still says what stood before; one without an answer stands for nothing.
  expect(said(request.expanded(known([asked, summary])))).toBe("Hi,compaction,Go on");
  expect(said(request.expanded(known([asked, question])))).toBe("Hi,compaction_trigger,Go on");
});

test("rule 396: history is written out as it was said and answered, before what the request says itself", () => {
  const body = '{"model":"m","previous_response_id":"resp_1","input":[{"role":"user","content":"And 1.0?","n":1.0}],"top_p":1.0}';
  expect(
    read(body)
      .expanded(known([asked, thought, answered]))
      .toString(),
  ).toBe(
    `{"model":"m","previous_response_id":null,"input":[${asked.text},${thought.text},${answered.text},{"role":"user","content":"And 1.0?","n":1.0}],"top_p":1.0}`,
  );
});

test("what is referred to is taken out though nothing was said before", () => {
  expect(parsed(read('{"conversation":{"id":"conv_1"},"input":"Hi"}').expanded(known([])))).toEqual({
    conversation: null,
    input: [{ role: "user", content: "Hi" }],
  });
});

test("a string is what a user says, and a request may have nothing to say itself", () => {
  const said = '{"role":"user","content":"M\\u00fcnchen"}';
  expect(
    read('{"previous_response_id":"resp_1","input":"M\\u00fcnchen"}')
      .expanded(known([asked]))
      .toString(),
  ).toBe(`{"previous_response_id":null,"input":[${asked.text},${said}]}`);
  expect(
    read('{"previous_response_id":"resp_1"}')
      .expanded(known([asked]))
      .toString(),
  ).toBe(`{"previous_response_id":null,"input":[${asked.text}]}`);
});

test("rules 433, 434: items stand in for their names, and reasoning gets its state back; what nobody knows stays", () => {
  const input = [
    { type: "item_reference", id: "msg_2" },
    { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "shortened" }] },
    { type: "reasoning", id: "rs_2", summary: [] },
    { type: "reasoning", id: "rs_lost", summary: [] },
  ];
  const body = read(JSON.stringify({ input })).expanded(known([], [answered, thought, bare]));
  expect(parsed(body)).toEqual({ input: [answered, thought, bare].map(({ text }) => JSON.parse(text) as unknown).concat(input[3]) });
});

test("an upstream that keeps nothing of it gets no ids but those it cannot do without, and no reasoning without state", () => {
  const body = {
    previous_response_id: "resp_1",
    input: [
      { type: "item_reference", id: "msg_2" },
      { type: "reasoning", id: "rs_lost", summary: [] },
      { type: "function_call", id: "fc_kept", call_id: "c", name: "f", arguments: "{}" },
      { type: "function_call_output", id: "fco_own", call_id: "c", output: "1" },
    ],
    prompt_cache_options: { mode: "implicit", comparison_response_id: "resp_0" },
  };
  const call = kept("fc_kept", { type: "function_call", id: "fc_kept", call_id: "c", name: "f", arguments: "{}" });
  const { body: relayed, dropped } = read(JSON.stringify(body)).relayed(known([asked, bare, thought, searched], [answered, call]), true);
  expect(parsed(relayed)).toEqual({
    previous_response_id: null,
    input: [
      { role: "user", content: "Hi" },
      { type: "reasoning", summary: [], encrypted_content: "proof" },
      { id: "ws_1", type: "web_search_call", status: "completed" },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "Hello" }] },
      { type: "function_call", call_id: "c", name: "f", arguments: "{}" },
      { type: "function_call_output", id: "fco_own", call_id: "c", output: "1" },
    ],
    prompt_cache_options: { mode: "implicit", comparison_response_id: null },
  });
  expect(dropped).toEqual(["previous_response_id", "input[1]"]);
});

test.each([
  ['{"model":"m","store":true,"input":"Hi"}', '{"model":"m","store":false,"input":"Hi"}'],
  ['{"model":"m","store":null,"input":"Hi"} ', '{"model":"m","store":false,"input":"Hi"} '],
  ['{"model":"m","input":{"a":"}"}}', '{"model":"m","input":{"a":"}"},"store":false}'],
  ['{"model":"m","store": false}', '{"model":"m","store": false}'],
])("an upstream that shall keep nothing is told so: %s", (body, relayed) => {
  expect(read(body).relayed(undefined, false).body.toString()).toBe(relayed);
});

test("what a request adds is kept as it was said, with an id of its own", () => {
  const input = [
    { role: "user", content: "Hi" },
    { type: "function_call_output", id: "fco_own", call_id: "c", output: "1" },
    { type: "item_reference", id: "msg_2" },
    { type: "some_future_item" },
  ];
  count = 0;
  expect(read(JSON.stringify({ input })).newItems(known([asked], [answered]), newId)).toEqual([
    { id: "msg_new1", part: "input", text: JSON.stringify(input[0]) },
    { id: "fco_own", part: "input", text: JSON.stringify(input[1]) },
    { id: "msg_2", part: "input", text: answered.text },
    { id: "item_new2", part: "input", text: JSON.stringify(input[3]) },
  ]);
  expect(read('{"input":"Hi"}').newItems(known([]), newId)).toEqual([
    { id: "msg_new3", part: "input", text: '{"role":"user","content":"Hi"}' },
  ]);
});
