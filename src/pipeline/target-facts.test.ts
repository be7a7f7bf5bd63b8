import { expect, test } from "vitest";
import { provider } from "../../test/support/providers.ts";
import { LessonMemory } from "../catalog/lesson-memory.ts";
import { profileFor } from "../catalog/profiles/index.ts";
import { GatewayError } from "../chat/error.ts";
import type { Target } from "../routing/target.ts";
import { TargetFacts } from "./target-facts.ts";

const target: Target = { provider: provider("up"), model: "m", protocol: "gemini", protocols: ["gemini"] };
const refusal = new GatewayError("invalid-request", "temperature is not supported with this model.", { upstreamStatus: 400 });

test("what a server taught holds for that server alone, though another may have its provider's name later", () => {
  const context = { lessons: new LessonMemory({ now: () => 1 }), profileFor };
  const facts = new TargetFacts(context, () => "conversation");
  const before = facts.profile(target);
  expect(facts.learn(target, refusal)).toBe(true);
  expect(facts.profile(target)).not.toEqual(before);
  expect(facts.profile({ ...target, provider: { ...target.provider, origin: "https://elsewhere.test" } })).toEqual(before);
});
