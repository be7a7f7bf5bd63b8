import { describe, expect, test } from "vitest";
import { GatewayError } from "../chat/error.ts";
import type { JsonObject } from "../chat/json.ts";
import { LossLedger } from "../chat/loss.ts";
import { stateful } from "../protocols/openai-responses/client/stored.ts";
import { DatabaseBusy } from "../storage/database.ts";
import { StorageError } from "../storage/home.ts";
import { MemoryRecords } from "../storage/memory-records.ts";
import type { RecordStore } from "../storage/records.ts";
import { createLogger } from "../telemetry/log.ts";
import { scanObject } from "../wire/json-scan.ts";
import { KeptAnswers } from "./kept-answers.ts";
import { RequestState, type AnsweredBy } from "./request-state.ts";

const LIMITS = { ttlMs: 3_600_000, maxBytes: 10_000_000 };
const HERE: AnsweredBy = { provider: "up", platform: "openai", model: "gpt-6", account: "a" };
const OTHER_ACCOUNT: AnsweredBy = { ...HERE, account: "b" };
const OTHER_PROVIDER: AnsweredBy = { ...HERE, provider: "other" };

const log = createLogger({ level: "silent", secrets: [] });
const keeping = (open: (() => RecordStore) | undefined): KeptAnswers => new KeptAnswers({ open, log });
const inMemory = (now?: () => number): KeptAnswers => keeping(() => new MemoryRecords(LIMITS, now));

interface Asking {
  readonly caller?: string;
  readonly memory?: RecordStore;
  readonly operation?: "generate" | "count-tokens";
}

function ask(
  kept: KeptAnswers,
  body: JsonObject | string,
  { caller = "alice", memory, operation = "generate" }: Asking = {},
): RequestState {
  const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  const request = { route: { operation }, query: new URLSearchParams(), headers: {}, body: bytes };
  const peek = { model: "m", stream: false, members: scanObject(bytes) };
  return new RequestState(kept, { side: stateful, request, peek, requestId: "req_1", caller, ...(memory && { memory }) });
}

const message = (text: string, id = `msg_${text}`): JsonObject => ({
  type: "message",
  id,
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text }],
});
const user = (text: string): JsonObject => ({ role: "user", content: text });
const answer = (id: string, output: readonly JsonObject[], more: JsonObject = {}): JsonObject => ({
  id,
  object: "response",
  status: "completed",
  output,
  store: true,
  ...more,
});

/** What whoever serves the request must be told. */
const input = (body: Buffer): unknown => (JSON.parse(body.toString()) as JsonObject)["input"];
const expanded = (state: RequestState): unknown => input(state.expanded.body);
const relayed = (state: RequestState, server: AnsweredBy): { body: Buffer; losses: readonly string[] } => {
  const losses = new LossLedger();
  const { body, members } = state.relayed(server, losses, () => undefined);
  expect(members).toEqual(scanObject(body));
  return { body, losses: losses.losses.map(({ code, path }) => `${code} ${path}`) };
};

/** An answer made here, to a request of its own. */
function translated(kept: KeptAnswers, body: JsonObject, made: JsonObject, asking?: Asking): void {
  ask(kept, body, asking).keeping(OTHER_PROVIDER).keep(made);
}

/** An answer that its upstream gave, and keeps. */
function given(kept: KeptAnswers, body: JsonObject, made: JsonObject, asking?: Asking): void {
  ask(kept, body, asking).keepRelayed(made, HERE);
}

describe("an answer that is gone on from", () => {
  test("rule 396: is written out with all that stands before it, in order", () => {
    const kept = inMemory();
    translated(kept, { input: "One?" }, answer("resp_1", [message("1")]));
    translated(kept, { previous_response_id: "resp_1", input: [user("Two?")] }, answer("resp_2", [message("2")]));
    const state = ask(kept, { previous_response_id: "resp_2", instructions: "new", input: "Three?" });
    expect(expanded(state)).toEqual([user("One?"), message("1"), user("Two?"), message("2"), user("Three?")]);
    expect(state.keeping(undefined)).toMatchObject({ stored: true, previous: "resp_2" });
  });

  test("may be gone on from in two ways, neither of which knows of the other", () => {
    const kept = inMemory();
    translated(kept, { input: "One?" }, answer("resp_1", [message("1")]));
    translated(kept, { previous_response_id: "resp_1", input: "A?" }, answer("resp_a", [message("a")]));
    translated(kept, { previous_response_id: "resp_1", input: "B?" }, answer("resp_b", [message("b")]));
    const state = ask(kept, { previous_response_id: "resp_a", input: "?" });
    expect(expanded(state)).toEqual([user("One?"), message("1"), user("A?"), message("a"), user("?")]);
  });

  test("is nobody else's, and looks to anybody else as if it were not there", () => {
    const kept = inMemory();
    translated(kept, { input: "One?" }, answer("resp_1", [message("1")]));
    const refusal = (id: string, caller: string): GatewayError => {
      try {
        ask(kept, { previous_response_id: id, input: "?" }, { caller });
      } catch (error) {
        return error as GatewayError;
      }
      throw new Error("not refused");
    };
    for (const caller of ["bob", ""]) {
      const [theirs, nobodys] = [refusal("resp_1", caller), refusal("resp_9", caller)];
      expect(theirs.message).toBe("Previous response with id 'resp_1' not found.");
      expect({ kind: theirs.kind, detail: theirs.detail, message: theirs.message.replace("resp_1", "resp_9") }).toEqual({
        kind: nobodys.kind,
        detail: nobodys.detail,
        message: nobodys.message,
      });
    }
  });

  test("is no longer there when one before it is not", () => {
    const kept = inMemory();
    translated(kept, { input: "One?" }, answer("resp_1", [message("1")]));
    translated(kept, { previous_response_id: "resp_1", input: "Two?" }, answer("resp_2", [message("2")]));
    kept.recordsOf("alice").remove("resp_1");
    const refusal = /^Previous response with id 'resp_2' not found\. What was said before it is no longer kept\.$/;
    expect(() => ask(kept, { previous_response_id: "resp_2", input: "?" })).toThrow(refusal);
  });

  test("is kept for longer by being used, with all that stands before it", () => {
    let now = 0;
    const kept = inMemory(() => now);
    translated(kept, { input: "One?" }, answer("resp_1", [message("1")]));
    translated(kept, { previous_response_id: "resp_1", input: "Two?" }, answer("resp_2", [message("2")]));
    for (let i = 0; i < 3; i += 1) {
      now += LIMITS.ttlMs - 1;
      expect(expanded(ask(kept, { previous_response_id: "resp_2", input: "?" }))).toHaveLength(5);
    }
    now += LIMITS.ttlMs;
    expect(() => ask(kept, { previous_response_id: "resp_2", input: "?" })).toThrow(/'resp_2' not found/);
  });

  test("failed answers are not kept, and those that were cut short are", () => {
    const kept = inMemory();
    translated(kept, { input: "?" }, answer("resp_failed", [], { status: "failed" }));
    translated(kept, { input: "?" }, answer("resp_short", [message("1")], { status: "incomplete" }));
    expect(() => ask(kept, { previous_response_id: "resp_failed", input: "?" })).toThrow(/not found/);
    expect(expanded(ask(kept, { previous_response_id: "resp_short", input: "?" }))).toHaveLength(3);
  });
});

describe("an answer that its upstream keeps", () => {
  const body = '{ "model": "m", "previous_response_id": "resp_1", "input": [ {"role":"user","content":"Two?","x":1.0} ] }';

  test("is gone on from there with the request untouched, and anywhere else with all of it", () => {
    const kept = inMemory();
    given(kept, { input: "One?" }, answer("resp_1", [message("1")]));
    const state = ask(kept, body);
    expect(relayed(state, HERE)).toEqual({ body: Buffer.from(body), losses: [] });
    expect(relayed(state, { ...HERE, model: "gpt-6-mini" }).body.toString()).toBe(body);
    const { id: _id, ...anonymous } = message("1");
    for (const server of [OTHER_ACCOUNT, OTHER_PROVIDER]) {
      expect(input(relayed(state, server).body)).toEqual([user("One?"), anonymous, { ...user("Two?"), x: 1 }]);
    }
    expect(expanded(state)).toEqual([user("One?"), message("1"), { ...user("Two?"), x: 1 }]);
    expect([state.preferredAccount("up"), state.preferredAccount("other")]).toEqual(["a", undefined]);
  });

  test("is written out for it when it has forgotten it", () => {
    const kept = inMemory();
    given(kept, { input: "One?" }, answer("resp_1", [message("1")]));
    const state = ask(kept, body);
    expect(state.forgottenBy(new GatewayError("rate-limited", "Slow down."))).toBe(false);
    expect(relayed(state, HERE).body.toString()).toBe(body);
    expect(state.forgottenBy(new GatewayError("invalid-request", "Previous response with id 'resp_1' not found."))).toBe(true);
    expect(input(relayed(state, HERE).body)).toHaveLength(3);
    expect(state.forgottenBy(new GatewayError("invalid-request", "Previous response with id 'resp_1' not found."))).toBe(false);
  });

  test("is not taken for one when it says that it keeps nothing", () => {
    const kept = inMemory();
    given(kept, { input: "One?" }, answer("resp_1", [message("1")], { store: false }));
    expect(input(relayed(ask(kept, body), HERE).body)).toHaveLength(3);
  });

  test("rule 433: its items are named there, and written out anywhere else", () => {
    const kept = inMemory();
    given(kept, { input: "One?" }, answer("resp_1", [message("1"), message("2")]));
    const named = '{"input":[{"role":"user","content":"One?"},{"type":"item_reference","id":"msg_1"},{"id":"msg_2"}]}';
    const state = ask(kept, named);
    expect(relayed(state, HERE).body.toString()).toBe(named);
    expect(input(relayed(state, OTHER_ACCOUNT).body)).toHaveLength(3);
    expect(relayed(state, OTHER_ACCOUNT).body.toString()).not.toMatch(/item_reference|msg_/);
    expect(expanded(state)).toEqual([user("One?"), message("1"), message("2")]);
    expect(state.preferredAccount("up")).toBe("a");
    // What it was asked has ids that only we gave.
    const [asked] = kept.recordsOf("alice").answer("resp_1")?.input ?? [];
    expect(input(relayed(ask(kept, { input: [{ type: "item_reference", id: asked?.id }] }), HERE).body)).toEqual([user("One?")]);
  });

  test("rule 434: reasoning without its state is known there; elsewhere it gets it back, or is left out where nobody has it", () => {
    const kept = inMemory();
    const shown = { type: "reasoning", id: "rs_shown", summary: [] };
    const proven = { type: "reasoning", id: "rs_proven", summary: [], encrypted_content: "proof" };
    given(kept, { input: "One?" }, answer("resp_1", [shown, proven, message("1")]));
    const replay = { input: [user("One?"), shown, { ...shown, id: "rs_proven" }, message("1"), user("Two?")] };
    const state = ask(kept, replay);
    expect(relayed(state, HERE)).toEqual({ body: Buffer.from(JSON.stringify(replay)), losses: [] });
    const elsewhere = relayed(state, OTHER_ACCOUNT);
    const { id: _id, ...anonymous } = message("1");
    expect(input(elsewhere.body)).toEqual([
      user("One?"),
      { type: "reasoning", summary: [], encrypted_content: "proof" },
      anonymous,
      user("Two?"),
    ]);
    expect(elsewhere.losses).toEqual(["foreign-reasoning input[1]"]);
    expect(expanded(state)).toEqual([user("One?"), shown, proven, message("1"), user("Two?")]);
  });

  test("rule 434: reasoning without its state is of no use to another model of that account", () => {
    const kept = inMemory();
    const proven = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "proof" };
    given(kept, { input: "One?" }, answer("resp_1", [proven, message("1")]));
    const state = ask(kept, { input: [user("One?"), { ...proven, encrypted_content: null }, message("1"), user("Two?")] });
    const { body } = relayed(state, { ...HERE, model: "gpt-6-mini" });
    expect(input(body)).toMatchObject([{}, { type: "reasoning", encrypted_content: "proof" }, {}, {}]);
    expect(body.toString()).not.toContain("rs_1");
  });

  test("rule 434: reasoning that nobody here knows never reaches an upstream by its id", () => {
    const { body, losses } = relayed(ask(inMemory(), { input: [{ type: "reasoning", id: "rs_x", summary: [] }, user("?")] }), HERE);
    expect(input(body)).toEqual([user("?")]);
    expect(losses).toEqual(["foreign-reasoning input[0]"]);
  });
});

test("rule 433: an item that nobody here knows is refused by its id, whatever is asked of it", () => {
  const refusal = expect.objectContaining({ kind: "invalid-request", detail: expect.objectContaining({ field: "input[1]" }) as unknown });
  const naming = { input: [user("?"), { type: "item_reference", id: "msg_x" }] };
  expect(() => ask(inMemory(), naming)).toThrow(refusal);
  expect(() => ask(inMemory(), naming)).toThrow(/'msg_x'/);
  expect(() => ask(inMemory(), { prompt_cache_options: { comparison_response_id: "resp_x" }, input: "?" })).toThrow(/'resp_x' not found/);
});

describe("a request that refers to nothing", () => {
  const body = '{ "model":"m", "input":[ {"id":"msg_own","role":"user","content":"?"} ] }';

  test("stays as it is, and opens no store unless its answer is kept", () => {
    const unopened = keeping(() => {
      throw new Error("opened");
    });
    const unkept = body.replace("{", '{"store":false,');
    const state = ask(unopened, unkept);
    expect(relayed(state, HERE).body.toString()).toBe(unkept);
    expect(state.expanded.body.toString()).toBe(unkept);
    expect(state.keeping(HERE).stored).toBe(false);
    state.keepRelayed(answer("resp_1", []), HERE);
    expect(relayed(ask(inMemory(), body), HERE).body.toString()).toBe(body);
  });

  test("is the last thing that is heard of its answer when it says so", () => {
    const kept = inMemory();
    translated(kept, { store: false, input: "One?" }, answer("resp_1", [message("1")]));
    expect(() => ask(kept, { previous_response_id: "resp_1", input: "?" })).toThrow(/not found/);
  });
});

describe("what a connection remembers", () => {
  test("is gone on from although nothing is kept, on that connection only", () => {
    const kept = keeping(undefined);
    const memory = new MemoryRecords(LIMITS);
    translated(kept, { store: false, input: "One?" }, answer("resp_1", [message("1")]), { memory });
    const state = ask(kept, { store: false, previous_response_id: "resp_1", input: "Two?" }, { memory });
    expect(expanded(state)).toHaveLength(3);
    expect(state.keeping(HERE).stored).toBe(false);
    expect(input(relayed(state, HERE).body)).toHaveLength(3);
    expect(() => ask(kept, { previous_response_id: "resp_1", input: "?" })).toThrow(/keeps no responses/);
    expect(() => ask(kept, { previous_response_id: "resp_1", input: "?" }, { memory: new MemoryRecords(LIMITS) })).toThrow(/not found/);
  });

  test("rule 365: begins with a warm-up that has no answer, and may go on from what is kept", () => {
    const kept = inMemory();
    const memory = new MemoryRecords(LIMITS);
    const warmUp = ask(kept, { store: false, generate: false, input: [user("Be brief.")] }, { memory });
    expect(warmUp.warmUp).toBe(true);
    warmUp.keeping(undefined).keep(answer("resp_warm", [], { store: false }));
    expect(expanded(ask(kept, { store: false, previous_response_id: "resp_warm", input: "?" }, { memory }))).toHaveLength(2);
    translated(kept, { input: "One?" }, answer("resp_1", [message("1")]));
    translated(kept, { store: false, previous_response_id: "resp_1", input: "Two?" }, answer("resp_2", [message("2")]), { memory });
    expect(expanded(ask(kept, { previous_response_id: "resp_2", input: "?" }, { memory }))).toHaveLength(5);
  });
});

test("a connection that goes on from what it remembers opens no store", () => {
  const unopened = keeping(() => {
    throw new Error("opened");
  });
  const memory = new MemoryRecords(LIMITS);
  translated(unopened, { store: false, input: "One?" }, answer("resp_1", [message("1")], { store: false }), { memory });
  const said = [
    { ...user("Two?"), id: "msg_2" },
    { type: "reasoning", id: "rs_2", summary: [], encrypted_content: "proof" },
  ];
  const state = ask(unopened, { store: false, previous_response_id: "resp_1", input: said }, { memory });
  expect(expanded(state)).toEqual([user("One?"), message("1"), ...said]);
  state.keeping(HERE).keep(answer("resp_2", [message("2")], { store: false }));
  expect(memory.get("alice", "resp_2")?.items).toHaveLength(3);
});

test("a connection does not remember what an answer repeats of its request, nor what is kept for longer anyway", () => {
  const kept = inMemory();
  const memory = new MemoryRecords(LIMITS);
  const tools = [{ type: "function", name: "f", description: "x".repeat(10_000) }];
  translated(kept, { store: false, input: "One?" }, answer("resp_1", [message("1")], { store: false, tools }), { memory });
  expect(memory.get("alice", "resp_1")?.head.length).toBeLessThan(500);
  translated(kept, { previous_response_id: "resp_1", input: "Two?" }, answer("resp_2", [message("2")], { tools }), { memory });
  expect(memory.get("alice", "resp_2")).toBeUndefined();
  expect(kept.recordsOf("alice").answer("resp_2")?.told).toMatchObject({ tools });
  expect(expanded(ask(kept, { previous_response_id: "resp_2", input: "?" }, { memory }))).toHaveLength(5);
});

test("a connection remembers what is too large to be kept for longer", () => {
  const kept = keeping(() => new MemoryRecords({ ttlMs: 1000, maxBytes: 800 }));
  const memory = new MemoryRecords(LIMITS);
  translated(kept, { input: "One?" }, answer("resp_1", [message("x".repeat(900))]), { memory });
  expect(expanded(ask(kept, { previous_response_id: "resp_1", input: "?" }, { memory }))).toHaveLength(3);
});

describe("where nothing is kept", () => {
  test("upstreams are told so, answers too, and references are refused with the reason", () => {
    const kept = keeping(undefined);
    const state = ask(kept, '{"model":"m","input":"?"}');
    expect(state.keeping(HERE).stored).toBe(false);
    expect(relayed(state, HERE).body.toString()).toBe('{"model":"m","input":"?","store":false}');
    state.keepRelayed(answer("resp_1", []), HERE);
    const off = expect.objectContaining({
      message: expect.stringMatching(/not found\. .*`responses\.store` is off/) as unknown,
      detail: expect.objectContaining({ code: "previous_response_not_found" }) as unknown,
    });
    expect(() => ask(kept, { previous_response_id: "resp_1", input: "?" })).toThrow(off);
  });

  test("an upstream that is asked to count is not told what to keep", () => {
    const state = ask(keeping(undefined), '{"model":"m","input":"?"}', { operation: "count-tokens" });
    expect(relayed(state, HERE).body.toString()).toBe('{"model":"m","input":"?"}');
  });

  test("a store that cannot be opened is as good as none, until it can, which is not tried with every request", () => {
    let [broken, tried, time] = [true, 0, 0];
    const open = (): RecordStore => {
      tried += 1;
      if (broken) throw new StorageError("dragoman.db cannot be used.");
      return new MemoryRecords(LIMITS);
    };
    const kept = new KeptAnswers({ open, log, now: () => time });
    expect(ask(kept, { input: "?" }).stored).toBe(false);
    expect(() => ask(kept, { previous_response_id: "resp_1", input: "?" })).toThrow(/cannot open its store/);
    broken = false;
    expect(ask(kept, { input: "?" }).stored).toBe(false);
    expect(tried).toBe(1);
    time = 5_000;
    expect(ask(kept, { input: "?" }).stored).toBe(true);
  });

  test("a store that cannot be read at the moment makes the client come back", () => {
    const busy: RecordStore = Object.assign(new MemoryRecords(LIMITS), {
      get: () => {
        throw new DatabaseBusy("held");
      },
    });
    const kept = keeping(() => busy);
    expect(() => ask(kept, { previous_response_id: "resp_1", input: "?" })).toThrow(expect.objectContaining({ kind: "unavailable" }));
    expect(ask(kept, { input: "?" }).stored).toBe(true);
  });

  test("a request that is larger than any record is not promised to be kept", () => {
    const kept = keeping(() => new MemoryRecords({ ttlMs: 1000, maxBytes: 500 }));
    const state = ask(kept, { input: "x".repeat(600) });
    expect(state.stored).toBe(false);
    expect(relayed(state, HERE).body.toString()).toContain('"store":false');
  });
});

describe("a conversation", () => {
  const begun = (kept: KeptAnswers): void => {
    const item = { id: "msg_begun", part: "input", text: JSON.stringify(user("Begun.")) } as const;
    kept.recordsOf("alice").keepConversation({ id: "conv_1", createdAt: 1, metadata: {}, items: [item] });
  };

  test("stands before what a request says, and gets that and the answer", () => {
    const kept = inMemory();
    begun(kept);
    const first = ask(kept, { conversation: "conv_1", input: "One?" });
    expect(first.session).toBe("conv_1");
    expect(expanded(first)).toEqual([user("Begun."), user("One?")]);
    expect(first.keeping(HERE).conversation).toBe("conv_1");
    first.keeping(HERE).keep(answer("resp_1", [message("1")]));
    const second = ask(kept, { conversation: { id: "conv_1" }, store: false, input: "Two?" });
    expect(expanded(second)).toEqual([user("Begun."), user("One?"), message("1"), user("Two?")]);
    second.keepRelayed(answer("resp_2", [message("2")]), HERE);
    expect(kept.recordsOf("alice").conversation("conv_1")?.items).toHaveLength(5);
    expect(kept.recordsOf("alice").answer("resp_2")).toBeUndefined();
  });

  test("is unknown to every upstream, and never named to one", () => {
    const kept = inMemory();
    begun(kept);
    ask(kept, { conversation: "conv_1", input: "One?" }).keepRelayed(answer("resp_1", [message("1")]), HERE);
    const { body } = relayed(ask(kept, { conversation: "conv_1", input: "Two?" }), HERE);
    expect(JSON.parse(body.toString())).toMatchObject({ conversation: null, input: [{}, {}, {}, {}] });
  });

  test("goes on from one of its answers as it was then", () => {
    const kept = inMemory();
    begun(kept);
    translated(kept, { conversation: "conv_1", input: "One?" }, answer("resp_1", [message("1")]));
    translated(kept, { conversation: "conv_1", input: "Two?" }, answer("resp_2", [message("2")]));
    const items = [user("Begun."), user("One?"), message("1"), user("Other?")];
    expect(expanded(ask(kept, { previous_response_id: "resp_1", input: "Other?" }))).toEqual(items);
    kept.recordsOf("alice").remove("conv_1");
    expect(() => ask(kept, { previous_response_id: "resp_1", input: "?" })).toThrow(/'resp_1' not found/);
    expect(() => ask(kept, { conversation: "conv_1", input: "?" })).toThrow(expect.objectContaining({ kind: "not-found" }));
  });

  test("goes on from one of its answers with all before it, though the client gives one id again and again", () => {
    const kept = inMemory();
    begun(kept);
    const same = (text: string): JsonObject => ({ ...user(text), id: "msg_same" });
    translated(kept, { conversation: "conv_1", input: [same("One?")] }, answer("resp_1", [message("1")]));
    translated(kept, { conversation: "conv_1", input: [same("Two?")] }, answer("resp_2", [message("2")]));
    const items = [user("Begun."), same("One?"), message("1"), same("Two?"), message("2"), user("Other?")];
    expect(expanded(ask(kept, { previous_response_id: "resp_2", input: "Other?" }))).toEqual(items);
    translated(kept, { conversation: "conv_1", input: [] }, answer("resp_3", []));
    expect(expanded(ask(kept, { previous_response_id: "resp_3", input: "Other?" }))).toEqual(items);
    kept.recordsOf("alice").removeItem("conv_1", "msg_2");
    expect(expanded(ask(kept, { previous_response_id: "resp_1", input: "Other?" }))).toEqual([...items.slice(0, 3), user("Other?")]);
  });

  test("is nobody else's", () => {
    const kept = inMemory();
    begun(kept);
    expect(() => ask(kept, { conversation: "conv_1", input: "?" }, { caller: "bob" })).toThrow("Conversation with id 'conv_1' not found.");
    expect(() => ask(kept, { previous_response_id: "conv_1", input: "?" })).toThrow(/not found/);
    translated(kept, { input: "?" }, answer("resp_1", []));
    expect(() => ask(kept, { conversation: "resp_1", input: "?" })).toThrow(/not found/);
  });
});
