import { describe, expect, test } from "vitest";
import { claude, encodeMessages as encode } from "../../../../test/support/messages.ts";
import type { ChatRequest, Tool, ToolChoice } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";

const tools = ["f", "g", "h.i"].map((name, i): Tool => ({ type: "function", path: `tools[${i}]`, name, inputSchema: { type: "object" } }));

/** The choice, the notes in the system, and the losses. */
function chosen(model: string, request: Partial<ChatRequest>): unknown[] {
  const { body, losses } = encode({ tools, ...request }, claude(model));
  const notes = ((body["system"] as JsonObject[] | undefined) ?? []).map(({ text }) => text);
  expect((body["tools"] as unknown[] | undefined)?.length ?? 0).toBe((request.tools ?? tools).length);
  return [body["tool_choice"], ...notes, losses];
}

const OLDER = "claude-opus-4-8";
const NEWEST = "claude-opus-5-5";

describe("rules 81–83: the choice, and one call at a time", () => {
  test.each<[Partial<ChatRequest>, unknown[]]>([
    [{}, [undefined, []]],
    [{ toolChoice: { mode: "required" } }, [{ type: "any" }, []]],
    [{ toolChoice: { mode: "tool", name: "f" } }, [{ type: "tool", name: "f" }, []]],
    [{ toolChoice: { mode: "none" }, parallelToolCalls: false }, [{ type: "none" }, []]],
    [{ toolChoice: { mode: "auto" }, parallelToolCalls: false }, [{ type: "auto", disable_parallel_tool_use: true }, []]],
    [{ toolChoice: { mode: "required" }, parallelToolCalls: false }, [{ type: "any", disable_parallel_tool_use: true }, []]],
    [{ parallelToolCalls: false }, [{ type: "auto", disable_parallel_tool_use: true }, []]],
    [{ parallelToolCalls: true }, [undefined, []]],
  ])("%j", (request, expected) => expect(chosen(OLDER, request)).toEqual(expected));

  test("rule 70: a changed name is the same in the choice", () => {
    const { body } = encode({ tools, toolChoice: { mode: "tool", name: "h.i" } }, claude(OLDER));
    const [, , declared] = body["tools"] as { name: string }[];
    expect(body["tool_choice"]).toEqual({ type: "tool", name: declared?.name });
  });

  test("rule 85: without tools there is no choice, and a demand is refused", () => {
    expect(chosen(OLDER, { tools: [], toolChoice: { mode: "auto" } })).toEqual([undefined, []]);
    expect(chosen(OLDER, { tools: [], parallelToolCalls: false })).toEqual([undefined, []]);
    expect(chosen(OLDER, { tools: [], toolChoice: { mode: "required" } })).toEqual([undefined, ["tool-choice"]]);
  });
});

const SUBSET: ToolChoice = { mode: "subset", names: ["f", "g"], required: true };

describe("B.0.4: a subset", () => {
  test.each<[string, ToolChoice, unknown[]]>([
    [OLDER, { ...SUBSET, names: ["f"] }, [{ type: "tool", name: "f" }, []]],
    [OLDER, SUBSET, [{ type: "any" }, "Call none but these of the tools: f, g.", ["tool-choice"]]],
    [OLDER, { ...SUBSET, required: false }, [{ type: "auto" }, "Call none but these of the tools: f, g.", ["tool-choice"]]],
    [NEWEST, SUBSET, [{ type: "auto" }, "Answer by calling at least one of the tools: f, g.", ["tool-choice"]]],
  ])("%s: %j", (model, toolChoice, expected) => expect(chosen(model, { toolChoice })).toEqual(expected));
});

describe("rules 86, 440: models that refuse a forced tool are asked in words", () => {
  test.each<[string, ToolChoice, string]>([
    [NEWEST, { mode: "required" }, "Answer by calling at least one of the tools."],
    [NEWEST, { mode: "tool", name: "f" }, "Answer by calling the tool f."],
    ["claude-sonnet-5-5", { mode: "required" }, "Answer by calling at least one of the tools."],
    ["claude-fable-5-1", { mode: "tool", name: "g" }, "Answer by calling the tool g."],
  ])("%s: %j", (model, toolChoice, note) => expect(chosen(model, { toolChoice })).toEqual([{ type: "auto" }, note, ["tool-choice"]]));

  test("a tool that is not offered cannot be demanded", () => {
    const { losses } = encode({ tools, toolChoice: { mode: "tool", name: "zz" } }, claude(OLDER));
    expect(losses).toEqual(["tool-choice"]);
  });
});

describe("rule 87: a forced tool and thinking", () => {
  test.each<[string, Partial<ChatRequest>, unknown, string[]]>([
    ["claude-sonnet-4-5", { reasoning: { mode: "on", effort: "high" } }, undefined, ["reasoning-off"]],
    ["claude-sonnet-4-5", {}, undefined, []],
    ["claude-opus-4-8", { reasoning: { mode: "adaptive", effort: "low" } }, undefined, ["reasoning-off"]],
    ["claude-opus-5", {}, { type: "disabled" }, ["reasoning-off"]],
    ["claude-3-5-haiku-latest", {}, undefined, []],
  ])("%s with %j", (model, request, thinking, losses) => {
    const encoded = encode({ tools, toolChoice: { mode: "required" }, maxOutputTokens: 8000, ...request }, claude(model));
    expect(encoded.body["tool_choice"]).toEqual({ type: "any" });
    expect(encoded.body["thinking"]).toEqual(thinking);
    expect(encoded.losses).toEqual(losses);
  });
});
