/** Requests and answers that pass as they came. */
import { describe, expect, test, vi } from "vitest";
import { loadRecordings, rechunk, type Recording } from "../../../../test/support/recordings.ts";
import { added, completed, created, done, issuer, message, minted, textDelta } from "../../../../test/support/responses-upstream.ts";
import { asObject, asString } from "../../../chat/json.ts";
import { LossLedger } from "../../../chat/loss.ts";
import { createStateSealer, NOBODY, type Issuer } from "../../../chat/state.ts";
import { openai } from "../../../providers/openai/index.ts";
import { scanObject } from "../../../wire/json-scan.ts";
import type { RelayTarget } from "../../protocol.ts";
import { summaryText } from "../../shared/fixed-texts.ts";
import { upstream } from "./index.ts";
import { inspectWhole } from "./relay.ts";
import { relayBody, stateIssuers } from "./relay-body.ts";
import { ResponsesRelayTap } from "./relay-tap.ts";

const sealer = createStateSealer([Buffer.alloc(32, 1)]);
const OTHER: Issuer = { ...issuer, account: "b" };
/** State without an envelope says here whose it is. */
const named = (state: string): Issuer | undefined => (state.endsWith("-own") ? issuer : state.endsWith("-other") ? OTHER : undefined);

function relay(text: string, more: Partial<RelayTarget> = {}) {
  const losses = new LossLedger();
  const body = Buffer.from(text);
  const out = relayBody(body, scanObject(body), { model: "up", issuer, sealer, losses, mintedBy: named, ...more });
  return { text: out.toString(), same: out === body, losses: losses.losses };
}

const around = (...items: readonly (string | object)[]): string =>
  `{"model":"up", "input" : [${items.map((item) => (typeof item === "string" ? item : JSON.stringify(item))).join(" ,")}], "n":1.0}`;
const seal = (text: string, by: Issuer = issuer): string =>
  sealer.seal({ state: { ...minted({ id: "rs_1", summary: ["a"], encrypted: "sealed" }), issuer: by, text }, binds: "self" });
const reasoning = (value: string) => ({ type: "reasoning", id: "rs_gw", summary: [], encrypted_content: value });
const HELLO = '{"role":"user",  "content":"hi"}';
const foreign = (i: number) => ({ code: "foreign-reasoning", path: `input[${i}]`, severity: "info" });

describe("the request", () => {
  test("rules 1, 2, 3: only the model's name changes", () => {
    const text = '{ "x":1.0, "model" : "m\\u0041", "input":"hi", "n":12345678901234567890 }';
    expect(relay(text).text).toBe('{ "x":1.0, "model" : "up", "input":"hi", "n":12345678901234567890 }');
    expect(relay('{"model":"up","input":[]}').same).toBe(true);
    expect(relay(around(HELLO, reasoning("sealed-own"), reasoning("whoever's"))).same).toBe(true);
  });

  test("rules 131, 133: an envelope around the target's own state opens; around another's, the item goes", () => {
    const call = '{"type":"function_call","call_id":"c", "name":"f","arguments":"{}"}';
    const own = { type: "reasoning", summary: [{ type: "summary_text", text: "a" }], encrypted_content: "sealed" };
    expect(relay(around(HELLO, reasoning(seal("a")), call)).text).toBe(around(HELLO, own, call));
    expect(relay(around(HELLO, reasoning(seal("a", OTHER)), call))).toEqual({
      text: `{"model":"up", "input" : [${HELLO} ,${call}], "n":1.0}`,
      same: false,
      losses: [foreign(1)],
    });
  });

  test("rules 92, 131: so does raw state that another account minted, and ids that only it can resolve", () => {
    const answer = (more: string) => `{"type":"message",${more}"role":"assistant","content":[]}`;
    expect(relay(around(HELLO, reasoning("sealed-other"), answer(""))).losses).toEqual([foreign(1)]);
    expect(relay(around(HELLO, answer('"id":"msg-other",'))).text).toBe(around(HELLO, answer("")));
    expect(relay(around(HELLO, answer('"id":"msg-own",'))).same).toBe(true);
    expect(relay(around(HELLO, { type: "item_reference", id: "msg-other" })).same).toBe(true);
    expect(relay(around(HELLO, reasoning("sealed-other")), { knowsOwnOnly: true }).same).toBe(true);
  });

  test("rule 134: what reasoning led to loses the id that would ask for it, up to the end of the answer", () => {
    const answer = (id: string) => ({ type: "message", ...(id && { id }), role: "assistant", content: [] });
    const call = (id: string) => ({ type: "function_call", ...(id && { id }), call_id: "c", name: "f", arguments: "{}" });
    const output = { type: "function_call_output", id: "fco_1", call_id: "c", output: "1" };
    const body = around(HELLO, reasoning("sealed-other"), answer("msg_1"), call("fc_1"), output, answer("msg_2"));
    expect(relay(body).text).toBe(around(HELLO, answer(""), call(""), output, answer("msg_2")));
  });

  test("history that another account compacted is lost, which is said", () => {
    const compaction = (value: string) => ({ type: "compaction", encrypted_content: value });
    const sealed = (by: Issuer) => sealer.seal({ state: { issuer: by, kind: "compaction", value: "summary" }, binds: "self" });
    expect(relay(around(compaction(sealed(issuer)), HELLO)).text).toBe(around(compaction("summary"), HELLO));
    for (const value of ["summary-other", sealed(OTHER)]) {
      expect(relay(around(compaction(value), HELLO))).toMatchObject({
        text: around(HELLO),
        losses: [{ code: "compaction-state", severity: "semantic" }],
      });
    }
  });

  test("rule 399: history that is summed up in words is told in words, where the summary stood", () => {
    const summed = (by: Issuer, value: string) =>
      sealer.seal({ state: { issuer: by, kind: "compaction", value, text: "So far." }, binds: "self" });
    const told = { type: "message", role: "user", content: [{ type: "input_text", text: summaryText("So far.") }] };
    const relayed = (sealed: string) => relay(around(HELLO, { type: "compaction", id: "cmp_1", encrypted_content: sealed }, HELLO));
    expect(relayed(summed(NOBODY, ""))).toMatchObject({ text: around(HELLO, told, HELLO), losses: [] });
    // What was sealed beside the words is lost.
    const losses = [{ code: "compaction-state", path: "input[1]", severity: "info" }];
    expect(relayed(summed(OTHER, "sealed"))).toMatchObject({ text: around(HELLO, told, HELLO), losses });
  });

  test("rule 439: fields that OpenAI's own clients add go to those who may see them", () => {
    const field = "internal_chat_message_metadata_passthrough";
    const item = (more: object) => ({ type: "message", role: "user", content: "hi", ...more });
    const body = around(item({ [field]: { turn_id: "t" } }), item({ content: `"${field}"` }));
    expect(relay(body).text).toBe(around(item({}), item({ content: `"${field}"` })));
    const { relayedFields = [] } = openai;
    expect(relay(body, { relayedFields }).same).toBe(true);
  });

  test("words that look like ours in a text are the caller's", () => {
    expect(relay(around({ role: "user", content: seal("a") })).same).toBe(true);
  });

  test("who minted what is in it, from the newest on", () => {
    const body = Buffer.from(around(reasoning("sealed-other"), reasoning(seal("a")), reasoning("whoever's")));
    expect([...stateIssuers(body, { sealer, mintedBy: named })]).toEqual([issuer, OTHER]);
  });

  test("rule 432: no key passes, in the query or in a header", () => {
    const query = new URLSearchParams("key=secret&a=1");
    expect(upstream.relayPath("generate", "m", true, query)).toBe("/responses?a=1");
    expect(upstream.relayPath("count-tokens", "m", false, new URLSearchParams())).toBe("/responses/input_tokens");
    expect(upstream.relayPath("get-model", "a/b", false, new URLSearchParams())).toBe("/models/a%2Fb");
    expect(upstream.answerPath("resp_1/..")).toBe("/responses/resp_1%2F..");
    for (const name of ["authorization", "cookie", "openai-organization", "x-codex-turn-metadata", "session-id"]) {
      expect(upstream.relaysRequestHeader(name)).toBe(false);
    }
    for (const name of ["user-agent", "openai-beta"]) expect(upstream.relaysRequestHeader(name)).toBe(true);
  });
});

describe("the answer", () => {
  function watch(chunks: readonly Buffer[]): ResponsesRelayTap {
    const tap = new ResponsesRelayTap();
    for (const bytes of chunks) tap.push(bytes);
    tap.end();
    return tap;
  }

  const frames = (...events: readonly object[]): Buffer[] =>
    events.map((one) => Buffer.from(`event: ${asString(asObject(one)?.["type"]) ?? ""}\ndata: ${JSON.stringify(one)}\n\n`));
  const told = ({ begun, finished, usage, error, minted: states, answer }: ResponsesRelayTap) => ({
    begun,
    finished,
    usage,
    error: error?.message,
    states,
    answer,
  });

  /** A stream of an earlier version of the protocol has no end that this one knows. */
  const streams = loadRecordings("openai-responses").filter(({ response: { sse } }) => sse?.includes("response.created") === true);

  test.for(streams)("$name is watched alike in any chunks", ({ response: { bytes, sse = "" } }: Recording) => {
    const whole = watch([bytes]);
    const failed = /"type": ?"(?:error|response\.failed)"/.test(sse);
    expect(whole.finished).toBe(!failed);
    if (!failed) expect(whole.begun).toBe(true);
    expect(whole.error !== undefined).toBe(failed);
    const input = [...sse.matchAll(/"input_tokens": ?(\d+)/g)].at(-1)?.[1];
    if (!failed) expect(whole.usage?.input).toBe(input === undefined ? undefined : Number(input));
    for (const [, state] of sse.matchAll(/"encrypted_content": ?"([^"\\]+)"[^\n]*"type": ?"response.output_item.done"/g)) {
      expect(whole.minted).toContain(state);
    }
    for (let seed = 0; seed < 3; seed += 1) expect(told(watch(rechunk(bytes, seed)))).toEqual(told(whole));
  });

  test("rule 318: no text is parsed", () => {
    const parse = vi.spyOn(JSON, "parse");
    const tap = watch(frames(created, ...Array.from({ length: 50 }, () => textDelta("words")), completed([message("words")])));
    expect(parse.mock.calls.length).toBeLessThan(10);
    parse.mockRestore();
    expect(tap.finished).toBe(true);
  });

  test("nothing has begun before there is something to tell", () => {
    expect(watch(frames(created, { type: "response.in_progress", response: {} }, added(0, message("")), { type: "keepalive" })).begun).toBe(
      false,
    );
    for (const one of [textDelta("a"), done(0, message("")), completed()]) expect(watch(frames(created, one)).begun).toBe(true);
    const nameless = watch([Buffer.from(`data: ${JSON.stringify(textDelta("a"))}\n\n`)]);
    expect(nameless).toMatchObject({ begun: true, finished: false });
  });

  test("rule 302: an answer whose end leaves its items out is made whole", () => {
    const items = [{ type: "reasoning", id: "rs_1", summary: [], encrypted_content: "sealed" }, message("Hello")];
    const usage = { input_tokens: 3, output_tokens: 4 };
    const tap = watch(frames(created, ...items.map((item, i) => done(i, item)).toReversed(), completed([], { usage })));
    expect(tap.answer).toMatchObject({ id: "resp_1", output: items, usage });
    expect(tap.usage).toMatchObject({ input: 3, output: 4 });
    expect([...tap.minted].sort()).toEqual(["msg_1", "rs_1", "sealed"]);
    expect(watch(frames(completed([message("another")], { usage }))).answer).toMatchObject({ output: [message("another")] });
    // Places may be any numbers, and several items may have one.
    const odd = [done(4_000_000_000, message("c", { id: "c" })), done(7, message("a", { id: "a" })), done(7, message("b", { id: "b" }))];
    expect(watch(frames(created, ...odd, completed())).answer).toMatchObject({ output: ["a", "b", "c"].map((id) => ({ id })) });
  });

  test("the first end counts, and its event's name where its response does not say how it ended", () => {
    expect(watch(frames(created, { type: "response.failed" }))).toMatchObject({ finished: false, error: { kind: "upstream" } });
    const late = watch(frames(created, completed([message("a")]), { type: "error", message: "late" }));
    expect(late).toMatchObject({ finished: true, error: undefined });
    expect(watch([Buffer.from("data: \n\n"), ...frames(created)]).error).toBeUndefined();
  });

  test("rules 290, 347: an error is told, before content and behind it; words about one are not", () => {
    const error = { code: "rate_limit_exceeded", message: "slow down" };
    expect(watch(frames({ type: "error", ...error })).error?.kind).toBe("rate-limited");
    const failed = { type: "response.failed", response: { status: "failed", error } };
    expect(watch(frames(created, textDelta("a"), failed))).toMatchObject({ begun: true, finished: false, error: { kind: "rate-limited" } });
    expect(watch([Buffer.from('data: {"error":{"message":"gone","code":503}}\n\n')]).error?.message).toBe("gone");
    expect(watch([Buffer.from("data: oops\n\n")]).error?.kind).toBe("upstream");
    expect(watch(frames(created, textDelta('"type":"error"'), completed())).error).toBeUndefined();
  });

  test("rule 322: a whole answer tells its tokens and its state, or its error", () => {
    const whole = (status: string, more: object = {}) =>
      inspectWhole({ object: "response", status, output: [reasoning("sealed")], ...more });
    expect(whole("completed", { usage: { input_tokens: 3, output_tokens: 4 } })).toMatchObject({
      usage: { input: 3, output: 4 },
      minted: ["sealed", "rs_gw"],
    });
    expect(whole("queued")).not.toHaveProperty("error");
    expect(whole("failed", { error: { code: "server_error", message: "no" } }).error?.kind).toBe("upstream");
    expect(inspectWhole({ error: { message: "no", code: "rate_limit_exceeded" } }).error?.kind).toBe("rate-limited");
    expect(inspectWhole({ id: "x" }).error?.kind).toBe("upstream");
  });
});

test("rule 285: the tap knows where the stream stands, for whoever has to end it", () => {
  const event = (type: string, fields: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
  const said = '"sequence_number":99';
  const tap = new ResponsesRelayTap();
  expect(tap.place).toBeUndefined();
  tap.push(Buffer.from(event("response.created", { sequence_number: 0, response: { id: "resp_up", output: [] } })));
  expect(tap.place).toEqual({ sequenceNumber: 1, answerId: "resp_up" });
  for (const number of [1, 2])
    tap.push(Buffer.from(event("response.output_text.delta", { sequence_number: number, item_id: "msg_1", delta: said })));
  expect(tap.place).toEqual({ sequenceNumber: 3, answerId: "resp_up" });
  const uncounted = new ResponsesRelayTap();
  uncounted.push(Buffer.from(event("response.output_text.delta", { item_id: "msg_1", delta: said })));
  expect(uncounted.place).toBeUndefined();
});
