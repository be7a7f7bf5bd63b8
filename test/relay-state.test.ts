/**
 * State on the relay lane, where answers reach the client untouched and nothing in them says who minted it: clients of
 * Messages and Gemini whose upstream speaks their own protocol, with several accounts and models. The simulator refuses state
 * that is not at home, and a request that lacks what was minted for it.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RecordedRequest, ScriptedBlock } from "../src/simulator/types.ts";
import { startTestGateway, type TestGateway } from "./support/gateway.ts";

type Fields = Record<string, unknown>;

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startGateway();
});
afterEach(() => gateway.close());

/** Each vendor once with two accounts in a pool and once with each alone. */
function startGateway(): Promise<TestGateway> {
  const keys = [1, 2].map((n) => `{ name: c${n}, api_key: key-number-${n} }`);
  const providers = (["anthropic", "gemini"] as const).flatMap((type) => [
    `  ${type}: { type: ${type}, base_url: "URL", credentials: [${keys.join(", ")}] }`,
    ...keys.map((key, i) => `  ${type}-${i + 1}: { type: ${type}, base_url: "URL", credentials: [${key}] }`),
  ]);
  return startTestGateway({
    simulator: { strictState: true },
    config: (upstream) => `providers:\n${providers.join("\n").replaceAll("URL", upstream)}\n`,
  });
}

const SAID: readonly ScriptedBlock[] = [
  { type: "thinking", text: "Look it up." },
  { type: "text", text: "I look." },
  { type: "call", name: "f", input: { n: 1 } },
];

/** A client whose history is what it got, word for word. */
abstract class RawTalk {
  readonly #history: Fields[] = [];
  readonly #streamed: boolean;

  constructor(streamed: boolean) {
    this.#streamed = streamed;
  }

  /** Asks, and answers the call that comes. @returns the two requests as they reached the upstream. */
  async round(model: string, url = gateway.url): Promise<readonly RecordedRequest[]> {
    const { simulator } = gateway;
    const from = simulator.requests.length;
    simulator.script(
      { blocks: SAID },
      {
        blocks: [
          { type: "thinking", text: "So." },
          { type: "text", text: "Done." },
        ],
      },
    );
    const asked = await this.#say(this.question(), model, url);
    await this.#say(this.result(asked), model, url);
    return simulator.requests.slice(from);
  }

  async #say(said: Fields, model: string, url: string): Promise<Fields> {
    this.#history.push(said);
    const text = await (await this.send(url, model, this.#history, this.#streamed)).text();
    expect(text).not.toContain('"error"');
    const answer = this.answer(text, this.#streamed);
    this.#history.push(answer);
    return answer;
  }

  protected abstract question(): Fields;
  protected abstract result(answer: Fields): Fields;
  protected abstract send(url: string, model: string, history: readonly Fields[], streamed: boolean): Promise<Response>;
  protected abstract answer(text: string, streamed: boolean): Fields;
}

function eventsIn(text: string): Fields[] {
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? "") as Fields);
}

class MessagesTalk extends RawTalk {
  protected question(): Fields {
    return { role: "user", content: "And now?" };
  }

  protected result({ content }: Fields): Fields {
    const id = (content as Fields[]).find(({ type }) => type === "tool_use")?.["id"];
    return { role: "user", content: [{ type: "tool_result", tool_use_id: id, content: "ok" }] };
  }

  protected send(url: string, model: string, messages: readonly Fields[], stream: boolean): Promise<Response> {
    const tools = [{ name: "f", input_schema: { type: "object" } }];
    const thinking = { type: "adaptive", display: "summarized" };
    return fetch(`${url}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json", "anthropic-version": "2023-06-01" },
      body: JSON.stringify({ model, max_tokens: 9000, messages, tools, thinking, stream }),
    });
  }

  protected answer(text: string, streamed: boolean): Fields {
    if (!streamed) return { role: "assistant", content: (JSON.parse(text) as Fields)["content"] };
    const content: Fields[] = [];
    for (const event of eventsIn(text)) {
      if (event["type"] === "content_block_start") content.push({ ...(event["content_block"] as Fields), json: "" });
      if (event["type"] !== "content_block_delta") continue;
      const { type: _type, partial_json: json, ...members } = event["delta"] as Fields;
      const block = content[event["index"] as number] as Fields;
      for (const [key, value] of Object.entries({ ...members, json: json ?? "" })) block[key] = `${block[key] as string}${value as string}`;
    }
    const finished = content.map(({ json, ...block }) =>
      block["type"] === "tool_use" ? { ...block, input: JSON.parse(json as string) as unknown } : block,
    );
    return { role: "assistant", content: finished };
  }
}

class GeminiTalk extends RawTalk {
  protected question(): Fields {
    return { role: "user", parts: [{ text: "And now?" }] };
  }

  protected result({ parts }: Fields): Fields {
    const id = (parts as { functionCall?: Fields }[]).find(({ functionCall }) => functionCall)?.functionCall?.["id"];
    return { role: "user", parts: [{ functionResponse: { id, name: "f", response: { output: "ok" } } }] };
  }

  protected send(url: string, model: string, contents: readonly Fields[], streamed: boolean): Promise<Response> {
    const tools = [{ functionDeclarations: [{ name: "f" }] }];
    const method = streamed ? "streamGenerateContent?alt=sse" : "generateContent";
    return fetch(`${url}/v1beta/models/${model}:${method}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-goog-api-key": "any" },
      body: JSON.stringify({ contents, tools }),
    });
  }

  protected answer(text: string, streamed: boolean): Fields {
    const bodies = streamed ? eventsIn(text) : [JSON.parse(text) as Fields];
    const parts = bodies.flatMap((body) => (body["candidates"] as { content: { parts: Fields[] } }[])[0]?.content.parts ?? []);
    return { role: "model", parts };
  }
}

const kept = (requests: readonly RecordedRequest[]): readonly number[] => requests.map(({ state }) => state.kept);
const keys = (requests: readonly RecordedRequest[]): readonly (string | undefined)[] => requests.map(({ credential }) => credential);

const CLIENTS = [
  // Its thinking each time, of the two answers of a round.
  ["Messages", (streamed: boolean) => new MessagesTalk(streamed), "anthropic", "claude-opus-5-5", "claude-sonnet-5-5"],
  // The signature of the call, and that at the end of the text.
  ["Gemini", (streamed: boolean) => new GeminiTalk(streamed), "gemini", "gemini-3.8-pro", "gemini-3.8-flash"],
] as const;
const CASES = CLIENTS.flatMap((client) => [true, false].map((streamed) => [streamed ? "streamed" : "whole", ...client, streamed] as const));

describe.each(CASES)("%s %s", (_how, name, start, provider, model, otherModel, streamed) => {
  test("what an account minted goes back to it, and to no other, through every move", async () => {
    const talk = start(streamed);
    expect(kept(await talk.round(`${provider}-1/${model}`))).toEqual([0, 1]);
    expect(kept(await talk.round(`${provider}-2/${model}`))).toEqual([0, 1]);
    // From before the excursion, and from after.
    expect(kept(await talk.round(`${provider}-1/${model}`))).toEqual([2, 3]);
    expect(kept(await talk.round(`${provider}-2/${model}`))).toEqual([2, 3]);
  });

  test("neither does another model's", async () => {
    const talk = start(streamed);
    await talk.round(`${provider}-1/${model}`);
    expect(kept(await talk.round(`${provider}-1/${otherModel}`))).toEqual([0, 1]);
    expect(kept(await talk.round(`${provider}-1/${model}`))).toEqual([2, 3]);
  });

  test("nor another vendor's, which comes in an envelope", async () => {
    const talk = start(streamed);
    const other = name === "Gemini" ? "anthropic-1/claude-opus-5-5" : "gemini-1/gemini-3.8-pro";
    await talk.round(`${provider}-1/${model}`);
    expect(kept(await talk.round(other))).toEqual([0, 1]);
    expect(kept(await talk.round(`${provider}-1/${model}`))).toEqual([2, 3]);
    expect(kept(await talk.round(other))).toEqual([2, 3]);
  });

  test("a conversation stays with the account that minted its newest state", async () => {
    const talks = [1, 2, 3].map(() => start(streamed));
    const homes = [];
    for (const talk of talks) homes.push(keys(await talk.round(`${provider}/${model}`)));
    // The second request of a round is where the first was, though others came between.
    for (const [first, second] of homes) expect(second).toBe(first);
    expect(new Set(homes.flat()).size).toBe(2);
    for (const [i, talk] of talks.entries()) expect(keys(await talk.round(`${provider}/${model}`))).toEqual(homes[i]);
  });

  test("when its account rests, another goes on without the state, and the first has it all again later", async () => {
    const talk = start(streamed);
    const [home] = keys(await talk.round(`${provider}/${model}`));
    gateway.simulator.credentials.set(home ?? "", "429");
    const moved = (await talk.round(`${provider}/${model}`)).filter(({ credential }) => credential !== home);
    expect(kept(moved)).toEqual([0, 1]);
    gateway.simulator.credentials.delete(home ?? "");
    const n = home === "key-number-1" ? 1 : 2;
    expect(kept(await talk.round(`${provider}-${n}/${model}`))).toEqual([2, 3]);
  });

  test("what nobody knows passes as it is", async () => {
    const talk = start(streamed);
    await talk.round(`${provider}-1/${model}`);
    const { simulator } = gateway;
    const restarted = await startTestGateway({
      config: () =>
        `providers: { ${provider}-1: { type: ${provider}, base_url: "${simulator.url}", credentials: [{ api_key: key-number-1 }] } }`,
    });
    expect(kept(await talk.round(`${provider}-1/${model}`, restarted.url))).toEqual([2, 3]);
    await restarted.close();
  });
});
