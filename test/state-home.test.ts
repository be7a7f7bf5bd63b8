/** A conversation among several providers that have the same model, none of which is stated to be the first. */
import { expect, test } from "vitest";
import { ask, gatewaysForTests, post, until } from "./support/gateway.ts";

const { start } = gatewaysForTests();

/** Two projects of one vendor, and a pool over both. */
const config = (upstream: string): string => `
cooldown: { transient_base: 20ms, transient_max: 20ms }
providers:
  one: { type: gemini, base_url: "${upstream}", models: [shared], credentials: [{ name: one, api_key: key-one }] }
  two: { type: gemini, base_url: "${upstream}", models: [shared], credentials: [{ name: two, api_key: key-two }] }
models:
  pooled: { targets: [one/shared, two/shared], strategy: fill-first }
`;

test.each(["shared", "pooled"])("it stays with the one that minted its state, though another would come first: %s", async (model) => {
  const { url, simulator, gateway } = await start({ config });
  const say = async (messages: readonly object[]): Promise<{ by: string | null; content: object[] }> => {
    const response = await post(url, { ...ask(""), model, messages });
    return { by: response.headers.get("x-dragoman-credential"), content: ((await response.json()) as { content: object[] }).content };
  };
  const question = { role: "user", content: "Think first." };
  simulator.credentials.set("key-one", "500");
  simulator.script({ thinking: "I thought.", text: "Yes." });
  const first = await say([question]);
  simulator.credentials.delete("key-one");
  expect(first).toMatchObject({ by: "two", content: [{ type: "thinking" }, { type: "text" }] });

  await until(() => (gateway.describe()[0]?.credentials[0]?.cooldowns ?? []).every(({ nextProbeMs }) => nextProbeMs === 0));
  expect((await say([question])).by).toBe("one");
  const history = [question, { role: "assistant", content: first.content }, { role: "user", content: "And now?" }];
  expect((await say(history)).by).toBe("two");
});
