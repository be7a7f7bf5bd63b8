import { describe, expect, test } from "vitest";
import { chatRequest, claude, encodeMessages as encode, encodeTarget, upstream } from "../../../../test/support/messages.ts";
import type { ChatRequest } from "../../../chat/chat.ts";

test("rules 186–188: without a cap the model's own, above it the same", () => {
  const { maxOutputTokens: _asked, ...request } = chatRequest({});
  const maxTokens = (model: string): unknown =>
    (JSON.parse(upstream.encodeRequest(request, encodeTarget(claude(model))).body) as { max_tokens: number }).max_tokens;
  expect(["claude-opus-5-5", "claude-sonnet-4-5", "claude-opus-4-1", "claude-3-5-sonnet-latest"].map(maxTokens)).toEqual([
    128_000, 64_000, 32_000, 8192,
  ]);
  const capped = encode({ maxOutputTokens: 128_000 }, claude("claude-sonnet-4-5"));
  expect(capped).toMatchObject({ body: { max_tokens: 64_000 }, losses: ["max-output-tokens"] });
  const { maxOutputTokens: _cap, ...unknown } = encodeTarget().profile;
  expect(JSON.parse(upstream.encodeRequest(request, encodeTarget({ profile: unknown })).body)).toMatchObject({ max_tokens: 32_000 });
});

describe("rules 191, 192, 200: sampling", () => {
  const thinking = { reasoning: { mode: "on", effort: "low" }, maxOutputTokens: 8000 } as const;
  test.each<[string, Partial<ChatRequest>, unknown[], string[]]>([
    ["claude-sonnet-4", { sampling: { temperature: 1.6, topP: 0.5, topK: 3 } }, [1, 0.5, 3], ["temperature-clamped"]],
    ["claude-sonnet-4-5", { sampling: { temperature: 0.2, topP: 0.5, topK: 3 } }, [0.2, undefined, 3], ["sampling-ignored"]],
    ["claude-sonnet-4-5", { sampling: { topP: 0.5 } }, [undefined, 0.5, undefined], []],
    ["claude-opus-4-6", { sampling: { temperature: 0 } }, [0, undefined, undefined], []],
    ["claude-opus-4-7", { sampling: { temperature: 1 } }, [undefined, undefined, undefined], ["sampling-ignored"]],
    ["claude-opus-5-5", { sampling: { topK: 4 } }, [undefined, undefined, undefined], ["sampling-ignored"]],
    [
      "claude-sonnet-4",
      { sampling: { seed: 1, presencePenalty: 1 } },
      [undefined, undefined, undefined],
      ["sampling-ignored", "sampling-ignored"],
    ],
    // Thinking leaves little to sample (A.1.2).
    [
      "claude-sonnet-4",
      { ...thinking, sampling: { temperature: 0.2, topP: 0.5 } },
      [undefined, undefined, undefined],
      ["sampling-ignored", "sampling-ignored"],
    ],
    ["claude-sonnet-4", { ...thinking, sampling: { temperature: 1, topP: 0.97 } }, [1, 0.97, undefined], []],
  ])("%s: %j", (model, request, expected, losses) => {
    const { body, losses: lost } = encode(request, claude(model));
    expect([body["temperature"], body["top_p"], body["top_k"]]).toEqual(expected);
    expect(lost).toEqual(losses);
  });
});

test("rule 195: a stop sequence of spaces is not sent, but looked for", () => {
  const request = { ...chatRequest({}), stop: ["\n", "x"] };
  const encoded = upstream.encodeRequest(request, encodeTarget());
  expect(JSON.parse(encoded.body)).toMatchObject({ stop_sequences: ["x"] });
  expect(encoded.scanStops).toEqual(["\n"]);
  expect(JSON.parse(upstream.encodeRequest({ ...request, stop: ["a", "b", "c", "d", "e"] }, encodeTarget()).body)).toMatchObject({
    stop_sequences: ["a", "b", "c", "d", "e"],
  });
});
