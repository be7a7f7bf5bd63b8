/** What other protocols say, in the wire's words. Round trips of the wire's own words are in `round-trip.test.ts`. */
import { describe, expect, test } from "vitest";
import { anthropic, conversation, encodeMessages as encode } from "../../../../test/support/messages.ts";
import type { Content } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import type { EncodeTarget } from "../../protocol.ts";

const text = (value: string): Content => ({ type: "text", text: value });
const call = (id: string, input = "{}"): Content => ({ type: "tool-call", kind: "function", id, name: "f", input });
const result = (callId: string, ...content: Content[]): Content => ({ type: "tool-result", callId, content, isError: false });

describe("content", () => {
  const encoded = (content: Content, over: Partial<EncodeTarget> = {}): { blocks: JsonObject[]; losses: readonly string[] } => {
    const { body, losses } = encode(conversation(["user", text("q"), content]), over);
    return { blocks: body.messages[0]?.content.slice(1) ?? [], losses };
  };

  test("rule 48: ids that are not legal here are escaped, on calls and results alike", () => {
    const { body } = encode(conversation(["user", text("q")], ["assistant", call("call|1.x")], ["user", result("call|1.x")]));
    const id = body.messages[1]?.content[0]?.["id"];
    expect(id).toMatch(/^[a-zA-Z0-9_-]+$/);
    expect(body.messages[2]?.content[0]?.["tool_use_id"]).toBe(id);
  });

  test.each([
    ["rule 54: no arguments", "", {}],
    ["rule 54: null", "null", {}],
    ["rule 54: a list", "[1]", { _raw: "[1]" }],
    ["rule 55: no JSON", '{"a":', { _raw: '{"a":' }],
    ["JSON", '{"a":1}', { a: 1 }],
  ])("%s", (_rule, input, expected) => {
    const { body } = encode(conversation(["user", text("q")], ["assistant", call("a", input)], ["user", result("a")]));
    expect(body.messages[1]?.content[0]?.["input"]).toEqual(expected);
  });

  test("rule 131: thinking without proof, or with another's, is dropped, never said", () => {
    const foreign = { issuer: { platform: "gemini" }, kind: "thought-signature", value: "x" } as const;
    const { body, losses } = encode(
      conversation(
        ["user", text("q")],
        ["assistant", { type: "reasoning", text: "hm" }, { type: "reasoning", text: "hm", state: foreign }, text("a")],
        ["user", text("r")],
      ),
    );
    expect(body.messages[1]?.content).toEqual([{ type: "text", text: "a" }]);
    expect(losses).toEqual(["foreign-reasoning", "foreign-reasoning"]);
  });

  test("rule 128: Claude's proof returns to the model and account that gave it, and to no other", () => {
    const state = { issuer: { platform: "anthropic", model: "claude-up", account: "a" }, kind: "thinking", value: "c2ln" } as const;
    const said = conversation(["user", text("q")], ["assistant", { type: "reasoning", text: "hm", state }, text("a")]);
    const thinking = { type: "thinking", thinking: "hm", signature: "c2ln" };
    const blocks = (issuer: object): unknown => encode(said, { issuer: { ...anthropic, ...issuer } }).body.messages[1]?.content;
    expect(blocks({ model: "claude-up", account: "a" })).toEqual([thinking, { type: "text", text: "a" }]);
    expect(blocks({ model: "claude-up", account: "b" })).toEqual([{ type: "text", text: "a" }]);
  });

  test("search results, refusals", () => {
    expect(encoded({ type: "search-result", title: "t", source: "s", content: [{ type: "text", text: "x" }] }).blocks).toEqual([
      { type: "search_result", source: "s", title: "t", content: [{ type: "text", text: "x" }] },
    ]);
    expect(encoded({ type: "refusal", text: "no" }).blocks).toEqual([{ type: "text", text: "no" }]);
  });

  test("rules 93, 225: what another vendor's tools found is said as text", () => {
    expect(encoded({ type: "hosted-tool-call", id: "x", kind: "web-search", name: "s", input: '{"query":"q"}' })).toEqual({
      blocks: [{ type: "text", text: '[s] {"query":"q"}' }],
      losses: ["hosted-tool-history"],
    });
    expect(encoded({ type: "hosted-tool-result", callId: "x", kind: "web-search", text: "A: https://a" })).toEqual({
      blocks: [{ type: "text", text: "[web-search result]\nA: https://a" }],
      losses: ["hosted-tool-history"],
    });
  });

  test("fields and content of other protocols are on the ledger", () => {
    expect(encoded({ type: "opaque", name: "videoMetadata", native: { protocol: "gemini", fields: { a: 1 } } })).toEqual({
      blocks: [],
      losses: ["opaque-content"],
    });
    expect(encoded({ ...text("x"), native: { protocol: "gemini", fields: { a: 1 } } }).losses).toEqual(["native-field"]);
    expect(encoded({ ...text("x"), native: { protocol: "gemini", fields: { a: null } } }).losses).toEqual([]);
    expect(encode({ native: { protocol: "openai-chat", fields: { logit_bias: {} } } }).losses).toEqual(["native-field"]);
  });
});
