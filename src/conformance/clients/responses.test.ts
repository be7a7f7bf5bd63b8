/** The driver and the simulator's Responses with nothing between them: they must understand each other before a gateway is judged. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { startSimulator } from "../../simulator/server.ts";
import type { Simulator } from "../../simulator/types.ts";
import type { Settings } from "../conversation.ts";
import { play } from "../play.ts";
import { FEATURES, type Feature } from "../scenario.ts";
import { SCENARIOS } from "../scenarios/index.ts";
import type { Conversation, Endpoint } from "./client.ts";
import { responses } from "./responses.ts";

let simulator: Simulator;
let endpoint: Endpoint;
beforeEach(async () => {
  simulator = await startSimulator({ record: true, strictState: true });
  endpoint = { baseUrl: `${simulator.url}/v1`, apiKey: "key", model: "responses-model", headers: {} };
});
afterEach(() => simulator.close());

const MODES = [
  ["streamed", true],
  ["whole", false],
] as const;

function bodyOf(index: number): Record<string, unknown> {
  return JSON.parse(simulator.requests[index]?.body.toString() ?? "") as Record<string, unknown>;
}

async function twoTurns(conversation: Conversation, settings: Settings): Promise<void> {
  simulator.script({ thinking: "Hm.", text: "Hi.", calls: [] });
  for (const says of ["Hello", "And now?"]) expect((await conversation.say(says, settings)).error).toBeUndefined();
}

/** Where another vendor, a list of models or words of a gateway's own are part of the matter. */
const NEEDS_A_GATEWAY: readonly Feature[] = ["errors", "streams", "models"];
const MOVES = ["moved-conversation", "kept-conversation-moves", "thinking-there-and-back"];
const direct = SCENARIOS.filter(({ id, feature }) => !NEEDS_A_GATEWAY.includes(feature) && !MOVES.includes(id));

test.each(MODES)("every scenario that needs no gateway passes without one: %s", async (_, streamed) => {
  const stage = { simulator, client: responses, endpoint, elsewhere: () => endpoint, silenceMs: 0, patienceMs: 10_000 };
  const failed: string[] = [];
  for (const scenario of direct) {
    const verdict = await play(scenario, { client: "responses", upstream: "responses", streamed }, stage);
    if (verdict.result === "failed") failed.push(`${scenario.id}: ${verdict.difference}`);
  }
  expect(failed).toEqual([]);
  expect(new Set(direct.map(({ feature }) => feature)).size).toBe(FEATURES.length - NEEDS_A_GATEWAY.length);
});

test.each(MODES)("what nobody keeps goes back item by item, as it came: %s", async (_, streamed) => {
  await twoTurns(await responses.converse(endpoint, streamed), { thinking: { effort: "low", show: true } });
  expect(bodyOf(1)).toMatchObject({ store: false, include: ["reasoning.encrypted_content"] });
  expect(bodyOf(1)["input"]).toEqual([
    { role: "user", content: "Hello" },
    {
      type: "reasoning",
      id: expect.stringMatching(/^rs_/) as string,
      summary: [{ type: "summary_text", text: "Hm." }],
      content: [],
      encrypted_content: expect.any(String) as string,
    },
    expect.objectContaining({ type: "message", content: [{ type: "output_text", text: "Hi.", annotations: [], logprobs: [] }] }),
    { role: "user", content: "And now?" },
  ]);
});

test("what is kept is only referred to", async () => {
  await twoTurns(await responses.converse(endpoint, false), { kept: "answers" });
  expect(bodyOf(1)).toMatchObject({ store: true, input: [{ role: "user", content: "And now?" }] });
  expect(bodyOf(1)["previous_response_id"]).toMatch(/^resp_/);
  await twoTurns(await responses.converse(endpoint, false), { kept: "items" });
  expect(bodyOf(3)).not.toHaveProperty("previous_response_id");
  expect(bodyOf(3)["input"]).toMatchObject([{ role: "user" }, { type: "item_reference" }, { type: "item_reference" }, { role: "user" }]);
});

test("a response that failed is an error, although its status is good", async () => {
  const error = { code: "server_error", message: "Something broke." };
  simulator.script({ status: 200, body: { id: "resp_1", object: "response", status: "failed", error, output: [] } });
  const outcome = await (await responses.converse(endpoint, false)).say("Hello", {});
  expect(outcome).toMatchObject({ content: [], error: { class: "Response failed", ...error } });
});

test.each(["end-early", "error-after-content", "reset-mid-event"] as const)("a stream with the fault %s is an error", async (fault) => {
  simulator.script({ fault, text: "Once upon a time there was a gateway." });
  const outcome = await (await responses.converse(endpoint, true)).say("Hello", {});
  expect(outcome.content).toEqual([]);
  expect(outcome.error?.message).toBeTruthy();
});

test("tokens are counted", async () => {
  expect(await responses.countTokens(endpoint, "Hello there")).toBeGreaterThan(0);
});
