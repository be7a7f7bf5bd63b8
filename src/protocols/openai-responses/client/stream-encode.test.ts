import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answer, call, text, thought } from "../../../../test/support/answers.ts";
import {
  decodeItems,
  decodeResponses,
  encodeResponsesStream,
  eventsOf,
  finalResponse,
  outputOf,
  responsesContext,
  responsesStreamOf,
  sealer,
} from "../../../../test/support/responses-client.ts";
import type { Content, Finish } from "../../../chat/chat.ts";
import { replay } from "../../../chat/collect.ts";
import { GatewayError } from "../../../chat/error.ts";
import type { ChatEvent } from "../../../chat/events.ts";
import { asNumber, asString, type JsonObject } from "../../../chat/json.ts";
import type { OpaqueState } from "../../../chat/state.ts";
import { responsesGrammar } from "../../../conformance/clients/responses-grammar.ts";
import type { AnswerContext, Keeping } from "../../protocol.ts";
import { client } from "./index.ts";

const start: ChatEvent = { type: "start" };
const stop: ChatEvent = { type: "finish", finish: { reason: "stop" } };
const signature: OpaqueState = { issuer: { platform: "gemini", account: "a" }, kind: "thought-signature", value: "c2ln" };
const claude: OpaqueState = { issuer: { platform: "anthropic", model: "c" }, kind: "thinking", value: "c2ln" };

const TOOLS = [
  { type: "function", name: "f", parameters: {} },
  { type: "custom", name: "patch" },
];
const context = (fields: object = {}, keeping?: Keeping): ReturnType<typeof responsesContext> =>
  responsesContext({ tools: TOOLS, ...fields }, keeping);

/** A stream's events but for the numbers and ids in them. */
function shape(stream: string): string[] {
  return eventsOf(stream).map(({ type, output_index: index, content_index: part }) =>
    [type.replace(/^response\./, ""), asNumber(index), asNumber(part)].filter((piece) => piece !== undefined).join(" "),
  );
}

/** What is wrong with a stream that ended well, and what its answer says. */
function read(events: Iterable<ChatEvent>, fields: object = {}): { faults: string[]; output: JsonObject[] } {
  const stream = encodeResponsesStream(events, context(fields));
  return { faults: responsesGrammar(stream), output: outputOf(finalResponse(stream)) };
}

/** Items under the ids that an answer in order would have given them. */
const unnumbered = (output: readonly JsonObject[]): object[] => output.map(({ id: _id, encrypted_content: _state, ...item }) => item);

const callsOf = (output: readonly JsonObject[]): object[] => unnumbered(output.filter(({ type }) => asString(type)?.endsWith("call")));

/** Every text, whatever message it stands in: words of interleaved texts are told as they come. */
function wordsOf(output: readonly JsonObject[]): string[] {
  const parts = output.flatMap(({ content, summary }) => (content ?? summary ?? []) as JsonObject[]);
  return parts.map(({ text: words, refusal }) => asString(words ?? refusal) ?? "").toSorted();
}

/** The neutral items of an answer as a client says it again. */
function replayed(output: readonly JsonObject[]): object[] {
  const { items } = decodeItems({ role: "user", content: "hi" }, ...output);
  return items.slice(1).map(({ turn: _turn, path: _path, native: _native, ...item }) => item);
}

const state = fc.option(fc.constant(signature), { nil: undefined });
const item = fc.oneof(
  fc.tuple(fc.string(), state).map(([value, proof]) => text(value, proof)),
  fc.tuple(fc.string(), fc.constantFrom(undefined, claude, signature)).map(([value, proof]) => thought(value, proof)),
  fc.tuple(fc.dictionary(fc.string(), fc.integer()), state).map(([input, proof]) => call("", JSON.stringify(input), proof)),
  fc.tuple(fc.string(), state).map(([input, proof]) => call("", input, proof, "custom")),
  fc.string({ minLength: 1 }).map((value): Content => ({ type: "refusal", text: value })),
);
const answers = fc
  .array(item, { maxLength: 6 })
  .map((items) => items.map((one, i) => (one.type === "tool-call" ? { ...one, id: `c${i}` } : one)));

describe("the grammar of a stream", () => {
  test("rules 285, 286, 288, 289, 292, 293: each item is added, filled and done", () => {
    const stream = responsesStreamOf(answer([thought("hm", claude), text("Hi"), call("c1", '{"a":1}')]), context());
    expect(responsesGrammar(stream)).toEqual([]);
    expect(stream).not.toContain("[DONE]");
    expect(shape(stream)).toEqual([
      "created",
      "in_progress",
      "output_item.added 0",
      "reasoning_summary_part.added 0",
      "reasoning_summary_text.delta 0",
      "reasoning_summary_text.done 0",
      "reasoning_summary_part.done 0",
      "output_item.done 0",
      "output_item.added 1",
      "content_part.added 1 0",
      "output_text.delta 1 0",
      "output_text.done 1 0",
      "content_part.done 1 0",
      "output_item.done 1",
      "output_item.added 2",
      "function_call_arguments.delta 2",
      "function_call_arguments.done 2",
      "output_item.done 2",
      "completed",
    ]);
    const events = eventsOf(stream);
    expect(events.find(({ type }) => type === "response.output_text.done")).toMatchObject({ text: "Hi", logprobs: [] });
    expect(events.filter(({ type, output_index: at }) => type === "response.output_item.added" && at === 2)).toMatchObject([
      { item: { type: "function_call", name: "f", call_id: "c1", arguments: "", status: "in_progress" } },
    ]);
  });

  test("rules 61 and 287: items that interleave keep their order, and nothing is lost", () => {
    fc.assert(
      fc.property(answers, fc.infiniteStream(fc.nat()), (items, dice) => {
        const sequence = replay(answer(items));
        const queues = items.map((_, index) => sequence.filter((event) => "index" in event && event.index === index));
        const events: ChatEvent[] = [start];
        let started = 0;
        for (let left = queues.filter((queue) => queue.length > 0); left.length > 0; left = queues.filter((queue) => queue.length > 0)) {
          // Any item that has started may go on, and the next may start.
          const candidates = queues.filter((queue, index) => queue.length > 0 && index <= started);
          const queue = candidates[(dice.next().value as number) % candidates.length] as ChatEvent[];
          if (queue[0]?.type === "item-start") started += 1;
          events.push(queue.shift() as ChatEvent);
        }
        const { faults, output } = read([...events, stop]);
        expect(faults).toEqual([]);
        const inOrder = read(sequence).output;
        expect(callsOf(output)).toEqual(callsOf(inOrder));
        expect(wordsOf(output)).toEqual(wordsOf(inOrder));
      }),
    );
  });

  test("a whole answer is the end of the stream", () => {
    fc.assert(
      fc.property(answers, (items) => {
        const whole = client.encodeResponse(answer(items), context());
        const { faults, output } = read(replay(answer(items)));
        expect(faults).toEqual([]);
        expect(unnumbered(output)).toEqual(unnumbered(outputOf(whole)));
      }),
    );
  });

  test("rules 133, 141 and 371: what a client replays holds the same items, each with its own state", () => {
    fc.assert(
      fc.property(answers, (items) => {
        // What says nothing and proves nothing leaves no trace.
        const kept = items.filter(
          (one) => one.type === "tool-call" || !("text" in one) || one.text !== "" || ("state" in one && one.state),
        );
        expect(replayed(outputOf(client.encodeResponse(answer(items), context())))).toEqual(kept);
      }),
    );
  });

  test("an answer of nothing is one all the same", () => {
    expect(shape(encodeResponsesStream([start, stop]))).toEqual(["created", "in_progress", "completed"]);
    expect(read([stop])).toEqual({ faults: [], output: [] });
  });

  test("pings are comments, and nothing comes after the end", () => {
    const stream = encodeResponsesStream([{ type: "ping" }, start, stop, { type: "item-start", index: 0, item: text("late") }]);
    expect(stream.startsWith(": keepalive\n\nevent: response.created\n")).toBe(true);
    expect(shape(stream).at(-1)).toBe("completed");
  });
});

describe("ids", () => {
  test("rule 286: each item's is its own, made of the request's, and the same everywhere", () => {
    const stream = responsesStreamOf(
      answer([thought("hm"), text("Hi"), call("c1", "{}"), call("c2", "x", undefined, "custom")]),
      context(),
    );
    expect(outputOf(finalResponse(stream)).map(({ id }) => id)).toEqual(["rs_req01_0", "msg_req01_1", "fc_req01_2", "ctc_req01_3"]);
    expect(finalResponse(stream)).toMatchObject({ id: "resp_req01", created_at: 1_764_000_000, model: "the-model" });
  });

  test("rule 51: no two calls have one id", () => {
    const { output } = read(replay(answer([call("c", "{}"), call("c", "{}"), call("c_2", "{}")])));
    expect(output.map(({ call_id: id }) => id)).toEqual(["c", "c_2", "c_2_2"]);
  });
});

describe("how an answer ends", () => {
  const ended = (finish: Finish, ...items: readonly Content[]): JsonObject => client.encodeResponse(answer(items, finish), context());
  test.each<[Finish["reason"], string, string | undefined]>([
    ["stop", "completed", undefined],
    ["tool-calls", "completed", undefined],
    ["stop-sequence", "completed", undefined],
    ["length", "incomplete", "max_output_tokens"],
    ["context-full", "incomplete", "max_output_tokens"],
    ["content-filter", "incomplete", "content_filter"],
    ["refusal", "incomplete", "content_filter"],
  ])("%s is %s", (reason, status, why) => {
    expect(ended({ reason }, text("Hi"))).toMatchObject({ status, incomplete_details: why === undefined ? null : { reason: why } });
  });

  test("a refusal that the model said is complete", () => {
    expect(ended({ reason: "refusal" }, { type: "refusal", text: "No." })).toMatchObject({ status: "completed" });
  });

  test("rule 88: what was cut is incomplete, and what had ended before is not", () => {
    const cut = { reason: "length" } as const;
    const statuses = (...items: readonly Content[]): unknown[] => outputOf(ended(cut, ...items)).map(({ status }) => status);
    expect(statuses(text("One."), call("a", '{"n":'))).toEqual(["completed", "incomplete"]);
    expect(statuses(call("a", '{"n":1}'), call("b", '{"n":1}'))).toEqual(["completed", "completed"]);
    expect(statuses(call("a", "half a pat", undefined, "custom"))).toEqual(["incomplete"]);
    expect(statuses(call("a", "{}"), text("and th"))).toEqual(["completed", "incomplete"]);
  });

  const brokenOff: readonly ChatEvent[] = [
    start,
    { type: "item-start", index: 0, item: text("") },
    { type: "delta", index: 0, text: "Half an ans" },
    { type: "error", error: new GatewayError("overloaded", "Busy.") },
  ];

  test("rules 290 and 291: a failure says what there was of the answer, in its own numbering", () => {
    const told = eventsOf(encodeResponsesStream(brokenOff));
    expect(told.map(({ sequence_number: n }) => n)).toEqual(told.map((_, i) => i));
    expect(told.at(-1)).toMatchObject({
      type: "response.failed",
      response: {
        status: "failed",
        error: { code: "server_error", message: "Busy." },
        output: [{ type: "message", status: "incomplete", content: [{ text: "Half an ans" }] }],
        usage: null,
      },
    });
  });

  test("rule 290: SDKs are told before, but where every event is a message, which the next answer's client would take for its own", () => {
    const types = (context?: AnswerContext): string[] => eventsOf(encodeResponsesStream(brokenOff, context)).map(({ type }) => type);
    expect(types().slice(-2)).toEqual(["error", "response.failed"]);
    const overSocket = types({ ...responsesContext(), route: { operation: "generate", framing: "messages" } });
    expect(overSocket).toEqual(types().filter((type) => type !== "error"));
  });

  test("a call that its provider could not read is a failure", () => {
    const finish = { reason: "malformed-call" } as const;
    expect(shape(encodeResponsesStream([start, { type: "finish", finish }])).at(-1)).toBe("failed");
    expect(() => client.encodeResponse(answer([], finish), context())).toThrow(GatewayError);
  });

  test("rule 424: usage has all of its counts, or none", () => {
    const usage = { input: 10, output: 5, cacheRead: 3 };
    expect(finalResponse(responsesStreamOf({ ...answer([text("Hi")]), usage }))["usage"]).toEqual({
      input_tokens: 10,
      input_tokens_details: { cached_tokens: 3, cache_write_tokens: 0 },
      output_tokens: 5,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 15,
    });
    expect(finalResponse(responsesStreamOf({ ...answer([text("Hi")]), usage: { output: 5 } }))["usage"]).toBeNull();
    expect(finalResponse(responsesStreamOf(answer([text("Hi")])))["usage"]).toBeNull();
  });
});

describe("what a response repeats", () => {
  test("rules 267 and 268: all settings, with OpenAI's defaults for those that were not given, and nothing that SDKs add", () => {
    const whole = client.encodeResponse(answer([text("Hi")]), responsesContext());
    expect(whole).not.toHaveProperty("output_text");
    expect(whole).toMatchObject({
      object: "response",
      background: false,
      error: null,
      instructions: null,
      max_output_tokens: null,
      metadata: {},
      parallel_tool_calls: true,
      previous_response_id: null,
      reasoning: { effort: null, summary: null },
      store: false,
      temperature: 1,
      text: { format: { type: "text" }, verbosity: "medium" },
      tool_choice: "auto",
      tools: [],
      top_p: 1,
      truncation: "disabled",
    });
  });

  test("rule 267: what was given comes as it was given", () => {
    const format = { type: "json_schema", name: "n", schema: { type: "object" }, strict: true };
    const asked = {
      instructions: "Be brief.",
      max_output_tokens: 100,
      metadata: { a: "b" },
      parallel_tool_calls: false,
      reasoning: { effort: "high", summary: "detailed" },
      temperature: 0.5,
      text: { format, verbosity: "low" },
      tool_choice: {
        type: "allowed_tools",
        mode: "auto",
        tools: [
          { type: "custom", name: "patch" },
          { type: "function", name: "g", namespace: "ns" },
        ],
      },
      tools: [
        { type: "function", name: "f", parameters: { type: "object" }, strict: false },
        { type: "custom", name: "patch", format: { type: "text" } },
        {
          type: "namespace",
          name: "ns",
          description: "N",
          tools: [{ type: "function", name: "g", parameters: {}, strict: true, defer_loading: true }],
        },
        { type: "web_search", search_context_size: "low" },
        { type: "local_shell" },
      ],
      top_p: 0.9,
      truncation: "auto",
    };
    expect(client.encodeResponse(answer([]), responsesContext(asked))).toMatchObject(asked);
  });

  test("what is kept, and what it goes on from", () => {
    const kept: JsonObject[] = [];
    const keeping: Keeping = { stored: true, previous: "resp_0", conversation: "conv_1", keep: (response) => void kept.push(response) };
    const told = client.encodeResponse(answer([thought("hm", claude), text("Hi")]), context({}, keeping));
    expect(told).toMatchObject({ store: true, previous_response_id: "resp_0", conversation: { id: "conv_1" } });
    // State is kept here; who wants it as well asks for it (rule 371).
    expect(outputOf(told)[0]).not.toHaveProperty("encrypted_content");
    expect(kept).toMatchObject([{ id: told["id"], output: [{ type: "reasoning", encrypted_content: expect.any(String) as string }, {}] }]);
    const asked = client.encodeResponse(answer([thought("hm", claude)]), context({ include: ["reasoning.encrypted_content"] }, keeping));
    expect(outputOf(asked)[0]).toHaveProperty("encrypted_content");
  });
});

describe("state that clients carry", () => {
  const binds = (output: readonly JsonObject[]): string[] =>
    output.flatMap(({ encrypted_content: sealed }) => (typeof sealed === "string" ? [sealer.open(sealed)?.binds ?? "?"] : []));

  test("rules 136 and 371: it comes with an item's end, never before", () => {
    const events = eventsOf(responsesStreamOf(answer([thought("hm", claude)]), context()));
    const holding = events.filter((event) => JSON.stringify(event).includes("encrypted_content")).map(({ type }) => type);
    expect(holding).toEqual(["response.output_item.done", "response.completed"]);
  });

  test("rule 141: the reasoning right before a call or text carries its state, or one without words", () => {
    expect(binds(read(replay(answer([thought("hm"), call("t", "{}", signature), call("u", "{}")]))).output)).toEqual(["next-call"]);
    expect(binds(read(replay(answer([thought("hm", claude), text("a", signature)]))).output)).toEqual(["self", "next-text"]);
    expect(binds(read(replay(answer([text("a"), text("", signature)]))).output)).toEqual(["alone"]);
  });

  test("rule 131: reasoning without proof says so", () => {
    const { output } = read(replay(answer([thought("hm")])));
    expect(output).toMatchObject([{ summary: [{ text: "hm" }], encrypted_content: expect.any(String) as string }]);
    expect(replayed(output)).toEqual([thought("hm")]);
  });

  test("rule 145: what is not shown travels with its proof", () => {
    const hidden = { ...context(), request: { ...decodeResponses({}), reasoning: { show: false } } };
    const output = outputOf(client.encodeResponse(answer([thought("secret", claude), text("Hi")]), hidden));
    expect(output).toMatchObject([{ type: "reasoning", summary: [] }, { type: "message" }]);
    expect(JSON.stringify(output)).not.toContain("secret");
    expect(replayed(output)[0]).toEqual(thought("secret", claude));
  });

  test("proof that comes after its call has begun is a loss", () => {
    const late = context();
    const events: ChatEvent[] = [
      start,
      { type: "item-start", index: 0, item: call("c", "") },
      { type: "item-end", index: 0, state: signature },
      stop,
    ];
    encodeResponsesStream(events, late);
    expect(late.losses.losses).toMatchObject([{ code: "late-call-state" }]);
  });
});
