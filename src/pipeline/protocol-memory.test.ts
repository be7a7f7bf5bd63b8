import { expect, test } from "vitest";
import { provider } from "../../test/support/providers.ts";
import { GatewayError } from "../chat/error.ts";
import type { Target } from "../routing/target.ts";
import { blamesProtocol, ProtocolMemory } from "./protocol-memory.ts";

const target: Target = { provider: provider("up"), model: "m", protocol: "openai-chat", protocols: ["openai-responses", "openai-chat"] };

test("what served instead is spoken from then on, for that model in that protocol, for a day", () => {
  let now = 1;
  const memory = new ProtocolMemory({ now: () => now });
  expect(memory.insteadOf(target)).toBeUndefined();
  memory.remember(target, "openai-responses");
  expect(memory.insteadOf(target)).toBe("openai-responses");
  expect(memory.insteadOf({ ...target, model: "other" })).toBeUndefined();
  expect(memory.insteadOf({ ...target, protocol: "openai-responses" })).toBeUndefined();
  now = 86_400_002;
  expect(memory.insteadOf(target)).toBeUndefined();
});

test("of another server under the same name nothing is known", () => {
  const memory = new ProtocolMemory({ now: () => 1 });
  memory.remember(target, "openai-responses");
  expect(memory.insteadOf({ ...target, provider: { ...target.provider, origin: "https://elsewhere.test" } })).toBeUndefined();
});

test("what was refused for another is spoken again when that one is refused", () => {
  const memory = new ProtocolMemory({ now: () => 1 });
  memory.remember(target, "openai-responses");
  memory.remember({ ...target, protocol: "openai-responses" }, "openai-chat");
  expect(memory.insteadOf(target)).toBeUndefined();
  expect(memory.insteadOf({ ...target, protocol: "openai-responses" })).toBe("openai-chat");
});

test.each([
  [new GatewayError("not-found", "Not Found"), true],
  [new GatewayError("model-not-found", "The model does not exist."), true],
  [new GatewayError("method-not-allowed", "Method Not Allowed"), true],
  [
    new GatewayError(
      "invalid-request",
      "Function tools with reasoning_effort are not supported in /v1/chat/completions. Use /v1/responses.",
    ),
    true,
  ],
  [new GatewayError("invalid-request", "Invalid value for 'temperature'."), false],
  [new GatewayError("rate-limited", "use /v1/responses"), false],
])("a refusal may mean the protocol: %s", (error, blamed) => expect(blamesProtocol(error)).toBe(blamed));
