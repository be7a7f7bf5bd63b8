/** What a client is told of an upstream's refusal, in its own protocol. */
import { describe, expect, test } from "vitest";
import { ask, gatewaysForTests, pool, post } from "./support/gateway.ts";

const { start } = gatewaysForTests();

const errorOf = async (answer: Response): Promise<{ type: string; message: string }> =>
  ((await answer.json()) as { error: { type: string; message: string } }).error;

/** A refusal by content policy, as the vendor words it. */
const policy = {
  anthropic: { type: "error", error: { type: "invalid_request_error", message: "Output blocked by content filtering policy" } },
  gemini: { error: { code: 400, message: "The prompt was blocked by a content policy.", status: "INVALID_ARGUMENT" } },
};

describe.each(["anthropic", "gemini"] as const)("Messages client, %s upstream", (lane) => {
  test("rule 342: a model that the upstream does not have is a 404 under the name that was asked for", async () => {
    const renamed = (upstream: string): string => pool(lane, 1)(upstream).replace(/"\*": .*/, '"my-model": up/another-name');
    const { url } = await start({ config: renamed, simulator: { models: ["claude-opus-5-5"] } });
    const answer = await post(url, ask("hello", { model: "my-model" }));
    expect(answer.status).toBe(404);
    expect(await errorOf(answer)).toEqual({
      type: "not_found_error",
      message: expect.stringMatching(/^model: my-model leads to up\/another-name/),
    });
  });

  test("rules 340 and 343: a request that the upstream finds fault with is a 400 in its words, and nobody tries again", async () => {
    const { url, simulator } = await start({ config: pool(lane, 3) });
    simulator.script("400");
    const answer = await post(url, ask("hello"));
    expect(answer.status).toBe(400);
    const vendorWords = lane === "gemini" ? "Request contains an invalid argument." : "The request is not valid.";
    expect(await errorOf(answer)).toEqual({ type: "invalid_request_error", message: vendorWords });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "x-should-retry": "false",
      "x-dragoman-lane": lane === "gemini" ? "translate" : "relay",
      "x-dragoman-attempts": expect.stringMatching(/^up\/\S+ c1 invalid-request \d+ms$/),
      "request-id": expect.stringMatching(/^req_\w+$/),
    });
    expect(simulator.requests).toHaveLength(1);
  });

  test("rule 350: a refusal by policy that came as an error stays one", async () => {
    const { url, simulator } = await start({ config: pool(lane, 2) });
    simulator.script({ status: 400, headers: { "content-type": "application/json" }, body: policy[lane] });
    const answer = await post(url, ask("hello"));
    expect(answer.status).toBe(400);
    expect(await errorOf(answer)).toEqual({ type: "invalid_request_error", message: policy[lane].error.message });
    expect(simulator.requests).toHaveLength(1);
  });
});
