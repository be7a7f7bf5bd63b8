import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { claude, conversation, encodeMessages as encode, type EncodedMessages, type Said } from "../../../../test/support/messages.ts";
import type { Content, Item } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { LossLedger } from "../../../chat/loss.ts";

const text = (value: string): Content => ({ type: "text", text: value });
const call = (id: string, input = "{}"): Content => ({ type: "tool-call", kind: "function", id, name: "f", input });
const result = (callId: string, ...content: Content[]): Content => ({ type: "tool-result", callId, content, isError: false });

/** Messages as words: the role, then what each block is. */
function outline({ body }: EncodedMessages): string[] {
  const name = (block: JsonObject): string => {
    const { id, tool_use_id: answered, text: words, type } = block as Record<string, string | undefined>;
    return id ?? (answered === undefined ? (words ?? type ?? "?") : `=${answered}${block["is_error"] === true ? "!" : ""}`);
  };
  return body.messages.map(({ role, content }) => `${role}: ${content.map(name).join(" ")}`);
}

describe("the law of tool results", () => {
  const laws: readonly (readonly [string, Said[], string[]])[] = [
    [
      "rule 23: results in turns of their own come together, before what is said",
      [
        ["user", text("q")],
        ["assistant", call("a"), call("b")],
        ["user", result("a")],
        ["user", result("b")],
        ["user", text("and")],
      ],
      ["user: q", "assistant: a b", "user: =a =b and"],
    ],
    [
      "rule 22: results come before text",
      [
        ["user", text("q")],
        ["assistant", call("a")],
        ["user", text("and"), result("a")],
      ],
      ["user: q", "assistant: a", "user: =a and"],
    ],
    [
      "rule 24: the order of lawful results is the caller's",
      [
        ["user", text("q")],
        ["assistant", call("a"), call("b")],
        ["user", result("b"), result("a"), text("x")],
      ],
      ["user: q", "assistant: a b", "user: =b =a x"],
    ],
    [
      "rule 52: ids that come again are told apart, and results go to the calls of their step in order",
      [
        ["user", text("q")],
        ["assistant", call("a"), call("a")],
        ["user", result("a", text("1")), result("a", text("2"))],
        ["assistant", call("a"), call("a_2")],
        ["user", result("a_2"), result("a")],
      ],
      ["user: q", "assistant: a a_2", "user: =a =a_2", "assistant: a_3 a_2_2", "user: =a_2_2 =a_3"],
    ],
    [
      "rule 26: a reference to a tool outside a result is words",
      [
        ["user", text("q"), result("gone", { type: "tool-reference", name: "Later" })],
        ["assistant", text("ok")],
        ["user", text("go on")],
      ],
      ["user: q Result of the tool call gone: Tool Later loaded.", "assistant: ok", "user: go on"],
    ],
    [
      "rules 25, 89: a call without a result gets one that says so",
      [
        ["user", text("q")],
        ["assistant", call("a"), call("b")],
        ["user", result("b"), text("stop")],
      ],
      ["user: q", "assistant: a b", "user: =b =a! stop"],
    ],
    [
      "rule 25: also at the end",
      [
        ["user", text("q")],
        ["assistant", call("a")],
      ],
      ["user: q", "assistant: a", "user: =a!"],
    ],
    [
      "rule 26: a result without its call is what the user says",
      [
        ["user", text("q")],
        ["assistant", text("hm")],
        ["user", result("z", text("lost"))],
      ],
      ["user: q", "assistant: hm", "user: Result of the tool call z: lost"],
    ],
    [
      "a second result for one call is no result",
      [
        ["user", text("q")],
        ["assistant", call("a")],
        ["user", result("a", text("1")), result("a", text("2"))],
      ],
      ["user: q", "assistant: a", "user: =a Result of the tool call a: 2"],
    ],
    [
      "rule 18: a system turn waits until the results are in",
      [
        ["user", text("q")],
        ["assistant", call("a")],
        ["system", text("rule")],
        ["user", result("a")],
      ],
      ["user: q", "assistant: a", "user: =a", "system: rule"],
    ],
    [
      "rule 39: calls in turns of their own are answered together",
      [
        ["user", text("q")],
        ["assistant", text("hm")],
        ["assistant", call("a")],
        ["assistant", call("b")],
        ["user", result("a"), result("b")],
      ],
      ["user: q", "assistant: hm", "assistant: a", "assistant: b", "user: =a =b"],
    ],
  ];
  test.each(laws)("%s", (_rule, said, expected) => expect(outline(encode(conversation(...said)))).toEqual(expected));

  test("whatever the history, every call is answered first, once, in the next message, and nothing else is", () => {
    const part = fc.oneof(
      fc.constantFrom("a", "b", "c").map((id) => call(id)),
      fc.constantFrom("a", "b", "c").map((id) => result(id, text("r"))),
      fc.constant(text("t")),
    );
    const turn = fc
      .tuple(fc.constantFrom("user" as const, "assistant" as const), fc.array(part, { maxLength: 4 }))
      .map(([role, parts]): Said => [role, ...parts.filter(({ type }) => type !== (role === "user" ? "tool-call" : "tool-result"))]);
    fc.assert(
      fc.property(fc.array(turn, { minLength: 1, maxLength: 8 }), (said) => {
        const { body } = encode(conversation(["user", text("q")], ...said));
        let due: unknown[] = [];
        for (const { role, content } of body.messages) {
          if (role === "assistant") due.push(...content.filter(({ type }) => type === "tool_use").map(({ id }) => id));
          if (role === "assistant") continue;
          const answered = content.filter(({ type }) => type === "tool_result").map(({ tool_use_id: id }) => id);
          expect(content.slice(0, answered.length).every(({ type }) => type === "tool_result")).toBe(true);
          expect(new Set(answered)).toEqual(new Set(due));
          expect(answered.length).toBe(new Set(due).size);
          due = [];
        }
        expect(due).toEqual([]);
      }),
    );
  });
});

describe("turns", () => {
  test("rules 31, 32: text that is empty or blank goes, and so does a turn of nothing else", () => {
    expect(
      outline(encode(conversation(["user", text("q")], ["assistant", text(""), text(" \n")], ["user", text(" "), text("x")]))),
    ).toEqual(["user: q", "user: x"]);
  });

  test("rule 33: what the answer shall begin with does not end in spaces", () => {
    const encoded = encode(conversation(["user", text("q")], ["assistant", text("Well, \n")]), claude("claude-haiku-4-5"));
    expect(outline(encoded)).toEqual(["user: q", "assistant: Well,"]);
    expect(encoded.losses).toEqual(["prefill-trimmed"]);
  });

  test("rule 15: the assistant does not speak first", () => {
    expect(encode(conversation(["assistant", text("hello")], ["user", text("q")])).body.messages[0]?.role).toBe("user");
  });

  test("rule 17: a system turn stands after a user's, elsewhere it is the user's own", () => {
    const encoded = encode(
      conversation(["user", text("q")], ["system", text("a")], ["assistant", text("hm")], ["system", text("b")], ["user", text("r")]),
    );
    expect(outline(encoded)).toEqual([
      "user: q",
      "system: a",
      "assistant: hm",
      "user: <system-reminder>\nb\n</system-reminder>",
      "user: r",
    ]);
    expect(encoded.losses).toEqual(["system-turn-as-user"]);
  });

  test("rule 17: a change of tools is said in words where only a user could say it", () => {
    const change: Content = { type: "tool-change", change: "remove", tools: ["Bash"] };
    const said = conversation(["user", text("q")], ["system", change], ["assistant", text("hm")]);
    const words = "user: <system-reminder>\nTools no longer available: Bash.\n</system-reminder>";
    expect(outline(encode(said, claude("claude-opus-4-6")))).toContain(words);
    expect(outline(encode(said))).toContain("system: tool_removal");
  });

  test("rule 34: newer models do not continue an answer, and a caller who wants that is told", () => {
    const losses = new LossLedger();
    const asked = conversation(["user", text("q")], ["assistant", text("Well,")]);
    const encoded = encode({ ...asked, continuesLastTurn: true }, { ...claude("claude-opus-4-6"), losses });
    expect(outline(encoded)).toEqual(["user: q", "assistant: Well,", "user: Continue."]);
    expect(losses.losses).toMatchObject([{ code: "prefill", severity: "contract" }]);
  });

  test("thinking that led to nothing ends no request, but stays where something was said after it", () => {
    const thought: Content = {
      type: "reasoning",
      text: "hm",
      state: { issuer: { platform: "anthropic" }, kind: "thinking", value: "c2ln" },
    };
    const haiku = claude("claude-haiku-4-5");
    const alone = encode(conversation(["user", text("q")], ["assistant", thought]), haiku);
    expect(outline(alone)).toEqual(["user: q"]);
    expect(alone.losses).toEqual(["unpaired-reasoning"]);
    const behind = encode(conversation(["user", text("q")], ["assistant", text("Well,"), thought, thought]), haiku);
    expect(outline(behind)).toEqual(["user: q", "assistant: Well,"]);
    const before = encode(conversation(["user", text("q")], ["assistant", thought], ["user", text("r")]), haiku);
    expect(outline(before)).toEqual(["user: q", "assistant: thinking", "user: r"]);
    expect(before.losses).toEqual([]);
  });

  test("rule 227: an answer that paused for the provider's tools is no prefill", () => {
    const paused: Content = {
      type: "hosted-tool-call",
      id: "srvtoolu_1",
      kind: "web-search",
      name: "web_search",
      input: "{}",
      native: { protocol: "anthropic-messages", fields: { type: "server_tool_use" } },
    };
    const encoded = encode(conversation(["user", text("q")], ["assistant", text("I look."), paused]));
    expect(outline(encoded)).toEqual(["user: q", "assistant: I look. srvtoolu_1"]);
    expect(encoded.losses).toEqual([]);
  });

  test.each([
    ["claude-opus-4-8", "system: b"],
    ["claude-opus-4-7", "user: <system-reminder>\nb\n</system-reminder>"],
  ])("rules 17, 23: with %s a system turn among results stands behind them", (model, expected) => {
    const said = conversation(["user", text("q")], ["assistant", call("a")], ["system", text("b")], ["user", result("a")]);
    expect(outline(encode(said, claude(model)))).toEqual(["user: q", "assistant: a", "user: =a", expected]);
  });

  test("rules 14, 16: neighbours of one role stay in order, and blocks of the system stay apart", () => {
    const system = ["a", "b", "c"].map((words, i): Item => ({ type: "text", text: words, turn: -1, path: `messages[${i}]` }));
    const encoded = encode({
      ...conversation(["user", text("q")], ["user", text("r")], ["assistant", text("hm")], ["user", text("s")]),
      system,
    });
    expect(outline(encoded)).toEqual(["user: q", "user: r", "assistant: hm", "user: s"]);
    expect(encoded.body["system"]).toEqual(["a", "b", "c"].map((words) => ({ type: "text", text: words })));
  });

  test("rules 36, 232: an answer that said nothing is left out, and one that only calls has no text", () => {
    const said = conversation(
      ["user", text("q")],
      ["assistant"],
      ["user", text("r")],
      ["assistant", text(""), call("a")],
      ["user", result("a")],
    );
    expect(outline(encode(said))).toEqual(["user: q", "user: r", "assistant: a", "user: =a"]);
  });

  test("rule 21: instructions alone are a request, and the answer to it continues one that began the same", () => {
    const system: Item[] = [{ type: "text", text: "Say hello.", turn: -1, path: "messages[0]" }];
    const alone = encode({ turns: [], items: [], system });
    const later = encode({ ...conversation(["assistant", text("hello")], ["user", text("r")]), system });
    expect(alone.body.messages).toHaveLength(1);
    expect(later.body.messages.slice(0, 1)).toEqual(alone.body.messages);
    expect(alone.body["system"]).toEqual(later.body["system"]);
    expect(alone.losses).toEqual(["opening-turn-added"]);
    expect(() => encode({ turns: [], items: [] })).toThrow(expect.objectContaining({ kind: "invalid-request" }) as Error);
  });

  test("rule 43: what the model showed is shown by the user, before what the user says", () => {
    const image: Content = { type: "media", kind: "image", mediaType: "image/png", source: { base64: "iVBORw0KGgo=" } };
    const said: Said[] = [
      ["user", text("q")],
      ["assistant", text("see"), image, call("a")],
      ["user", text("hm"), result("a")],
    ];
    const encoded = encode(conversation(...said));
    expect(outline(encoded)).toEqual(["user: q", "assistant: see a", "user: =a image hm"]);
    expect(encoded.losses).toEqual(["media-moved"]);
  });

  test("rule 44: nothing that a user says has citations", () => {
    const cited: Content = {
      type: "text",
      text: "so",
      citations: [{ url: "https://a", native: { protocol: "anthropic-messages", fields: { type: "x" } } }],
    };
    const { body, losses } = encode(conversation(["user", cited], ["assistant", cited], ["user", text("r")]));
    expect(body.messages.map(({ content }) => content[0]?.["citations"])).toEqual([undefined, [{ type: "x" }], undefined]);
    expect(losses).toEqual(["citations"]);
  });
});

describe("rule 4: a longer history begins as the shorter did", () => {
  const said: Said[] = [
    ["user", text("q")],
    ["assistant", text("hm"), call("a"), call("b")],
    ["user", result("b", text("2")), result("a", text("1"))],
    ["assistant", text("so")],
    ["user", text("r")],
    ["assistant", call("c:1")],
    ["user", result("c:1", text("3"))],
  ];
  test("in a usual conversation", () => {
    const whole = encode(conversation(...said)).body.messages;
    for (const length of [1, 3, 5, 7]) {
      const part = encode(conversation(...said.slice(0, length))).body.messages;
      expect(JSON.stringify(part)).toBe(JSON.stringify(whole.slice(0, part.length)));
    }
  });

  const issuers = fc.constantFrom({ platform: "anthropic" }, { platform: "anthropic", account: "other" }, { platform: "gemini" });
  const thought = issuers.map((issuer): Content => ({ type: "reasoning", text: "hm", state: { issuer, kind: "thinking", value: "c2ln" } }));
  const image: Content = { type: "media", kind: "image", source: { base64: "iVBORw0KGgoAAAANSUhEUg==" } };
  const words = fc.constantFrom("t", "", " ").map(text);
  const asked = fc.array(fc.oneof(words, fc.constant(image)), { maxLength: 2 });
  const before = fc.array(fc.tuple(fc.constantFrom("user" as const, "system" as const), words), { maxLength: 2 });
  /** A user's words, system turns, an answer, and results in turns of their own, some missing, one nobody asked for. */
  const round = fc.record({
    asked,
    before,
    answer: fc.array(fc.oneof(words, thought, fc.constant(image)), { maxLength: 3 }),
    calls: fc.uniqueArray(fc.constantFrom("a", "b:1", "c"), { maxLength: 3 }),
    results: fc.uniqueArray(fc.constantFrom("a", "b:1", "c", "z"), { maxLength: 4 }),
    after: before,
  });
  const models = ["claude-opus-5-5", "claude-opus-4-7", "claude-sonnet-4-5", "claude-3-5-sonnet-latest"];

  test("and in any other, up to what the user says", () => {
    fc.assert(
      fc.property(fc.array(round, { minLength: 1, maxLength: 3 }), fc.constantFrom(...models), (rounds, model) => {
        const turns: Said[] = [];
        const borders: number[] = [];
        const issuer = { platform: "anthropic", account: "mine" };
        for (const { asked: first, before: early, answer, calls, results, after } of rounds) {
          turns.push(["user", text("q"), ...first], ...early);
          borders.push(turns.length);
          turns.push(
            ["assistant", ...answer, ...calls.map((id) => call(id))],
            ...results.map((id): Said => ["user", result(id, text(id))]),
            ...after,
          );
        }
        turns.push(["user", text("end")]);
        const whole = encode(conversation(...turns), { ...claude(model), issuer }).body.messages;
        for (const border of borders) {
          const part = encode(conversation(...turns.slice(0, border)), { ...claude(model), issuer }).body.messages;
          expect(part).toEqual(whole.slice(0, part.length));
        }
      }),
    );
  });
});
