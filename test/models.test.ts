/** What the gateway knows of its models: limits in the lists of models, and in complaints about too many tokens. */
import { describe, expect, test } from "vitest";
import { ask, gatewaysForTests, post } from "./support/gateway.ts";

const { start } = gatewaysForTests();

const config = (upstream: string): string => `
providers:
  a: { type: anthropic, base_url: "${upstream}", credentials: [{ api_key: key-one }] }
  g: { type: gemini, base_url: "${upstream}", credentials: [{ api_key: key-two }] }
models:
  careful: a/claude-opus-5-5
  fast: g/gemini-2.5-flash
  either: [a/claude-opus-5-5, g/gemini-2.5-flash]
  tuned: a/our-own
`;

async function get(url: string): Promise<unknown> {
  return (await fetch(url, { headers: { "anthropic-version": "2023-06-01" } })).json();
}

test("rule 354: Claude Code finds names that it takes, and they may lead to anybody's models", async () => {
  const aliases = (upstream: string): string => config(upstream).replace("  careful:", "  claude-fast: g/gemini-2.5-flash\n  careful:");
  const { url, simulator } = await start({ config: aliases });
  // As Claude Code asks, which follows no redirect and shows what has such a name only.
  const headers = { "user-agent": "claude-code/2.1.330", authorization: "Bearer any", "anthropic-version": "2023-06-01" };
  const answer = await fetch(`${url}/v1/models?limit=1000`, { headers, redirect: "error" });
  const { data } = (await answer.json()) as { data: { type: string; id: string; display_name: string }[] };
  const shown = data.filter(({ id }) => /claude|anthropic/i.test(id));
  expect(shown).toMatchObject([{ type: "model", id: "claude-fast", display_name: "claude-fast" }]);
  expect((await post(url, ask("hi", { model: shown[0]?.id }))).status).toBe(200);
  expect(simulator.requests.at(-1)?.path).toContain("gemini-2.5-flash");
});

describe("limits of models", () => {
  test("a name that leads to one model has its limits; nothing is made up, least of all 0", async () => {
    const { url } = await start({ config });
    const { data } = (await get(`${url}/v1/models`)) as { data: { id: string; max_input_tokens: unknown; max_tokens: unknown }[] };
    expect(data.map(({ id, max_input_tokens, max_tokens }) => [id, max_input_tokens, max_tokens])).toEqual([
      ["careful", 1_000_000, 128_000],
      ["fast", 1_048_576, 65_536],
      ["either", null, null],
      ["tuned", null, 128_000],
    ]);
    expect(await get(`${url}/v1/models/fast`)).toMatchObject({ id: "fast", max_input_tokens: 1_048_576, max_tokens: 65_536 });
  });

  test("rule 330: too many tokens are told in numbers even where the upstream told none, once they can be", async () => {
    const { url, simulator } = await start({ config });
    const error = { code: 400, message: "The request exceeds the maximum context.", status: "INVALID_ARGUMENT" };
    const complaint = { status: 400, body: { error } };
    simulator.script(complaint, complaint);
    const message = async (text: string): Promise<string> =>
      ((await (await post(url, ask(text, { model: "fast" }))).json()) as { error: { message: string } }).error.message;
    expect(await message("word ".repeat(1_100_000))).toMatch(/^prompt is too long: 1\d{6} tokens > 1048576 maximum$/);
    expect(await message("hello")).toBe("prompt is too long: The request exceeds the maximum context.");
  });
});
