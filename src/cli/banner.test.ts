import { describe, expect, test } from "vitest";
import type { Config } from "../config/config.ts";
import { parseConfig } from "../config/load.ts";
import { banner } from "./banner.ts";

const address = { host: "127.0.0.1", port: 8317 };
const GEMINI = "providers: { google: { type: gemini, credentials: [{ api_key: hunter2 }, { api_key: hunter3 }] } }\n";

function config(text: string): Config {
  return parseConfig(text, { path: "/etc/dragoman.yaml", environment: {} }).config;
}

function lines(text: string, at = address): string[] {
  return banner(config(text), at).trimEnd().split("\n");
}

test("what runs where, and commands that can be pasted", () => {
  expect(lines(`${GEMINI}models: { "claude-*": google/gemini-3.8-pro }`)).toEqual([
    expect.stringMatching(/^Dragoman \S+ listens on http:\/\/127\.0\.0\.1:8317$/),
    "",
    "  config     /etc/dragoman.yaml",
    "  providers  google (2 credentials)",
    "  serves     programs on this machine; no key is asked",
    "",
    "Try:",
    `  curl http://127.0.0.1:8317/v1/messages -H 'content-type: application/json' -H 'anthropic-version: 2023-06-01' -d '{"model":"claude-opus-5-5","max_tokens":256,"messages":[{"role":"user","content":"Hello!"}]}'`,
    "  ANTHROPIC_BASE_URL=http://127.0.0.1:8317 ANTHROPIC_AUTH_TOKEN=any claude",
    `  CODEX_API_KEY=any codex -c openai_base_url='"http://127.0.0.1:8317/v1"' -m claude-opus-5-5`,
    "",
    "Clients of OpenAI's and Google's protocols are pointed here with:",
    "  OPENAI_BASE_URL=http://127.0.0.1:8317/v1 OPENAI_API_KEY=any",
    "  GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8317 GEMINI_API_KEY=any",
  ]);
});

describe("the commands name a model that is served", () => {
  test("a configured one", () => {
    const text = lines(`${GEMINI}models: { fast: google/gemini-3.8-flash }`).join("\n");
    expect(text).toContain('"model":"fast"');
    expect(text).toMatch(/claude --model fast$/m);
  });

  test("else a provider's own, by its full name", () => {
    const text = lines(GEMINI).join("\n");
    expect(text).toContain('"model":"google/gemini-3.8-flash"');
    expect(text).toMatch(/claude --model google\/gemini-3\.8-flash$/m);
  });

  test("none is needed for the simulator, which answers to any", () => {
    const text = lines("providers: { simulator: { type: simulator } }").join("\n");
    expect(text).toContain("simulator (part of Dragoman)");
    expect(text).toMatch(/any claude$/m);
    expect(text).toMatch(/-m gpt-6$/m);
  });
});

test("with keys, the commands take one from the shell and the banner names whose, never which", () => {
  const text = lines(`${GEMINI}keys: [{ name: alice, key: alice-hunter2 }]`).join("\n");
  expect(text).toContain("holders of the key alice");
  expect(text).toContain('-H "x-api-key: $DRAGOMAN_KEY"');
  expect(text).toContain('ANTHROPIC_AUTH_TOKEN="$DRAGOMAN_KEY" claude');
  expect(text).not.toContain("hunter");
});

test("without a provider there is nothing to try, but something to do", () => {
  const text = lines("").join("\n");
  expect(text).toContain("503 until a provider is configured");
  expect(text).not.toContain("curl");
});

test.each([
  ["0.0.0.0", "http://127.0.0.1:9000"],
  ["::", "http://[::1]:9000"],
  ["::1", "http://[::1]:9000"],
  ["localhost", "http://localhost:9000"],
])("listening on %s, a client on this machine calls %s", (host, url) => {
  expect(lines(GEMINI, { host, port: 9000 })[0]).toContain(`listens on ${url}`);
});
