import { describe, expect, test } from "vitest";
import { profileFor } from "../catalog/profiles/index.ts";
import type { ChatRequest, Content } from "../chat/chat.ts";
import { prefillOf } from "./prefill.ts";
import type { SaidItem } from "./said.ts";

const request: ChatRequest = {
  model: "m",
  stream: true,
  system: [],
  turns: [{ role: "user" }],
  items: [{ type: "text", text: "Count.", turn: 0, path: "messages[0]" }],
  tools: [],
  sampling: {},
};

function claude(model: string) {
  return profileFor({ platform: "anthropic", model, protocol: "anthropic-messages" });
}
const TAKES = claude("claude-sonnet-4-5");

function said(text: string, item: Content = { type: "text", text: "" }, more: Partial<SaidItem> = {}): SaidItem {
  return { item, text, citations: [], ended: false, ...more };
}

describe("the text that was sent, as the beginning of the answer", () => {
  test("stands in a turn of the model's own, without the spaces at its end", () => {
    expect(prefillOf(request, [said("One, two \n")], TAKES)).toMatchObject({
      text: "One, two \n",
      given: 8,
      request: {
        turns: [{ role: "user" }, { role: "assistant" }],
        items: [{ text: "Count." }, { type: "text", text: "One, two", turn: 1 }],
        continuesLastTurn: true,
      },
    });
  });

  test("leaves only the rest of the tokens", () => {
    const { maxOutputTokens = 0 } = prefillOf({ ...request, maxOutputTokens: 100 }, [said("One, two, three, four")], TAKES)?.request ?? {};
    expect(maxOutputTokens).toBeGreaterThan(50);
    expect(maxOutputTokens).toBeLessThan(100);
    expect(prefillOf({ ...request, maxOutputTokens: 2 }, [said("One, two, three, four")], TAKES)?.request.maxOutputTokens).toBe(1);
  });

  test.each<[string, SaidItem[]]>([
    ["nothing", []],
    ["spaces", [said(" \n")]],
    ["a thought", [said("hm", { type: "reasoning", text: "" })]],
    ["a thought before it", [said("hm", { type: "reasoning", text: "" }, { ended: true }), said("One")]],
    ["a call", [said("{", { type: "tool-call", id: "c", kind: "function", name: "f", input: "" })]],
    [
      "a call behind it",
      [said("One", undefined, { ended: true }), said("{", { type: "tool-call", id: "c", kind: "function", name: "f", input: "" })],
    ],
    ["a text that has ended", [said("One", undefined, { ended: true })]],
    ["a text with sources", [said("One", undefined, { citations: [{ url: "https://a" }] })]],
    ["a refusal", [said("No", { type: "refusal", text: "" })]],
  ])("not where that was %s", (_what, items) => {
    expect(prefillOf(request, items, TAKES)).toBeUndefined();
  });

  test.each<[string, Partial<ChatRequest>]>([
    ["thinking is on", { reasoning: { mode: "on", budgetTokens: 1024 } }],
    ["an effort is asked for", { reasoning: { effort: "low" } }],
    ["the request begins the answer itself", { turns: [{ role: "user" }, { role: "assistant" }] }],
    ["the answer is to be JSON", { outputFormat: { type: "json" } }],
    ["a tool is demanded", { toolChoice: { mode: "required" } }],
    ["probabilities are asked for", { logprobs: { alternatives: 0 } }],
    ["a stop sequence may have begun", { stop: ["end", "eleven"] }],
  ])("not where %s", (_what, more) => {
    expect(prefillOf({ ...request, ...more }, [said("One")], TAKES)?.text).toBeUndefined();
    expect(prefillOf(request, [said("One")], TAKES)?.text).toBe("One");
  });

  test.each<[model: string, reasoning: ChatRequest["reasoning"], may: boolean]>([
    ["claude-sonnet-4-5", undefined, true],
    ["claude-sonnet-4-5", { mode: "off" }, true],
    ["claude-3-5-haiku", { mode: "on" }, true],
    ["claude-sonnet-5", undefined, false],
    ["claude-sonnet-5", { mode: "off" }, true],
    ["claude-opus-5-5", { mode: "off" }, false],
  ])("%s with %j: never while it may think first", (model, reasoning, may) => {
    const asked = { ...request, ...(reasoning && { reasoning }) };
    expect(prefillOf(asked, [said("One")], claude(model)) !== undefined).toBe(may);
  });
});
