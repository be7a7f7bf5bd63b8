/** Requests and answers that pass as they came. */
import { describe, expect, test } from "vitest";
import { rechunk, loadRecordings } from "../../../../test/support/recordings.ts";
import { LossLedger } from "../../../chat/loss.ts";
import { createStateSealer } from "../../../chat/state.ts";
import { scanObject } from "../../../wire/json-scan.ts";
import { OPENAI_DIALECT } from "../../../providers/openai/index.ts";
import type { ChatDialect } from "../../chat-dialect.ts";
import { isOpenAiHeader } from "../../shared/relay-request.ts";
import { inspectWhole, relayBody, relayPath } from "./relay.ts";
import { ChatRelayTap } from "./relay-tap.ts";

const sealer = createStateSealer([Buffer.alloc(32, 1)]);
const sealed = sealer.seal({ state: { issuer: { platform: "anthropic" }, kind: "thinking", value: "s" }, binds: "self" });

function relay(text: string, model = "up", chat?: ChatDialect) {
  const losses = new LossLedger();
  const body = Buffer.from(text);
  const target = { model, issuer: { platform: "openai" }, sealer, losses, mintedBy: () => undefined, ...(chat && { chat }) };
  const out = relayBody(body, scanObject(body), target);
  return { text: out.toString(), same: out === body, losses: losses.losses };
}

describe("the request", () => {
  test("rules 1, 2, 3: only the model's name changes", () => {
    const text = '{ "x":1.0, "model" : "m\\u0041", "messages":[], "n":12345678901234567890 }';
    expect(relay(text).text).toBe('{ "x":1.0, "model" : "up", "messages":[], "n":12345678901234567890 }');
    expect(relay('{"model":"up","messages":[]}').same).toBe(true);
  });

  test("rule 131: another vendor's state is taken out, and only the messages that hold it are written anew", () => {
    const plain = '{"role":"user",  "content":"hi"}';
    const message = (more: string) => `{"model":"up","messages":[${plain},{"role":"assistant","content":"a"${more}}]}`;
    const details = `,"reasoning_details":[{"type":"reasoning.encrypted","data":"${sealed}"}]`;
    expect(relay(message(details))).toEqual({
      text: message(""),
      same: false,
      losses: [{ code: "foreign-reasoning", path: "messages[1]", severity: "info" }],
    });
    const mixed = `,"reasoning_details":[{"type":"reasoning.text","text":"b"},{"data":"${sealed}"}]`;
    expect(relay(message(mixed)).text).toBe(message(',"reasoning_details":[{"type":"reasoning.text","text":"b"}]'));
    const call = (extra: string) => `,"tool_calls":[{"id":"c"${extra}}]`;
    expect(relay(message(call(`,"extra_content":{"google":{"thought_signature":"${sealed}"}}`))).text).toBe(message(call("")));
  });

  test("rule 436: reasoning that clients replay goes to servers that have a field for it, and to no other that is known", () => {
    const message = (more: string) => `{"model":"up","messages":[{"role":"assistant","content":"a"${more}}]}`;
    const replayed = message(',"reasoning_content":"hm","reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm"}]');
    expect(relay(replayed, "up", OPENAI_DIALECT).text).toBe(message(""));
    const wanting: ChatDialect = { ...OPENAI_DIALECT, replay: { field: "reasoning_content", turns: "all" } };
    for (const chat of [wanting, undefined]) expect(relay(replayed, "up", chat).same).toBe(true);
    const effort = '{"model":"up","reasoning_effort":"low","messages":[{"role":"user","content":"\\"reasoning\\": x"}]}';
    expect(relay(effort, "up", OPENAI_DIALECT).same).toBe(true);
  });

  test("words that look like ours in a text are the caller's", () => {
    const text = `{"model":"up","messages":[{"role":"user","content":"${sealed}"}]}`;
    expect(relay(text).same).toBe(true);
  });

  test("rule 432: no key passes, in the query or in a header", () => {
    expect(relayPath("generate", "m", true, new URLSearchParams("key=secret&a=1"))).toBe("/chat/completions?a=1");
    expect(relayPath("list-models", "", false, new URLSearchParams())).toBe("/models");
    expect(relayPath("get-model", "a/b", false, new URLSearchParams())).toBe("/models/a%2Fb");
    for (const name of ["authorization", "cookie", "openai-organization", "openai-project", "x-api-key", "x-forwarded-for"]) {
      expect(isOpenAiHeader(name)).toBe(false);
    }
    for (const name of ["user-agent", "x-stainless-os", "openai-beta"]) expect(isOpenAiHeader(name)).toBe(true);
  });
});

describe("the answer", () => {
  function watch(chunks: readonly Buffer[]): ChatRelayTap {
    const tap = new ChatRelayTap();
    for (const bytes of chunks) tap.push(bytes);
    tap.end();
    return tap;
  }

  const streams = loadRecordings("openai-chat").filter(({ response }) => response.sse !== undefined);

  test.each(streams.map(({ name, response }) => [name, response] as const))(
    "%s is watched alike in any chunks",
    (_name, { bytes, sse = "" }) => {
      const whole = watch([bytes]);
      expect(whole.begun).toBe(true);
      expect(whole.finished).toBe(true);
      expect(whole.error !== undefined).toBe(/"error":\{/.test(sse));
      const told = [...sse.matchAll(/"prompt_tokens": ?(\d+)/g)].at(-1)?.[1];
      if (!whole.error) expect(whole.usage?.input).toBe(told === undefined ? undefined : Number(told));
      for (let seed = 0; seed < 3; seed += 1) {
        const { begun, finished, usage, error } = watch(rechunk(bytes, seed));
        expect({ begun, finished, usage, error: error?.message }).toEqual({
          begun: true,
          finished: true,
          usage: whole.usage,
          error: whole.error?.message,
        });
      }
    },
  );

  const data = (...bodies: unknown[]) => [Buffer.from(bodies.map((body) => `data: ${JSON.stringify(body)}\n\n`).join(""))];
  const delta = (fields: object, more: object = {}) => ({ choices: [{ index: 0, delta: fields, ...more }] });

  test("a role is no content yet; anything said is", () => {
    expect(watch(data({ choices: [] }, delta({ role: "assistant", content: "" }))).begun).toBe(false);
    expect(watch(data(delta({ role: "assistant", content: null, tool_calls: [{}] }))).begun).toBe(true);
    expect(watch(data(delta({ reasoning_content: "a" }))).begun).toBe(true);
  });

  test("without a reason to finish it was cut; [DONE] is enough", () => {
    expect(watch(data(delta({ content: "a" }))).finished).toBe(false);
    expect(watch([...data(delta({ content: "a" })), Buffer.from("data: [DONE]\n\n")]).finished).toBe(true);
  });

  test("rule 347: an error is told, before content and behind it; words about one are not", () => {
    expect(watch(data({ error: { message: "busy", code: 503 } })).error?.kind).toBe("overloaded");
    expect(watch(data(delta({ content: "a" }), { error: "busy" })).error?.message).toBe("busy");
    expect(watch([...data(delta({ content: "a" })), Buffer.from('event: error\ndata: {"message":"gone"}\n\n')]).error?.message).toBe(
      "gone",
    );
    expect(watch(data(delta({ content: "a" }), delta({ content: '"error":{"finish_reason":"stop"' }))).error).toBeUndefined();
  });

  test("a whole answer tells its tokens, or its error (rule 322)", () => {
    expect(inspectWhole({ choices: [{}], usage: { prompt_tokens: 3, completion_tokens: 4 } }).usage).toMatchObject({ input: 3, output: 4 });
    expect(inspectWhole({ error: { message: "no", code: 429 } }).error?.kind).toBe("rate-limited");
    expect(inspectWhole({ id: "x" }).error?.kind).toBe("upstream");
  });
});
