/** Opaque state goes out to a Chat client and comes back to its place (rules 47, 130, 139, 141, 165; dossier B.0.7). */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answer } from "../../../../test/support/answers.ts";
import { chatAnswerContext, decodeMessages, sdkAnswering, streamOf } from "../../../../test/support/chat-client.ts";
import type { ChatResponse, Content } from "../../../chat/chat.ts";
import { replay } from "../../../chat/collect.ts";
import type { JsonObject } from "../../../chat/json.ts";
import type { OpaqueState } from "../../../chat/state.ts";
import { createStateSealer } from "../../../chat/state.ts";
import { client } from "./index.ts";

const user = { role: "user", content: "hi" };
const claude = (value: string): OpaqueState => ({ issuer: { platform: "anthropic", model: "c" }, kind: "thinking", value });
const google = (value: string): OpaqueState => ({ issuer: { platform: "gemini" }, kind: "thought-signature", value });
const thought = (text: string, value: string): Content => ({ type: "reasoning", text, state: claude(value) });
const redacted: Content = {
  type: "reasoning",
  text: "",
  state: { issuer: { platform: "anthropic" }, kind: "redacted-thinking", value: "r" },
};
const call = (id: string, state?: OpaqueState): Content => ({
  type: "tool-call",
  kind: "function",
  id,
  name: "f",
  input: "{}",
  ...(state && { state }),
});

function messageOf(response: ChatResponse): JsonObject {
  const { choices } = client.encodeResponse(response, chatAnswerContext()) as unknown as { choices: [{ message: JsonObject }] };
  return choices[0].message;
}

/** What comes back from a client that sends the message as it got it. */
function returned(message: JsonObject): object[] {
  return decodeMessages(user, message)
    .items.slice(1)
    .map(({ turn: _turn, path: _path, ...content }) => content);
}

describe("what a client sends back as it came", () => {
  test.each<[string, Content[]]>([
    ["a thought before a call", [thought("why", "s1"), call("a")]],
    ["a thought without words", [thought("", "s1"), { type: "text", text: "so" }, call("a")]],
    ["a redacted thought", [redacted, { type: "text", text: "so" }]],
    [
      "rules 47 and 130: thoughts among texts and calls",
      [
        thought("1", "s1"),
        { type: "text", text: "☺ one" },
        thought("2", "s2"),
        { type: "text", text: "two" },
        call("a"),
        thought("3", "s3"),
        call("b"),
      ],
    ],
    ["rule 139: each signature at its own call", [call("a", google("g1")), call("b"), call("c", google("g2"))]],
    [
      "rule 141: a signed text among others",
      [
        { type: "text", text: "a" },
        { type: "text", text: "bc", state: google("g") },
        { type: "text", text: "d" },
      ],
    ],
    [
      "rule 142: a signature behind the text",
      [
        { type: "text", text: "a" },
        { type: "text", text: "", state: google("g") },
      ],
    ],
  ])("%s stays where it was", async (_name, items) => {
    const response = answer(items, { reason: "stop" });
    expect(returned(messageOf(response))).toEqual(items);
    const stream = sdkAnswering(streamOf(response)).chat.completions.stream({ model: "m", messages: [] });
    const { choices } = await stream.finalChatCompletion();
    expect(returned(choices[0]?.message as unknown as JsonObject)).toEqual(items);
  });

  test("any order of thoughts, texts and calls comes back, but for calls before a text", () => {
    const item = fc.oneof(
      fc.string({ minLength: 1 }).map((text): Content => ({ type: "text", text })),
      fc.string().map((text) => thought(text, "s")),
      fc.string({ minLength: 1 }).map((text): Content => ({ type: "text", text, state: google("g") })),
    );
    fc.assert(
      fc.property(fc.array(item), fc.array(fc.nat(9)), (said, calls) => {
        const items = [...said, ...calls.map((id, i) => call(`${i}-${id}`))];
        // Texts that nothing stands between are one text.
        const joined: Content[] = [];
        for (const one of items) {
          const last = joined.at(-1);
          if (one.type === "text" && !one.state && last?.type === "text" && !last.state)
            joined[joined.length - 1] = { ...last, text: last.text + one.text };
          else joined.push(one);
        }
        expect(returned(messageOf(answer(items)))).toEqual(joined);
      }),
    );
  });
});

test("proof that comes after its call goes to it", () => {
  const [start, open, ...rest] = replay(answer([call("a")]));
  const events = [start, open, ...rest.map((event) => (event.type === "item-end" ? { ...event, state: google("late") } : event))];
  const encoder = client.streamEncoder(chatAnswerContext());
  const stream = events.map((event) => event && encoder.push(event)).join("");
  expect(stream).toContain('"tool_calls":[{"index":0,"extra_content":{"google":{"thought_signature":"dragoman-state-v1.');
});

describe("what is not ours, or not whole", () => {
  const message = messageOf(answer([thought("why", "s1"), call("a", google("g"))]));
  const stranger = createStateSealer([Buffer.alloc(32, 9)]);

  test("rules 165 and 436: a damaged envelope is absent, the words stay", () => {
    const [detail] = message["reasoning_details"] as JsonObject[];
    const damaged = { ...message, reasoning_details: [{ ...detail, signature: `${detail?.["signature"] as string}x` }] };
    expect(returned(damaged)[0]).toEqual({ type: "reasoning", text: "why" });
    expect(decodeMessages(user, damaged).turns[1]).toEqual({ role: "assistant" });
  });

  test("rule 165: another gateway's envelope at a call is no state", () => {
    const foreign = stranger.seal({ state: google("g"), binds: "self" });
    const calls = [
      { id: "a", type: "function", function: { name: "f", arguments: "{}" }, extra_content: { google: { thought_signature: foreign } } },
    ];
    const [item] = decodeMessages(user, { role: "assistant", tool_calls: calls }).items.slice(1);
    expect(item).not.toHaveProperty("state");
    expect(item).not.toHaveProperty("native");
  });

  test("rules 144 and 436: who sends only the words back loses the proof and nothing else", () => {
    const { reasoning_details: _details, ...plain } = message;
    expect(returned(plain)[0]).toEqual({ type: "reasoning", text: "why" });
    expect(returned({ role: "assistant", content: "x", reasoning: "why", reasoning_content: "why" })).toEqual([
      { type: "reasoning", text: "why" },
      { type: "text", text: "x" },
    ]);
  });

  test.each([[[-3, -1]], [[99, 99]], ["x"], [[1.5]]])("a place such as %j loses no words and doubles none", (position) => {
    const [detail] = message["reasoning_details"] as JsonObject[];
    const items = returned({ role: "assistant", content: "abc", reasoning_details: [{ ...detail, position, length: -2 }] });
    const said = items.flatMap((item) => ("type" in item && item.type === "text" && "text" in item ? [item.text] : []));
    expect(said.join("")).toBe("abc");
  });

  test("other servers' details stay as they are", () => {
    const details = [{ type: "reasoning.text", text: "t", signature: "sig", format: "other" }];
    const request = decodeMessages(user, { role: "assistant", content: "x", reasoning: "t", reasoning_details: details });
    expect(request.turns[1]?.native?.fields).toEqual({ reasoning_details: details });
  });

  test("envelopes in thinking_blocks count as well", () => {
    const signature = (message["reasoning_details"] as JsonObject[])[0]?.["signature"];
    const blocks = [{ type: "thinking", thinking: "why", signature: signature as string }];
    expect(returned({ role: "assistant", content: "x", thinking_blocks: blocks })[0]).toEqual(thought("why", "s1"));
  });
});
