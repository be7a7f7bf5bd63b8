/** Stop sequences beyond those the upstream takes: the gateway ends the answer itself (rules 196–198). */
import { describe, expect, test } from "vitest";
import { ask, gatewaysForTests, pool, post, readEvents, until } from "./support/gateway.ts";

const { start } = gatewaysForTests();

/** Gemini takes five. */
const stop_sequences = ["<1>", "<2>", "<3>", "<4>", "<5>", "four five"];
const words = ["one ", "two ", "three ", "fo", "ur fi", "ve ", "six ", "seven "];
const script = { blocks: [{ type: "text", text: words.join(""), sizes: words.map(({ length }) => length) }] } as const;

describe("rules 196, 197, 198: a stop sequence the upstream was not told", () => {
  test("a stream ends before it, and the upstream's answer is given up, its credential not blamed", async () => {
    const { url, simulator, gateway, permits } = await start({ config: pool("gemini", 1) });
    simulator.script({ ...script, chunkDelayMs: 20 });
    const answer = await post(url, ask("count", { stop_sequences, stream: true }));
    const events = readEvents(await answer.text());
    const text = events.map(({ data }) => (data["delta"] as { text?: string } | undefined)?.text ?? "").join("");
    expect(text).toBe("one two three ");
    expect(events.slice(-3).map(({ event }) => event)).toEqual(["content_block_stop", "message_delta", "message_stop"]);
    expect(events.at(-2)?.data["delta"]).toEqual({ stop_reason: "stop_sequence", stop_sequence: "four five" });
    await until(() => simulator.openRequests === 0);
    expect(simulator.requests[0]?.outcome).toBe("client-left");
    expect(JSON.parse(simulator.requests[0]?.body.toString() ?? "")).toMatchObject({
      generationConfig: { stopSequences: stop_sequences.slice(0, 5) },
    });
    expect(permits()).toBe(0);
    expect(gateway.describe()).toMatchObject([{ credentials: [{ cooldowns: [] }] }]);
  });

  test("a whole answer ends before it, with the tokens that were counted", async () => {
    const { url, simulator } = await start({ config: pool("gemini", 1) });
    simulator.script({ ...script, usage: { input: 11, output: 22 } });
    const answer = await post(url, ask("count", { stop_sequences }));
    expect(await answer.json()).toMatchObject({
      content: expect.arrayContaining([{ type: "text", text: "one two three " }]) as unknown,
      stop_reason: "stop_sequence",
      stop_sequence: "four five",
      usage: { input_tokens: 11, output_tokens: 22 },
    });
  });
});
