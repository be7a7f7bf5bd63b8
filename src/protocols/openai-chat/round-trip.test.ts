/** Whatever a Chat client said, the neutral form holds it: every captured request, and one with everything, comes out as it went in. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { loadCaptures } from "../../../test/support/captures.ts";
import { BODIES, FIELDS, MESSAGES, TOOLS } from "../../../test/support/chat-bodies.ts";
import { chatClientRequest, sealer } from "../../../test/support/chat-client.ts";
import { profileFor } from "../../catalog/profiles/index.ts";
import type { JsonObject, JsonValue } from "../../chat/json.ts";
import { LossLedger, type Loss } from "../../chat/loss.ts";
import type { ChatDialect } from "../chat-dialect.ts";
import type { EncodeTarget } from "../protocol.ts";
import { client } from "./client/index.ts";
import { openaiChat } from "./index.ts";

/** A server that takes all there is. */
const DIALECT: ChatDialect = {
  maxTokensField: "max_completion_tokens",
  systemRole: "system",
  textParts: true,
  effort: "reasoning_effort",
  streamOptions: true,
  customTools: true,
  strictFunctions: true,
  allowedTools: true,
  parallelToolCalls: true,
  outputFormat: "json_schema",
  topK: true,
  files: true,
  endUserField: "safety_identifier",
  promptCacheKey: true,
  verbosity: true,
  sharedFields: true,
  prefill: "none",
};

function roundTrip(body: JsonObject): { body: JsonObject; losses: readonly Loss[] } {
  const losses = new LossLedger();
  const profile = {
    ...profileFor({ platform: "openai", model: "m", protocol: "openai-chat" }),
    sampling: "all",
    reasoning: { control: "level", levels: ["low", "high"] },
    forcedToolChoice: "always",
    systemTurns: true,
    fetches: ["image", "video", "document"],
    chat: DIALECT,
  } as const;
  const { maxOutputTokens: _cap, maxStopSequences: _stops, media: _media, ...open } = profile;
  const target: EncodeTarget = {
    model: body["model"] as string,
    profile: open,
    issuer: { platform: "openai", model: "m", account: "a" },
    losses,
  };
  const encoded = openaiChat.upstream.encodeRequest(client.decodeRequest(chatClientRequest(body), sealer), target);
  return { body: JSON.parse(encoded.body) as JsonObject, losses: losses.losses };
}

/** What is written otherwise: an older name of the limit, one text part, texts of the model, and what says nothing. */
function canonical({ max_tokens: limit, messages, stream, stream_options: options, ...body }: JsonObject): JsonObject {
  return {
    ...body,
    ...(limit !== undefined && { max_completion_tokens: limit }),
    ...(stream === true && { stream, stream_options: { ...(options as JsonObject | undefined), include_usage: true } }),
    messages: (messages as readonly JsonObject[]).map(canonicalMessage),
  };
}

function canonicalMessage(message: JsonObject): JsonObject {
  const { content, reasoning_content: _reasoning, annotations: _none, refusal, name, ...rest } = message;
  if (message["role"] === "tool") return { ...rest, content: resultText(content) };
  const [only, ...others] = Array.isArray(content) ? (content as readonly JsonObject[]) : [];
  const plain = only?.["type"] === "text" && Object.keys(only).length === 2 && others.length === 0;
  return {
    ...rest,
    content: (plain ? only["text"] : content) ?? null,
    ...(refusal !== null && refusal !== undefined && { refusal }),
    ...(name !== undefined && { name }),
  };
}

/** Results are one text, and never none (rules 73, 77). */
function resultText(content: JsonValue | undefined): JsonValue {
  const texts = Array.isArray(content) ? (content as readonly JsonObject[]).map((part) => part["text"] as string) : [content as string];
  return texts.join("\n") === "" ? "(no output)" : texts.join("\n");
}

const captures = loadCaptures().filter(({ path }) => path.startsWith("/v1/chat/completions"));

test("there are captured requests", () => expect(captures.length).toBeGreaterThan(5));

test.each(captures.map((capture) => [capture.name, capture.body] as const))(
  "rules 145, 436 and 437: %s comes out as it went in",
  (_name, body) => {
    expect(withoutAddresses(roundTrip(body).body)).toEqual(withoutAddresses(canonical(body)));
  },
);

/** A schema's own address is no part of it. */
function withoutAddresses(value: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(value)) return value.map((member: JsonValue) => withoutAddresses(member) ?? null);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => key !== "$schema");
  return Object.fromEntries(entries.map(([key, member]) => [key, withoutAddresses(member)]));
}

describe("every field of A.2.1", () => {
  test.each(FIELDS.map((fields, i) => [JSON.stringify(fields).slice(0, 80), BODIES[i] as JsonObject] as const))("%s", (_name, body) => {
    const { body: out, losses } = roundTrip(body);
    const hashed = (value: JsonValue | undefined): string =>
      createHash("sha256")
        .update(value as string)
        .digest("hex");
    const { messages, ...expected } = canonical(body);
    const identity = {
      ...(body["safety_identifier"] !== undefined && { safety_identifier: hashed(body["safety_identifier"]) }),
      ...(body["prompt_cache_key"] !== undefined && { prompt_cache_key: hashed(body["prompt_cache_key"]) }),
    };
    const { messages: sent, ...fields } = out;
    expect(fields).toEqual({ ...expected, ...identity });
    const withTools = body["tools"] === TOOLS;
    for (const [i, message] of (messages as JsonObject[]).entries()) {
      // Without its declaration a custom tool's call is a function's.
      if (withTools || !JSON.stringify(message).includes('"custom"')) expect((sent as JsonObject[])[i]).toMatchObject(message);
    }
    expect(sent).toHaveLength(MESSAGES.length);
    expect(losses.filter(({ code }) => code !== "prefill" && code !== "foreign-reasoning")).toEqual([]);
  });
});
