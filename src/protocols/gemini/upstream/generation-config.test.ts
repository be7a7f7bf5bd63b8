import { describe, expect, test } from "vitest";
import { conversation, send, text, type Said } from "../../../../test/support/gemini.ts";
import type { ChatRequest, Effort, Reasoning, Tool } from "../../../chat/chat.ts";

const turns: readonly Said[] = [{ role: "user", content: [text("hi")] }];
const sent = (more: Partial<ChatRequest>, model?: string): ReturnType<typeof send> => send(conversation(turns, more), model);
const configOf = (more: Partial<ChatRequest>, model?: string): Record<string, unknown> | undefined =>
  sent(more, model).body.generationConfig;
const codes = ({ losses }: ReturnType<typeof send>): string[] => losses.map(({ code, severity }) => `${code} ${severity}`);

describe("limits and sampling", () => {
  test("nothing asked, nothing sent", () => {
    expect(configOf({})).toBeUndefined();
  });

  test("rules 188 and 189: the limit fits the model and is never zero", () => {
    expect(configOf({ maxOutputTokens: 1000 })).toEqual({ maxOutputTokens: 1000 });
    const large = sent({ maxOutputTokens: 128_000 });
    expect(large.body.generationConfig).toEqual({ maxOutputTokens: 65_536 });
    expect(codes(large)).toEqual(["max-output-tokens info"]);
    expect(configOf({ maxOutputTokens: 0 })).toEqual({ maxOutputTokens: 1 });
  });

  test("sampling passes as it is", () => {
    expect(configOf({ sampling: { temperature: 0, topP: 0.9, topK: 40, seed: 7, presencePenalty: 0.5, frequencyPenalty: -0.5 } })).toEqual({
      temperature: 0,
      topP: 0.9,
      topK: 40,
      seed: 7,
      presencePenalty: 0.5,
      frequencyPenalty: -0.5,
    });
  });

  test("rule 264: probabilities of tokens are asked for", () => {
    const asked = sent({ logprobs: { alternatives: 2 } });
    expect(asked.body.generationConfig).toEqual({ responseLogprobs: true, logprobs: 2 });
    expect(codes(asked)).toEqual([]);
    expect(configOf({ logprobs: { alternatives: 0 } })).toEqual({ responseLogprobs: true });
  });

  test("rule 194: a model that ignores sampling is not sent any", () => {
    const argon = sent({ sampling: { temperature: 1 } }, "gemini-4-argon");
    expect(argon.body.generationConfig).toBeUndefined();
    expect(codes(argon)).toEqual(["sampling-ignored semantic"]);
  });

  test("rule 198: five stop sequences are sent, the rest is scanned for", () => {
    expect(configOf({ stop: ["a", "b"] })).toEqual({ stopSequences: ["a", "b"] });
    const many = sent({ stop: ["a", "b", "c", "d", "e", "f"] });
    expect(many.body.generationConfig).toEqual({ stopSequences: ["a", "b", "c", "d", "e"] });
    expect(many.scanStops).toEqual(["f"]);
    expect(codes(many)).toEqual([]);
  });
});

describe("dossier B.0.5: reasoning", () => {
  const thinking = (reasoning: Reasoning, model?: string): unknown => configOf({ reasoning }, model)?.["thinkingConfig"];
  const byEffort = (model: string): unknown[] =>
    (["none", "minimal", "low", "medium", "high", "xhigh", "max"] satisfies Effort[]).map(
      (effort) => Object.values(thinking({ effort }, model) as object)[0],
    );

  test("rules 155–157: levels or a budget, never both", () => {
    expect(byEffort("gemini-4-argon")).toEqual(["LOW", "LOW", "LOW", "MEDIUM", "HIGH", "HIGH", "HIGH"]);
    expect(byEffort("gemini-3-pro-preview")).toEqual(["LOW", "LOW", "LOW", "HIGH", "HIGH", "HIGH", "HIGH"]);
    expect(byEffort("gemini-3-flash-preview")).toEqual(["MINIMAL", "MINIMAL", "LOW", "MEDIUM", "HIGH", "HIGH", "HIGH"]);
    expect(byEffort("gemini-2.5-pro")).toEqual([128, 512, 1024, 8192, 24_576, 32_768, 32_768]);
    expect(byEffort("gemini-2.5-flash")).toEqual([0, 512, 1024, 8192, 24_576, 24_576, 24_576]);
    expect(thinking({ effort: "low", budgetTokens: 9000 }, "gemini-4-argon")).toEqual({ thinkingLevel: "LOW" });
    expect(thinking({ effort: "low", budgetTokens: 9000 }, "gemini-2.5-pro")).toEqual({ thinkingBudget: 9000 });
  });

  test("budgets become levels where there are none", () => {
    const level = (budgetTokens: number): unknown => thinking({ mode: "on", budgetTokens }, "gemini-3-flash-preview");
    expect([0, 512, 1024, 8192, 24_576, 24_577].map(level)).toEqual(
      ["MINIMAL", "MINIMAL", "LOW", "MEDIUM", "HIGH", "HIGH"].map((thinkingLevel) => ({ includeThoughts: true, thinkingLevel })),
    );
  });

  test("rule 154: adaptive is left to the model", () => {
    expect(thinking({ mode: "adaptive" }, "gemini-2.5-flash")).toEqual({ thinkingBudget: -1 });
    expect(thinking({ mode: "adaptive" })).toBeUndefined();
  });

  test("off is off, or as little as the model can", () => {
    expect(thinking({ mode: "off" }, "gemini-2.5-flash")).toEqual({ thinkingBudget: 0 });
    expect(thinking({ mode: "off", effort: "high" }, "gemini-2.5-pro")).toEqual({ thinkingBudget: 128 });
    expect(thinking({ mode: "off" })).toEqual({ thinkingLevel: "LOW" });
    expect(codes(sent({ reasoning: { mode: "off" } }))).toEqual(["reasoning-not-disabled info"]);
  });

  test("thoughts are shown when the caller wants to see them, and there are any", () => {
    expect(thinking({ mode: "adaptive", show: true })).toEqual({ includeThoughts: true });
    expect(thinking({ mode: "adaptive", effort: "high", show: false })).toEqual({ thinkingLevel: "HIGH" });
    expect(thinking({ effort: "none", show: true }, "gemini-2.5-flash")).toEqual({ thinkingBudget: 0 });
  });

  test("reasoning that is turned on is shown unless hidden, as on the models that have such a switch", () => {
    expect(thinking({ mode: "on", budgetTokens: 2048 })).toEqual({ includeThoughts: true, thinkingLevel: "MEDIUM" });
    expect(thinking({ mode: "on", budgetTokens: 2048, show: false })).toEqual({ thinkingLevel: "MEDIUM" });
    expect(thinking({ mode: "adaptive", effort: "low" })).toEqual({ thinkingLevel: "LOW" });
  });

  test("rule 153: a model without reasoning is told nothing about it", () => {
    const old = sent({ reasoning: { mode: "on", budgetTokens: 2000 } }, "gemini-2.0-flash");
    expect(old.body.generationConfig).toBeUndefined();
    expect(codes(old)).toEqual(["reasoning-unsupported info"]);
    expect(codes(sent({ reasoning: { mode: "off" } }, "gemini-2.0-flash"))).toEqual([]);
  });

  test("rule 351: the last effort that a turn sets counts", () => {
    const chat = conversation(
      [{ ...(turns[0] as Said) }, { role: "system", content: [text("s")], effort: "low" }, { role: "user", content: [text("go")] }],
      {
        reasoning: { mode: "adaptive", effort: "high" },
      },
    );
    expect(send(chat).body.generationConfig).toEqual({ thinkingConfig: { thinkingLevel: "LOW" } });
  });
});

describe("the form of the answer", () => {
  const schema = { type: "object", properties: { a: { type: "string" } } };
  const tools: readonly Tool[] = [{ type: "function", name: "f", path: "tools[0]", inputSchema: {} }];

  test("rule 214: a JSON schema", () => {
    expect(configOf({ outputFormat: { type: "json-schema", schema: { ...schema, $schema: "x" } }, tools })).toEqual({
      responseMimeType: "application/json",
      responseJsonSchema: schema,
    });
    expect(configOf({ outputFormat: { type: "json" } })).toEqual({ responseMimeType: "application/json" });
  });

  test("rules 214 and 419: older models with tools are told in words", () => {
    const old = sent({ outputFormat: { type: "json-schema", schema }, tools }, "gemini-2.5-pro");
    expect(old.body.generationConfig).toBeUndefined();
    expect(old.body.systemInstruction?.parts.at(-1)?.["text"]).toContain(JSON.stringify(schema));
    expect(codes(old)).toEqual(["output-format-beside-tools semantic"]);
    expect(configOf({ outputFormat: { type: "json-schema", schema } }, "gemini-2.5-pro")).toMatchObject({ responseJsonSchema: schema });
  });

  test("rule 211: a model that enforces no schema is told it in words", () => {
    const facts = { jsonSchemaOutput: false };
    const told = send(conversation(turns, { outputFormat: { type: "json-schema", schema } }), "gemini-3.8-pro", facts);
    expect(told.body.generationConfig).toEqual({ responseMimeType: "application/json" });
    expect(told.body.systemInstruction?.parts.at(-1)?.["text"]).toContain(JSON.stringify(schema));
    expect(codes(told)).toEqual(["output-format-emulated info"]);
  });
});
