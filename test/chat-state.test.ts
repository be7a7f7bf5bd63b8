/**
 * Reasoning state of Chat clients that know no extension: OpenAI's SDK, whose history holds nothing but what OpenAI's own
 * protocol has (rules 144, 436). The simulator refuses state that is not at home, and a request that lacks what was minted
 * for it.
 */
import OpenAI from "openai";
import { afterEach, describe, expect, test } from "vitest";
import type { ScriptedBlock } from "../src/simulator/types.ts";
import { startTestGateway, type TestGateway } from "./support/gateway.ts";

type Message = OpenAI.ChatCompletionMessageParam;

let gateway: TestGateway | undefined;
afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
});

const tools = [
  { type: "function" as const, function: { name: "f", parameters: { type: "object", properties: { n: { type: "number" } } } } },
];
const UPSTREAMS = [
  ["anthropic", "claude-opus-5-5"],
  ["gemini", "gemini-3.8-pro"],
] as const;

/** A conversation whose client forgets whatever is not OpenAI's. */
class Forgetful {
  readonly #client: OpenAI;
  readonly #streamed: boolean;
  readonly history: Message[] = [{ role: "system", content: "Be brief." }];

  constructor(url: string, streamed: boolean, apiKey = "any") {
    this.#client = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
    this.#streamed = streamed;
  }

  /** @returns ids of the calls that wait for an answer. */
  async say(model: string, ...said: Message[]): Promise<readonly string[]> {
    this.history.push(...said);
    const params = { model, messages: this.history, tools, reasoning_effort: "high" as const };
    const completion = this.#streamed
      ? await this.#client.chat.completions.stream(params).finalChatCompletion()
      : await this.#client.chat.completions.create(params);
    const message = completion.choices[0]?.message;
    const calls = (message?.tool_calls ?? []).flatMap((call) => (call.type === "function" ? [call] : []));
    this.history.push({
      role: "assistant",
      content: message?.content ?? null,
      ...(calls.length > 0 && {
        tool_calls: calls.map(({ id, function: { name, arguments: json } }) => ({
          id,
          type: "function" as const,
          function: { name, arguments: json },
        })),
      }),
    });
    return calls.map(({ id }) => id);
  }
}

const user = (content: string): Message => ({ role: "user", content });
const result = (id: string): Message => ({ role: "tool", tool_call_id: id, content: "ok" });

const CALLS: readonly ScriptedBlock[] = [
  { type: "thinking", text: "Two of them." },
  { type: "text", text: "I look. " },
  { type: "call", name: "f", input: { n: 1 } },
  { type: "call", name: "f", input: { n: 2 } },
];
const ANSWER: readonly ScriptedBlock[] = [
  { type: "thinking", text: "That is it." },
  { type: "text", text: "Done." },
];

/** Asks, answers the calls, and hears what comes of it. */
async function round(talk: Forgetful, model: string, { simulator }: TestGateway, question: string): Promise<void> {
  simulator.script({ blocks: CALLS }, { blocks: ANSWER });
  const calls = await talk.say(model, user(question));
  await talk.say(model, ...calls.map(result));
}

function startTwoKeys(type: string): Promise<TestGateway> {
  return startTestGateway({
    simulator: { strictState: true },
    config: (upstream) => `
keys: [{ name: alice, key: alices }, { name: bob, key: bobs }]
providers:
  up: { type: ${type}, base_url: "${upstream}", credentials: [{ api_key: key-number-1 }, { api_key: key-number-2 }] }
`,
  });
}

describe.each(UPSTREAMS)("to %s", (type, target) => {
  const model = `up/${target}`;

  test.each([true, false])("all state comes back where it was, streamed %s", async (streamed) => {
    gateway = await startTwoKeys(type);
    const talk = new Forgetful(gateway.url, streamed, "alices");
    for (const question of ["One?", "Two?", "Three?"]) await round(talk, model, gateway, question);
    const kept = gateway.simulator.requests.map(({ state }) => state.kept);
    expect(kept).toEqual([0, 1, 2, 3, 4, 5]);
    // All at the account that minted the first.
    expect(new Set(gateway.simulator.requests.map(({ credential }) => credential)).size).toBe(1);
  });

  test("it belongs to the key it was minted for", async () => {
    gateway = await startTwoKeys(type);
    const alice = new Forgetful(gateway.url, false, "alices");
    await round(alice, model, gateway, "One?");
    gateway.simulator.credentials.set(gateway.simulator.requests[0]?.credential ?? "", "429");
    const bob = new Forgetful(gateway.url, false, "bobs");
    bob.history.splice(0, 1, ...alice.history);
    await bob.say(model, user("And?"));
    expect(gateway.simulator.requests.at(-1)?.state).toMatchObject({ kept: 0, standIns: type === "gemini" ? 1 : 0, refused: [] });
  });
});

test("a conversation that moves between vendors finds its state again when it comes back", async () => {
  gateway = await startTestGateway({
    simulator: { strictState: true },
    config: (upstream) => `
providers:
  anthropic: { type: anthropic, base_url: "${upstream}", credentials: [{ api_key: key-number-1 }] }
  gemini: { type: gemini, base_url: "${upstream}", credentials: [{ api_key: key-number-2 }] }
`,
  });
  const talk = new Forgetful(gateway.url, true);
  const [claude, gemini] = ["anthropic/claude-opus-5-5", "gemini/gemini-3.8-pro"] as const;
  for (const [i, model] of [claude, gemini, claude, gemini].entries()) await round(talk, model, gateway, `Question ${i}?`);
  const kept = gateway.simulator.requests.map(({ state }) => state.kept);
  expect(kept).toEqual([0, 1, 0, 1, 2, 3, 2, 3]);
});

test("a client that changes its history loses the reasoning behind the change, and no more", async () => {
  gateway = await startTestGateway({
    config: (upstream) => `providers: { anthropic: { type: anthropic, base_url: "${upstream}", credentials: [{ api_key: k }] } }`,
  });
  const model = "anthropic/claude-opus-5-5";
  const talk = new Forgetful(gateway.url, true);
  for (const question of ["One?", "Two?"]) await round(talk, model, gateway, question);
  const answer = talk.history.findIndex(({ role }) => role === "tool");
  talk.history[answer] = { ...(talk.history[answer] as Message & { role: "tool" }), content: "[cleared]" };
  await round(talk, model, gateway, "Three?");
  expect(gateway.simulator.requests.at(-1)?.state).toEqual({ kept: 2, standIns: 0, dropped: [], refused: [] });
});
