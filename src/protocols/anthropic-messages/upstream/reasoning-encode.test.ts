import { describe, expect, test } from "vitest";
import { claude, conversation, encodeMessages as encode, encodeTarget, type Said } from "../../../../test/support/messages.ts";
import type { ChatRequest, Content, Reasoning } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";

/** `thinking`, the effort, and the losses. */
function reasoned(model: string, reasoning: Reasoning, request: Partial<ChatRequest> = {}): unknown[] {
  const { body, losses } = encode({ reasoning, maxOutputTokens: 60_000, ...request }, claude(model));
  return [body["thinking"], (body["output_config"] as JsonObject | undefined)?.["effort"], losses];
}

const NOTHING = [undefined, undefined, []];
const DISABLED = { type: "disabled" };
const ADAPTIVE = { type: "adaptive" };
const SHOWN = { type: "adaptive", display: "summarized" };
const BETWEEN = { type: "between_tools" };
const ALWAYS = ["reasoning-not-disabled"];
const NEAREST = ["reasoning-effort"];

describe("rule 153: what nobody said is not sent", () => {
  test.each(["claude-sonnet-4", "claude-opus-4-7", "claude-opus-5", "claude-haiku-5-5"])("%s", (model) => {
    expect(reasoned(model, {})).toEqual(NOTHING);
    expect(encode({}, claude(model)).body).not.toHaveProperty("thinking");
  });
});

describe("rules 150–152: no reasoning", () => {
  test.each<[string, Reasoning, unknown[]]>([
    ["claude-3-haiku", { mode: "off" }, [undefined, undefined, ["max-output-tokens"]]],
    ["claude-sonnet-4-5", { mode: "off" }, [DISABLED, undefined, []]],
    ["claude-opus-4-6", { effort: "none" }, [DISABLED, undefined, []]],
    ["claude-opus-4-8", { mode: "off", effort: "max" }, [DISABLED, "max", []]],
    ["claude-opus-5", { mode: "off", effort: "xhigh" }, [DISABLED, "high", NEAREST]],
    ["claude-haiku-5-5", { mode: "off", effort: "low" }, [DISABLED, "low", []]],
    ["claude-sonnet-5-5", { effort: "none" }, [BETWEEN, undefined, ALWAYS]],
    ["claude-sonnet-5-5", { mode: "off", effort: "max" }, [BETWEEN, "high", [...NEAREST, ...ALWAYS]]],
    ["claude-opus-5-5", { mode: "off" }, [SHOWN, "low", ALWAYS]],
    ["claude-fable-6", { effort: "none" }, [SHOWN, "low", ALWAYS]],
  ])("%s: %j", (model, reasoning, expected) => expect(reasoned(model, reasoning)).toEqual(expected));
});

describe("rules 150, 154, 158: efforts and budgets", () => {
  test.each<[string, Reasoning, unknown[]]>([
    ["claude-3-5-haiku-latest", { mode: "on", effort: "high" }, [undefined, undefined, ["max-output-tokens", "reasoning-unsupported"]]],
    ["claude-sonnet-4-5", { effort: "medium" }, [{ type: "enabled", budget_tokens: 8192 }, undefined, []]],
    ["claude-sonnet-4-5", { effort: "max" }, [{ type: "enabled", budget_tokens: 59_999 }, undefined, []]],
    // Rule 154: a budget of −1 is the model's own choice.
    ["claude-sonnet-4-5", { mode: "adaptive" }, [{ type: "enabled", budget_tokens: 8192 }, undefined, []]],
    ["claude-opus-4-7", { mode: "adaptive" }, [ADAPTIVE, undefined, []]],
    ["claude-opus-4-7", { effort: "high" }, [undefined, "high", []]],
    ["claude-opus-4-7", { mode: "adaptive", effort: "high" }, [ADAPTIVE, "high", []]],
    ["claude-opus-4-7", { mode: "adaptive", effort: "minimal" }, [ADAPTIVE, "low", NEAREST]],
    ["claude-opus-4-6", { mode: "adaptive", effort: "xhigh" }, [ADAPTIVE, "high", NEAREST]],
    ["claude-opus-4-6", { mode: "adaptive", effort: "max" }, [ADAPTIVE, "max", []]],
    ["claude-opus-5-5", { mode: "on", budgetTokens: 20_000 }, [SHOWN, "high", NEAREST]],
    ["claude-sonnet-5-5", { mode: "between-tools", effort: "max" }, [BETWEEN, "high", NEAREST]],
  ])("%s: %j", (model, reasoning, expected) => expect(reasoned(model, reasoning)).toEqual(expected));
});

test("a form that the model turned out not to know is not sent", () => {
  const { profile } = encodeTarget(claude("claude-opus-4-7"));
  const learnt = { ...profile, thinkingForms: profile.thinkingForms.filter((form) => form !== "adaptive") };
  const { body } = encode({ reasoning: { mode: "adaptive", effort: "low" } }, { profile: learnt });
  expect(body).not.toHaveProperty("thinking");
  expect(body["output_config"]).toEqual({ effort: "low" });
});

test("rule 149: a budget stays below the cap, and below its least there is no thinking", () => {
  const on = { mode: "on", budgetTokens: 9000 } as const;
  expect(reasoned("claude-sonnet-4-5", on, { maxOutputTokens: 4000 })).toEqual([
    { type: "enabled", budget_tokens: 3999 },
    undefined,
    NEAREST,
  ]);
  expect(reasoned("claude-sonnet-4-5", { ...on, budgetTokens: 10 })).toEqual([
    { type: "enabled", budget_tokens: 1024 },
    undefined,
    NEAREST,
  ]);
  expect(reasoned("claude-sonnet-4-5", on, { maxOutputTokens: 500 })).toEqual([undefined, undefined, ["reasoning-budget-too-small"]]);
});

describe("rule 167: whoever wants to see reasoning is shown it, where it would be left out", () => {
  test.each<[string, Reasoning, unknown]>([
    // What these say between calls is thinking, so they show it even when nobody spoke of it.
    ["claude-sonnet-5-5", {}, SHOWN],
    ["claude-opus-5-5", {}, SHOWN],
    ["claude-sonnet-5-5", { show: true }, SHOWN],
    ["claude-opus-5", { show: true }, SHOWN],
    ["claude-sonnet-5-5", { effort: "high", show: true }, { type: "adaptive", display: "summarized" }],
    ["claude-sonnet-5-5", { mode: "adaptive", show: false }, { type: "adaptive", display: "omitted" }],
    ["claude-sonnet-4-5", { mode: "on", effort: "low", show: true }, { type: "enabled", budget_tokens: 1024, display: "summarized" }],
    // Showing alone turns nothing on.
    ["claude-opus-4-8", { show: true }, undefined],
    ["claude-sonnet-4-5", { show: true }, undefined],
  ])("%s: %j", (model, reasoning, thinking) => expect(reasoned(model, reasoning)[0]).toEqual(thinking));
});

describe("rules 147, 148: calls that were made without thinking", () => {
  const call: Content = { type: "tool-call", kind: "function", id: "a", name: "f", input: "{}" };
  const result: Content = { type: "tool-result", callId: "a", content: [], isError: false };
  const state = { issuer: { platform: "anthropic" }, kind: "thinking", value: "c2ln" } as const;
  const thought: Content = { type: "reasoning", text: "hm", state };
  const said = (...answer: Content[]): Said[] => [
    ["user", { type: "text", text: "q" }],
    ["assistant", ...answer],
    ["user", result],
  ];
  const thinks = (model: string, ...turns: Said[]): unknown[] => {
    const [thinking, , losses] = reasoned(model, { mode: "on", effort: "low" }, conversation(...turns));
    return [(thinking as JsonObject | undefined)?.["type"], losses];
  };

  test("older models do not think on", () => {
    expect(thinks("claude-sonnet-4-5", ...said(call))).toEqual([undefined, ["reasoning-off"]]);
    expect(thinks("claude-sonnet-4-5", ...said({ type: "text", text: "so" }, call))).toEqual([undefined, ["reasoning-off"]]);
  });
  test("nor do they when the thinking was another's", () => {
    const foreign: Content = { ...thought, state: { ...state, issuer: { platform: "gemini" }, kind: "thought-signature" } };
    expect(thinks("claude-sonnet-4-5", ...said(foreign, call))).toEqual([undefined, ["foreign-reasoning", "reasoning-off"]]);
  });
  test("with thinking before them, or once the step is over, they do", () => {
    expect(thinks("claude-sonnet-4-5", ...said(thought, call))).toEqual(["enabled", []]);
    const over: Said[] = [...said(call), ["assistant", { type: "text", text: "done" }], ["user", { type: "text", text: "r" }]];
    expect(thinks("claude-sonnet-4-5", ...over)).toEqual(["enabled", []]);
  });
  test("adaptive models always do", () => {
    expect(thinks("claude-opus-4-6", ...said(call))).toEqual(["adaptive", []]);
    expect(thinks("claude-opus-5-5", ...said(call))).toEqual(["adaptive", []]);
  });
});

describe("rules 128–130: thinking of another account", () => {
  const by = (account: string, text: string, model = "claude-opus-5-5"): Content => ({
    type: "reasoning",
    text,
    state: { issuer: { platform: "anthropic", model, account }, kind: "thinking", value: "c2ln" },
  });
  const text = (value: string): Content => ({ type: "text", text: value });
  const kept = (...thoughts: Content[]): unknown[] => {
    const turns = thoughts.flatMap((thought, i): Said[] => [
      ["user", text(`q${i}`)],
      ["assistant", thought, text(`a${i}`)],
    ]);
    const issuer = { platform: "anthropic", model: "claude-opus-5-5", account: "one" };
    const { body, losses } = encode(conversation(...turns, ["user", text("r")]), { ...claude("claude-opus-5-5"), issuer });
    expect(losses.every((code) => code === "foreign-reasoning")).toBe(true);
    return body.messages.flatMap(({ content }) => content.filter(({ type }) => type === "thinking").map(({ thinking }) => thinking));
  };

  test("its own stays", () => expect(kept(by("one", "a"), by("one", "b"))).toEqual(["a", "b"]));
  test("another's goes alone: the target never saw it, when it signed what is its own", () => {
    expect(kept(by("one", "a"), by("two", "b"), by("one", "c"))).toEqual(["a", "c"]);
    expect(kept(by("two", "a"), by("one", "b"))).toEqual(["b"]);
  });
  test("rule 128: models that bind thinking are asked to drop what no longer fits, as long as any is replayed", () => {
    const turns: Said[] = [
      ["user", text("q")],
      ["assistant", by("one", "a"), text("a")],
      ["user", text("r")],
    ];
    const issuer = { platform: "anthropic", model: "claude-opus-5-5", account: "one" };
    const sent = (model: string, ...said: Said[]): unknown[] => {
      const { body, headers } = encode(conversation(...said), { ...claude(model), issuer });
      return [(body["thinking"] as JsonObject | undefined)?.["block_binding"], headers[3]];
    };
    const dropped = [{ prefix_mismatch_behavior: "drop_block" }, "thinking-binding-controls-2026-08-01"];
    expect(sent("claude-opus-5-5", ...turns)).toEqual(dropped);
    expect(sent("claude-haiku-5-5", ...turns)).toEqual(dropped);
    expect(sent("claude-opus-5", ...turns)).toEqual([undefined, undefined]);
    expect(sent("claude-opus-5-5", ...turns.slice(0, 1))).toEqual([undefined, undefined]);
  });
  test("another model's too", () => expect(kept(by("one", "a", "claude-opus-4-8"), by("one", "b"))).toEqual(["b"]));
  test("what another vendor signed was never before Claude, and breaks nothing", () => {
    const gemini: Content = {
      type: "reasoning",
      text: "g",
      state: { issuer: { platform: "gemini" }, kind: "thought-signature", value: "x" },
    };
    expect(kept(gemini, { type: "reasoning", text: "unsigned" }, by("one", "b"))).toEqual(["b"]);
  });
});
