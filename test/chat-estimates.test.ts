/** Chat Completions cannot count tokens, and tells them last: clients that need them earlier get a guess (rules 260, 353, 413). */
import { describe, expect, test } from "vitest";
import { ask, gatewaysForTests, post, readEvents } from "./support/gateway.ts";

const { start } = gatewaysForTests();

const config = (upstream: string): string => `
providers:
  up: { type: openai, base_url: "${upstream}/v1", protocols: [openai-chat], credentials: [{ api_key: key-one, max_concurrency: 1 }] }
models: { "*": up/gpt-5.5 }
`;

const words = "The quick brown fox jumps over the lazy dog. ".repeat(50);

interface Counted {
  readonly input_tokens: number;
}

describe("tokens of a prompt for Chat Completions", () => {
  test("rules 353, 413: a count is a guess that says so, without a request or a permit", async () => {
    const { url, simulator, log } = await start({ config });
    const count = (text: string): Promise<Response> =>
      fetch(`${url}/v1/messages/count_tokens`, {
        method: "POST",
        headers: { "content-type": "application/json", "anthropic-version": "2023-06-01" },
        body: JSON.stringify({ model: "m", messages: [{ role: "user", content: text }] }),
      });
    const answer = await count(words);
    expect(answer.headers.get("x-dragoman-estimate")).toBe("tokens");
    const { input_tokens: tokens } = (await answer.json()) as Counted;
    expect(tokens).toBeGreaterThan(400);
    expect(tokens).toBeLessThan(800);
    const many = await Promise.all(Array.from({ length: 25 }, (_, i) => count("x".repeat(i + 1))));
    for (const one of many) expect(((await one.json()) as Counted).input_tokens).toBeGreaterThanOrEqual(1);
    expect(simulator.requests).toHaveLength(0);
    expect(log.filter((line) => line.includes('"operation":"count-tokens"'))).toHaveLength(26);
  });

  test("rule 260: message_start has a guess, message_delta the upstream's own count, and only that is logged", async () => {
    const { url, simulator, log } = await start({ config });
    simulator.script({ text: "Hi", usage: { input: 77, cacheRead: 0, cacheWrite: 0, output: 3, thinking: 0 } });
    const events = readEvents(await (await post(url, ask(words, { stream: true }))).text());
    const message = events[0]?.data["message"] as { usage: Counted };
    expect(message.usage.input_tokens).toBeGreaterThan(400);
    expect(events.find(({ event }) => event === "message_delta")?.data["usage"]).toMatchObject({ input_tokens: 77, output_tokens: 3 });
    expect(log.join("\n")).toContain('"usage":{"input":77');
  });
});
