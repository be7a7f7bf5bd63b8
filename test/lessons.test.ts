/** What a 400 teaches (rule 344): the request is asked better, and the conversation does not repeat the mistake. */
import { describe, expect, test } from "vitest";
import { ask, gatewaysForTests, pool, post, type TestGateway } from "./support/gateway.ts";

const { start } = gatewaysForTests();

/** Gemini's refusal in these words. */
function refusal(message: string): object {
  return { status: 400, body: { error: { code: 400, message, status: "INVALID_ARGUMENT" } } };
}

const LEVEL = refusal("Thinking level is not supported for this model.");
const LIMIT = refusal(
  "Unable to submit request because it has a maxOutputTokens value of 4000 but the supported range is from 1 (inclusive) to 2049 (exclusive).",
);

const thinking = { thinking: { type: "adaptive" }, output_config: { effort: "low" }, max_tokens: 4000 };
const session = (id: string): Record<string, string> => ({ "x-claude-code-session-id": id });

function configs({ simulator }: TestGateway): { thinkingConfig?: object; maxOutputTokens?: number }[] {
  return simulator.requests.map(({ body }) => (JSON.parse(body.toString()) as { generationConfig: object }).generationConfig);
}

describe("rule 344: what a 400 teaches", () => {
  test("the request goes again without what was refused, on the same credential, which is not blamed", async () => {
    const gateway = await start({ config: pool("gemini", 2) });
    gateway.simulator.script(LEVEL);
    const answer = await post(gateway.url, ask("hello", thinking));
    expect(answer.status).toBe(200);
    expect(gateway.simulator.requests.map(({ credential }) => credential)).toEqual(["key-number-1", "key-number-1"]);
    expect(configs(gateway).map(({ thinkingConfig }) => thinkingConfig)).toMatchObject([
      { thinkingLevel: "LOW" },
      { thinkingBudget: 1024 },
    ]);
    expect(answer.headers.get("x-dragoman-attempts")).toMatch(/^up\/gemini-3\.8-pro c1 invalid-request \d+ms$/);
    expect(gateway.gateway.describe()).toMatchObject([{ credentials: [{ cooldowns: [] }, { cooldowns: [] }] }]);
    expect(gateway.permits()).toBe(0);
  });

  test("the next request of the conversation does not repeat it, nor does another conversation", async () => {
    const gateway = await start({ config: pool("gemini", 1) });
    const budget = { thinkingBudget: 1024 };
    gateway.simulator.script(LEVEL);
    await post(gateway.url, ask("hello", thinking), session("s1"));
    await post(gateway.url, ask("more", thinking), session("s1"));
    await post(gateway.url, ask("hello", thinking), session("s2"));
    expect(
      configs(gateway)
        .slice(1)
        .map(({ thinkingConfig }) => thinkingConfig),
    ).toEqual([budget, budget, budget]);
  });

  test.each([
    ["by its session", session("s1"), session("s2")],
    ["by how it began", {}, {}],
  ])("a conversation, known %s, keeps its parameters when another one learns more", async (_how, mine, other) => {
    const gateway = await start({ config: pool("gemini", 1) });
    gateway.simulator.script(LEVEL);
    await post(gateway.url, ask("mine", thinking), mine);
    gateway.simulator.script(LIMIT);
    await post(gateway.url, ask("another", thinking), other);
    await post(gateway.url, { ...ask("", thinking), messages: [...turn("mine"), { role: "user", content: "go on" }] }, mine);
    await post(gateway.url, ask("third", thinking));
    expect(configs(gateway).map(({ maxOutputTokens }) => maxOutputTokens)).toEqual([4000, 4000, 4000, 2048, 4000, 2048]);
  });

  test("one lesson may follow another, within the attempts that a request has", async () => {
    const gateway = await start({ config: pool("gemini", 1, "retry: { attempts: 3 }") });
    gateway.simulator.script(LEVEL, LIMIT);
    expect((await post(gateway.url, ask("hello", { ...thinking, stream: true }))).status).toBe(200);
    expect(configs(gateway).at(-1)).toEqual({ maxOutputTokens: 2048, thinkingConfig: { thinkingBudget: 1024 } });
    const poor = await start({ config: pool("gemini", 1, "retry: { attempts: 1 }") });
    poor.simulator.script(LEVEL);
    expect((await post(poor.url, ask("hello", thinking))).status).toBe(400);
    expect(poor.simulator.requests).toHaveLength(1);
  });

  test("two requests of one conversation at once both profit: neither hears what the other has just been taught", async () => {
    const gateway = await start({ config: pool("gemini", 1) });
    gateway.simulator.script({ ...LEVEL, times: 2, delayMs: 100 });
    const both = ["one", "two"].map((text) => post(gateway.url, ask(text, thinking), session("s1")));
    expect((await Promise.all(both)).map(({ status }) => status)).toEqual([200, 200]);
    expect(gateway.simulator.requests).toHaveLength(4);
  });

  test("a 400 that teaches nothing new is the caller's", async () => {
    const gateway = await start({ config: pool("gemini", 1) });
    gateway.simulator.script({ ...LEVEL, times: 2 });
    const answer = await post(gateway.url, ask("hello", thinking));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { message: "Thinking level is not supported for this model." } });
    expect(gateway.simulator.requests).toHaveLength(2);
  });

  test("a relayed request is the client's own: it hears the 400 and nothing is changed", async () => {
    const gateway = await start({ config: pool("anthropic", 1) });
    const error = { type: "error", error: { type: "invalid_request_error", message: "This model does not support the effort parameter." } };
    gateway.simulator.script({ status: 400, body: error });
    const answer = await post(gateway.url, ask("hello", thinking));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual(error);
    expect(gateway.simulator.requests).toHaveLength(1);
  });

  test("what it cannot do after all counts as a loss: a strict caller is refused", async () => {
    const gateway = await start({
      config: (upstream) =>
        pool("gemini", 1)(upstream).replace('"*": up/gemini-3.8-pro', '"*": { targets: [up/gemini-3.8-pro], loss: strict }'),
    });
    gateway.simulator.script(refusal("temperature is not supported for this model."));
    const answer = await post(gateway.url, ask("hello", { temperature: 0.5 }));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining("sampling-ignored") } });
    expect(gateway.simulator.requests).toHaveLength(1);
  });
});

describe("rule 344: what a Chat server's 400 teaches", () => {
  const config = (upstream: string): string => `
providers:
  up: { type: openai-compatible, base_url: "${upstream}/v1", models: ["*"], credentials: [{ api_key: key-one }] }
`;
  const refused = (param: string, hint = ""): object => {
    const message = `Unsupported parameter: '${param}' is not supported with this model.${hint}`;
    return { status: 400, body: { error: { message, type: "invalid_request_error", param, code: "unsupported_parameter" } } };
  };
  const sent = ({ simulator }: TestGateway, ...names: string[]): string[][] =>
    simulator.requests.map(({ body }) => names.filter((name) => name in (JSON.parse(body.toString()) as object)));

  test("rule 344: the field of the limit, which the simulated model knows under its new name only, and one it does not take", async () => {
    const gateway = await start({ config });
    gateway.simulator.script(refused("parallel_tool_calls"));
    const tools = [{ name: "f", input_schema: { type: "object", properties: {} } }];
    const more = { model: "gpt-5.5", tools, tool_choice: { type: "auto", disable_parallel_tool_use: true } };
    for (const text of ["hello", "again"]) expect((await post(gateway.url, ask(text, more))).status).toBe(200);
    expect(sent(gateway, "max_tokens", "max_completion_tokens", "parallel_tool_calls")).toEqual([
      ["max_tokens", "parallel_tool_calls"],
      ["max_tokens"],
      ["max_completion_tokens"],
      ["max_completion_tokens"],
    ]);
  });

  test("a server that refuses whatever it is told is not asked for ever", async () => {
    const gateway = await start({ config: (upstream) => `${config(upstream)}retry: { attempts: 50 }` });
    const old = refused("max_tokens", " Use 'max_completion_tokens' instead.");
    const recent = refused("max_completion_tokens");
    gateway.simulator.script(...Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? old : recent)));
    expect((await post(gateway.url, ask("hello", { model: "gpt-5.5" }))).status).toBe(400);
    expect(gateway.simulator.requests).toHaveLength(3);
  });
});

function turn(text: string): object[] {
  return [
    { role: "user", content: text },
    { role: "assistant", content: "Yes." },
  ];
}
