import { describe, expect, test } from "vitest";
import { conversation } from "../../test/support/gemini.ts";
import type { ChatRequest, Content } from "../chat/chat.ts";
import { replay } from "../chat/collect.ts";
import type { OpaqueState } from "../chat/state.ts";
import { AnswerStates } from "./answer-states.ts";

const HOUR_MS = 3_600_000;
const proof = (value: string): OpaqueState => ({ issuer: { platform: "p" }, kind: "thinking", value });
const text = (said: string, value?: string): Content => ({ type: "text", text: said, ...(value !== undefined && { state: proof(value) }) });
const thought = (said: string, value?: string): Content => ({
  type: "reasoning",
  text: said,
  ...(value !== undefined && { state: proof(value) }),
});
const call = (id: string, value?: string): Content => ({
  type: "tool-call",
  kind: "function",
  id,
  name: "f",
  input: "{}",
  ...(value !== undefined && { state: proof(value) }),
});
const result = (id: string): Content => ({ type: "tool-result", callId: id, content: [text("ok")], isError: false });

type Turn = readonly ["user" | "assistant", ...Content[]];
const request = (...turns: readonly Turn[]): ChatRequest => conversation(turns.map(([role, ...content]) => ({ role, content })));
const hi: Turn = ["user", text("Hi")];

/** What a request is once the state is put back, in short: `text`, `text=state`, `(thought=state)`, `call id=state`. */
function restored(states: AnswerStates, sent: ChatRequest, whose = "mine"): string {
  const said = states.open(sent, () => whose).restored();
  return said.items
    .filter(({ turn }) => said.turns[turn]?.role === "assistant")
    .map((item) => {
      const state = "state" in item && item.state ? `=${item.state.value}` : "";
      if (item.type === "reasoning") return `(${item.text}${state})`;
      return item.type === "tool-call" ? `call ${item.id}${state}` : `${item.type === "text" ? item.text : item.type}${state}`;
    })
    .join(" ");
}

/** Lets an answer pass, to a request whose state was put back. */
function answer(states: AnswerStates, sent: ChatRequest, items: readonly Content[], keeps: "all" | "texts" = "all", whose = "mine"): void {
  const state = states.open(sent, () => whose);
  state.restored();
  const keeper = state.keeper(keeps);
  for (const event of replay({ items, finish: { reason: "stop" } })) keeper.push(event);
}

const newStates = (clock = { now: () => 0 }): AnswerStates => new AnswerStates(clock);

describe("rule 144: proof of calls", () => {
  const filled = (clock?: { now(): number }): AnswerStates => {
    const states = newStates(clock);
    const keeper = states.open(request(hi), () => "mine").keeper("all");
    keeper.push({ type: "item-start", index: 0, item: call("a", "at the start") });
    keeper.push({ type: "item-end", index: 0 });
    keeper.push({ type: "item-start", index: 1, item: call("b") });
    keeper.push({ type: "item-end", index: 1, state: proof("at the end") });
    keeper.push({ type: "item-start", index: 2, item: call("c") });
    keeper.push({ type: "item-end", index: 2 });
    return states;
  };

  test("each call gets its own, in its own conversation only, before the answer has ended", () => {
    const states = filled();
    expect(restored(states, request(["assistant", call("c"), call("b"), call("a")]))).toBe("call c call b=at the end call a=at the start");
    expect(restored(states, request(["assistant", call("a"), call("b")]), "another's")).toBe("call a call b");
  });

  test("what the client brings is not replaced", () => {
    expect(restored(filled(), request(["assistant", call("a", "own")]))).toBe("call a=own");
  });

  test("what nobody has asked for in twelve hours is gone", () => {
    let time = 1;
    const states = filled({ now: () => time });
    time += 11 * HOUR_MS;
    expect(restored(states, request(["assistant", call("a")]))).toBe("call a=at the start");
    time += 11 * HOUR_MS;
    expect(restored(states, request(["assistant", call("b")]))).toBe("call b=at the end");
    time += 13 * HOUR_MS;
    expect(restored(states, request(["assistant", call("a")]))).toBe("call a");
  });

  test("without anything kept, a request is the same object", () => {
    const sent = request(["assistant", call("a")]);
    expect(
      newStates()
        .open(sent, () => expect.unreachable())
        .restored(),
    ).toBe(sent);
  });
});

describe("whole answers", () => {
  test.each<[string, readonly Content[], readonly Content[], string]>([
    ["reasoning before a call", [thought("hm", "1"), call("a")], [call("a")], "(hm=1) call a"],
    ["reasoning before words, found by the words", [thought("hm", "1"), text("Hello.")], [text(" Hello.\n")], "(hm=1)  Hello.\n"],
    [
      "reasoning between words and calls",
      [thought("a", "1"), text("One. "), thought("", "2"), text("Two."), call("x"), thought("c", "3"), call("y")],
      [text("One. Two."), call("x"), call("y")],
      "(a=1) One.  (=2) Two. call x (c=3) call y",
    ],
    [
      "words behind a call",
      [text("One. "), call("x"), thought("b", "1"), text("Two.")],
      [text("One. Two."), call("x")],
      "One.  call x (b=1) Two.",
    ],
    ["reasoning that the client shows back without proof", [thought("hm", "1"), call("a")], [thought("hm"), call("a")], "(hm=1) call a"],
    ["reasoning that nobody proved", [thought("hm"), call("a", "1")], [call("a")], "call a=1"],
    ["proof of words", [text("One. "), text("Two.", "1"), call("a")], [text("One. Two."), call("a")], "One.  Two.=1 call a"],
    ["proof of no words", [text("One."), text("", "1")], [text("One.")], "One. =1"],
    ["reasoning behind all else", [text("One."), thought("b", "1")], [text("One.")], "One. (b=1)"],
  ])("%s", (_what, said, sentBack, expected) => {
    const states = newStates();
    answer(states, request(hi), said);
    expect(restored(states, request(hi, ["assistant", ...sentBack], ["user", text("And?")]))).toBe(expected);
  });

  test("what the client brings itself is not put there twice", () => {
    const states = newStates();
    answer(states, request(hi), [thought("hm", "1"), text("One.", "2"), call("a", "3")]);
    const own = [thought("hm", "own"), text("One."), call("a")];
    expect(restored(states, request(hi, ["assistant", ...own]))).toBe("(hm=own) One.=2 call a=3");
  });

  test("proof of words alone, where the client keeps the rest", () => {
    const states = newStates();
    answer(states, request(hi), [thought("hm", "1"), text("One.", "2"), call("a", "3")], "texts");
    expect(restored(states, request(hi, ["assistant", thought("hm", "own"), text("One."), call("a")]))).toBe("(hm=own) One.=2 call a=3");
    expect(restored(states, request(hi, ["assistant", text("One."), call("a")]))).toBe("One.=2 call a=3");
  });

  test("an answer that broke off leaves its calls' proof only", () => {
    const states = newStates();
    const keeper = states.open(request(hi), () => "mine").keeper("all");
    for (const event of replay({ items: [thought("hm", "1"), call("a", "2")], finish: { reason: "stop" } }))
      if (event.type !== "finish") keeper.push(event);
    expect(restored(states, request(hi, ["assistant", call("a")]))).toBe("call a=2");
  });
});

describe("rule 130: reasoning is bound to what stood before it", () => {
  const first = [thought("1", "s1"), call("a", "c1")];
  const second = [thought("2", "s2"), text("Done.")];
  const grown = (opening: Turn): readonly Turn[] => [opening, ["assistant", call("a")], ["user", result("a")]];

  function played(): AnswerStates {
    const states = newStates();
    answer(states, request(hi), first);
    answer(states, request(...grown(hi)), second);
    return states;
  }
  const whole = (opening = hi): ChatRequest => request(...grown(opening), ["assistant", text("Done.")], ["user", text("And?")]);

  test("what was put back is put back again when the conversation has grown", () => {
    expect(restored(played(), whole())).toBe("(1=s1) call a=c1 (2=s2) Done.");
  });

  test("it goes back where everything before it is the same: marks, notes, state and reasoning aside", () => {
    const note = { type: "text", text: "a note of the client's", clientMetadata: true } as const;
    const marked: Turn = ["user", note, { ...text("Hi"), cache: {} }];
    expect(restored(played(), whole(marked))).toBe("(1=s1) call a=c1 (2=s2) Done.");
    expect(restored(played(), whole(["user", text("Hi!")]))).toBe("call a=c1 Done.");
    const tool = { type: "function", name: "g", inputSchema: {}, path: "tools[0]" } as const;
    expect(restored(played(), { ...whole(), tools: [tool] })).toBe("call a=c1 Done.");
  });

  test("the same words at another place are another answer", () => {
    const states = played();
    const again = request(hi, ["assistant", text("Done.")], ["user", text("Hi")]);
    expect(restored(states, again)).toBe("Done.");
    answer(states, request(hi), [thought("3", "s3"), text("Done.")]);
    expect(restored(states, again)).toBe("(3=s3) Done.");
    expect(restored(states, whole())).toBe("(1=s1) call a=c1 (2=s2) Done.");
  });

  test("a conversation is forgotten as a whole, and what comes after is bound to what is left", () => {
    const states = played();
    const long = "x".repeat(9_000_000);
    answer(states, whole(), [thought("", long), call("b", "c2")]);
    expect(restored(states, request(...grown(hi), ["assistant", text("Done.")], ["user", text("And?")], ["assistant", call("b")]))).toBe(
      "call a Done. call b",
    );
  });

  test("what was put back when it was asked for is kept, though it was forgotten meanwhile", () => {
    let time = 1;
    const states = newStates({ now: () => time });
    answer(states, request(hi), first);
    const asked = states.open(request(...grown(hi)), () => "mine");
    expect(asked.restored().items.some(({ type }) => type === "reasoning")).toBe(true);
    time += 13 * HOUR_MS;
    const keeper = asked.keeper("all");
    for (const event of replay({ items: second, finish: { reason: "stop" } })) keeper.push(event);
    expect(restored(states, whole())).toBe("(1=s1) call a=c1 (2=s2) Done.");
  });

  test("two answers to one request that came at once are both kept", () => {
    const states = newStates();
    const keepers = [1, 2].map(() => states.open(request(hi), () => "mine").keeper("all"));
    for (const [i, keeper] of keepers.entries())
      for (const event of replay({ items: [thought("", `s${i}`), call(`c${i}`)], finish: { reason: "stop" } })) keeper.push(event);
    expect(restored(states, request(hi, ["assistant", call("c0")]))).toBe("(=s0) call c0");
    expect(restored(states, request(hi, ["assistant", call("c1")]))).toBe("(=s1) call c1");
  });

  test("answers that grow at once take up no more room than they are large", () => {
    const states = newStates();
    const keepers = [1, 2].map(() => states.open(request(hi), () => "mine").keeper("all"));
    const ids = Array.from({ length: 30 }, (_, i) => `c${i}`);
    for (const [i, id] of ids.entries()) {
      for (const event of replay({ items: [call(id, "s".repeat(2_000))], finish: { reason: "stop" } })) {
        if (event.type.startsWith("item-")) keepers[i % 2]?.push(event);
      }
    }
    const proved = ids.map((id) => `call ${id}=${"s".repeat(2_000)}`);
    expect(restored(states, request(hi, ["assistant", ...ids.map((id) => call(id))]))).toBe(proved.join(" "));
  });
});
