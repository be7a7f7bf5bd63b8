import { describe, expect, test } from "vitest";
import { chatRequest, encodeMessages as encode, encodeTarget, upstream } from "../../../test/support/messages.ts";
import type { ChatRequest, Content, Tool, Turn } from "../../chat/chat.ts";
import type { JsonObject } from "../../chat/json.ts";
import type { EncodeTarget } from "../protocol.ts";

const text = (value: string): Content => ({ type: "text", text: value });
describe("limits and sampling", () => {
  const { profile } = encodeTarget();

  test("rules 186–188: without a cap the model's own, above it the same", () => {
    const capped = { profile: { ...profile, maxOutputTokens: 64_000 } };
    const { maxOutputTokens: _cap, ...uncapped } = profile;
    const { maxOutputTokens: _asked, ...request } = chatRequest({});
    const target = encodeTarget(capped);
    expect(JSON.parse(upstream.encodeRequest(request, target).body)).toMatchObject({ max_tokens: 64_000 });
    expect(encode({ maxOutputTokens: 128_000 }, capped)).toMatchObject({ body: { max_tokens: 64_000 }, losses: ["max-output-tokens"] });
    expect(JSON.parse(upstream.encodeRequest(request, encodeTarget({ profile: uncapped })).body)).toMatchObject({ max_tokens: 32_000 });
  });

  test("rules 191, 195, 200: what the wire does not take", () => {
    const sampling = { profile: { ...profile, sampling: "all" as const } };
    expect(encode({ sampling: { temperature: 1.6, topP: 0.5, seed: 1 } }, sampling)).toMatchObject({
      body: { temperature: 1, top_p: 0.5 },
      losses: ["sampling-ignored", "temperature-clamped"],
    });
    const ignored = encode({ sampling: { temperature: 0.5 } });
    expect(ignored.body).not.toHaveProperty("temperature");
    expect(ignored.losses).toEqual(["sampling-ignored"]);
    expect(encode({ stop: ["\n", "x"] })).toMatchObject({ body: { stop_sequences: ["x"] }, losses: [] });
  });

  test("rule 202: no addresses of persons", () => {
    expect(encode({ endUser: "user-7" }).body["metadata"]).toEqual({ user_id: "user-7" });
    expect(encode({ endUser: "a@b.example" }).body["metadata"]).toBeUndefined();
    expect(encode({ endUser: "+1 555 0100" }).losses).toEqual(["end-user"]);
  });

  test("rule 213: any JSON is asked for in the last words of the system", () => {
    const system = encode({ outputFormat: { type: "json" }, system: [{ type: "text", text: "a", turn: -1, path: "system" }] }).body[
      "system"
    ] as JsonObject[];
    expect(system).toHaveLength(2);
    expect(system.at(-1)?.["text"]).toContain("JSON");
  });

  test("rule 431: one version, and the betas that the body needs", () => {
    expect(encode({}).headers).toEqual(["anthropic-version", "2023-06-01"]);
    const deferred: Tool = { type: "function", path: "t", name: "f", inputSchema: {}, deferred: true };
    const turns: Turn[] = [{ role: "user" }, { role: "system", effort: "low" }];
    expect(encode({ tools: [deferred], turns, items: [{ ...text("q"), turn: 0, path: "q" }] }).headers.slice(2)).toEqual([
      "anthropic-beta",
      "advanced-tool-use-2025-11-20,per-turn-control-2026-07-01",
    ]);
  });
});

describe("reasoning (B.0.5)", () => {
  const level = { control: "level", levels: ["low", "medium", "high", "xhigh"] } as const;
  const budget = { control: "budget", min: 1024, max: 32_000, off: true } as const;
  const { profile } = encodeTarget();
  const reasoned = (request: Partial<ChatRequest>, reasoning: EncodeTarget["profile"]["reasoning"]): unknown => {
    const { body, losses } = encode({ maxOutputTokens: 64_000, ...request }, { profile: { ...profile, reasoning } });
    return [body["thinking"], (body["output_config"] as JsonObject | undefined)?.["effort"], losses];
  };

  test.each<[Partial<ChatRequest>, EncodeTarget["profile"]["reasoning"], unknown[]]>([
    [{}, level, [undefined, undefined, []]],
    [{ reasoning: { effort: "high" } }, level, [undefined, "high", []]],
    [{ reasoning: { effort: "max" } }, level, [undefined, "xhigh", ["reasoning-effort"]]],
    [{ reasoning: { effort: "minimal" } }, level, [undefined, "low", ["reasoning-effort"]]],
    [{ reasoning: { mode: "adaptive", effort: "low", show: true } }, level, [{ type: "adaptive", display: "summarized" }, "low", []]],
    [{ reasoning: { mode: "on", budgetTokens: 20_000, show: false } }, level, [{ type: "adaptive", display: "omitted" }, "high", []]],
    [{ reasoning: { mode: "off" } }, level, [{ type: "adaptive" }, "low", ["reasoning-not-disabled"]]],
    [{ reasoning: { mode: "off" } }, { control: "level", levels: ["none", "low"] }, [{ type: "disabled" }, undefined, []]],
    [{ reasoning: { mode: "off" } }, budget, [{ type: "disabled" }, undefined, []]],
    [{ reasoning: { effort: "none" } }, budget, [{ type: "disabled" }, undefined, []]],
    [{ reasoning: { effort: "medium" } }, budget, [{ type: "enabled", budget_tokens: 8192 }, undefined, []]],
    [{ reasoning: { mode: "adaptive" } }, budget, [{ type: "enabled", budget_tokens: 8192 }, undefined, []]],
    [{ reasoning: { effort: "max" } }, budget, [{ type: "enabled", budget_tokens: 32_000 }, undefined, []]],
    [
      { reasoning: { mode: "on", budgetTokens: 9000 }, maxOutputTokens: 4000 },
      budget,
      [{ type: "enabled", budget_tokens: 3999 }, undefined, ["reasoning-effort"]],
    ],
    [
      { reasoning: { mode: "on", budgetTokens: 9000 }, maxOutputTokens: 500 },
      budget,
      [undefined, undefined, ["reasoning-budget-too-small"]],
    ],
    [{ reasoning: { mode: "on", budgetTokens: 9000 } }, { control: "none" }, [undefined, undefined, ["reasoning-unsupported"]]],
    [{ reasoning: { mode: "off" } }, { control: "none" }, [undefined, undefined, []]],
  ])("%j on %j", (request, reasoning, expected) => expect(reasoned(request, reasoning)).toEqual(expected));
});
