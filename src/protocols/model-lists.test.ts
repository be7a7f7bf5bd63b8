/** Lists of models in each protocol, in the shapes that vendors document. */
import { describe, expect, test } from "vitest";
import type { JsonValue } from "../chat/json.ts";
import { protocols } from "./index.ts";
import type { ModelList } from "./model-list.ts";

const listOf = (protocol: string): ModelList => protocols.get(protocol)?.upstream.modelList as ModelList;

describe("rule 402: one question for each protocol", () => {
  test.each([
    ["anthropic-messages", undefined, "/v1/models?limit=1000", ["anthropic-version", "2023-06-01"]],
    ["anthropic-messages", "claude-x/&", "/v1/models?limit=1000&after_id=claude-x%2F%26", ["anthropic-version", "2023-06-01"]],
    ["gemini", undefined, "/v1beta/models?pageSize=1000", []],
    ["gemini", "a=b", "/v1beta/models?pageSize=1000&pageToken=a%3Db", []],
    ["openai-chat", undefined, "/models", []],
    ["openai-responses", undefined, "/models", []],
  ] as const)("%s after %s", (protocol, after, path, headers) => {
    const list = listOf(protocol);
    expect(list.path(after)).toBe(path);
    expect(list.headers).toEqual(headers);
  });
});

describe("what is in an answer", () => {
  test.each<[string, string, JsonValue, object]>([
    [
      "Anthropic's last page",
      "anthropic-messages",
      {
        data: [
          { type: "model", id: "claude-opus-5", display_name: "Claude Opus 5", max_input_tokens: 1_000_000 },
          { type: "model", id: "claude-sonnet-5", display_name: "Claude Sonnet 5" },
        ],
        has_more: false,
        first_id: "claude-opus-5",
        last_id: "claude-sonnet-5",
      },
      { models: ["claude-opus-5", "claude-sonnet-5"] },
    ],
    [
      "Anthropic's page before another",
      "anthropic-messages",
      { data: [{ type: "model", id: "claude-opus-5" }], has_more: true, first_id: "claude-opus-5", last_id: "claude-opus-5" },
      { models: ["claude-opus-5"], after: "claude-opus-5" },
    ],
    ["Anthropic's empty one", "anthropic-messages", { data: [], has_more: false, first_id: null, last_id: null }, { models: [] }],
    [
      "Gemini's, whose embedding models generate nothing",
      "gemini",
      {
        models: [
          { name: "models/gemini-3.8-pro", displayName: "Gemini 3.8 Pro", supportedGenerationMethods: ["generateContent", "countTokens"] },
          { name: "models/gemini-embedding-001", supportedGenerationMethods: ["embedContent"] },
          { name: "models/aqa" },
          { supportedGenerationMethods: ["generateContent"] },
        ],
        nextPageToken: "Ch1tb2RlbHM",
      },
      { models: ["gemini-3.8-pro"], after: "Ch1tb2RlbHM" },
    ],
    ["Gemini's empty last page", "gemini", {}, { models: [] }],
    [
      "OpenAI's",
      "openai-responses",
      { object: "list", data: [{ id: "gpt-6-sol", object: "model", created: 1, owned_by: "system" }, { object: "model" }, "gpt"] },
      { models: ["gpt-6-sol"] },
    ],
    ["Together's", "openai-chat", [{ id: "openai/gpt-oss-120b", object: "model", type: "chat" }], { models: ["openai/gpt-oss-120b"] }],
    ["Ollama's without a model", "openai-chat", { object: "list", data: null }, { models: [] }],
  ])("%s", (_name, protocol, body, page) => {
    expect(listOf(protocol).decode(body)).toEqual(page);
  });

  test.each([...protocols.keys()])("%s: what is no list is an error", (protocol) => {
    for (const body of [null, "models", 7, { error: { message: "no" } }, { data: {}, models: {} }]) {
      expect(() => listOf(protocol).decode(body)).toThrow(expect.objectContaining({ kind: "upstream" }));
    }
  });
});
