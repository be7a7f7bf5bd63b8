/**
 * Reasoning state through every switch: one conversation with tools and reasoning moves between three vendors and two accounts
 * of each, and comes back. The simulator mints state bound to vendor, account, model and everything before it, under a key that
 * nobody else has, and refuses every piece that is not at home; it also refuses a request that lacks a piece which was minted
 * for it. So an answer to every turn proves that no upstream got state it did not mint, and that all came back to where it was.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Endpoint, Place, ProtocolName } from "../src/conformance/clients/client.ts";
import { CLIENTS } from "../src/conformance/clients/index.ts";
import type { Says, Settings } from "../src/conformance/conversation.ts";
import { WEATHER } from "../src/conformance/scenarios/fixtures.ts";
import type { Behaviour, RecordedRequest } from "../src/simulator/types.ts";
import { ForgetfulChat } from "./support/forgetful-chat.ts";
import { startTestGateway, type TestGateway } from "./support/gateway.ts";

/** Where a turn goes: a vendor's model at one of two accounts. */
const PLACES = {
  A1: "anthropic-1/claude-opus-5-5",
  A2: "anthropic-2/claude-opus-5-5",
  O1: "openai-1/gpt-6",
  O2: "openai-2/gpt-6",
  G1: "gemini-1/gemini-3.8-pro",
  G2: "gemini-2/gemini-3.8-pro",
} as const;
type PlaceName = keyof typeof PLACES;

/** Each question leads to a call, and its result to an answer: where the question goes, and where the result. */
const COURSE: readonly (readonly [question: PlaceName, result: PlaceName])[] = [
  ["A1", "A1"],
  ["O1", "O1"],
  ["G1", "G1"],
  ["A2", "A2"],
  ["O2", "O2"],
  ["G2", "G2"],
  // Moves while a tool runs.
  ["A1", "O1"],
  ["O2", "G1"],
  ["G2", "A2"],
  ["A2", "A1"],
  ["O1", "O2"],
  ["G1", "G2"],
  // And back to where each was.
  ["A1", "A1"],
  ["O1", "O1"],
  ["G1", "G1"],
];

/** The marker keeps conversations that run at once apart. */
const settings = (marker: string): Settings => ({
  system: [`Answer what is asked. ${marker}`],
  tools: [WEATHER],
  thinking: { effort: "medium", show: true },
});

function answersOf(question: number): readonly Behaviour[] {
  const city = `City ${question}`;
  return [
    {
      blocks: [
        { type: "thinking", text: `Where is ${city}? I must look.` },
        { type: "text", text: `I look at ${city}.` },
        { type: "call", name: "get_weather", input: { city } },
      ],
    },
    {
      blocks: [
        { type: "thinking", text: `It is warm in ${city}.` },
        { type: "text", text: `Warm in ${city}.` },
      ],
    },
  ];
}

/** A conversation that can be gone on with. */
interface Talk {
  /** @returns what went wrong. */
  say(says: Says, settings: Settings, place: Place): Promise<string | undefined>;
}

type ClientName = ProtocolName | "forgetful chat";
const CLIENT_NAMES: readonly ClientName[] = ["anthropic", "chat", "forgetful chat", "responses", "gemini"];
const BASE_PATHS: Readonly<Record<ClientName, string>> = {
  anthropic: "",
  chat: "/v1",
  "forgetful chat": "/v1",
  responses: "/v1",
  gemini: "",
};

async function talk(client: ClientName, endpoint: Endpoint, streamed: boolean): Promise<Talk> {
  if (client === "forgetful chat") return new ForgetfulChat(endpoint, streamed);
  const conversation = await CLIENTS[client].converse(endpoint, streamed);
  return {
    async say(says, asked, place) {
      const { error, grammar } = await conversation.say(says, asked, place);
      return error?.message ?? grammar[0];
    },
  };
}

let gateway: TestGateway;
beforeAll(async () => {
  const provider = (name: string, type: string, path: string): string =>
    [1, 2]
      .map((n) => `  ${name}-${n}: { type: ${type}, base_url: "${path}", credentials: [{ name: only, api_key: ${name}-key-${n} }] }`)
      .join("\n");
  gateway = await startTestGateway({
    simulator: { strictState: true },
    config: (upstream) => `
providers:
${provider("anthropic", "anthropic", upstream)}
${provider("openai", "openai", `${upstream}/v1`)}
${provider("gemini", "gemini", upstream)}
`,
  });
});
afterAll(() => gateway.close());

describe.each(CLIENT_NAMES)("a %s client's conversation", (client) => {
  test.each([
    ["streamed", true],
    ["whole", false],
  ])("%s, moves through every vendor and account and back, and each gets all of its own state and no other", async (mode, streamed) => {
    const marker = `(${client} ${mode})`;
    const endpoint = { baseUrl: `${gateway.url}${BASE_PATHS[client]}`, apiKey: "any", model: PLACES.A1, headers: {} };
    const conversation = await talk(client, endpoint, streamed);
    const minted = new Map<PlaceName, number>();
    for (const [question, places] of COURSE.entries()) {
      const words = `Question ${question} ${marker}?`;
      gateway.simulator.answer(words, answersOf(question));
      const steps: readonly Says[] = [words, { results: [{ call: 0, content: `${20 + question} degrees` }] }];
      for (const [step, says] of steps.entries()) {
        const name = places[step] as PlaceName;
        const from = gateway.simulator.requests.length;
        const error = await conversation.say(says, settings(marker), { model: PLACES[name], headers: {} });
        expect(error, `question ${question}, step ${step}, to ${name}`).toBeUndefined();
        const seen = gateway.simulator.requests.slice(from).filter(({ body }) => body.includes(marker));
        expect(stateOf(seen), `question ${question}, step ${step}, to ${name}`).toEqual([
          { credential: keyOf(name), kept: minted.get(name) ?? 0, dropped: 0, refused: 0 },
        ]);
        minted.set(name, (minted.get(name) ?? 0) + 1);
      }
    }
    expect([...minted.values()].reduce((sum, count) => sum + count, 0)).toBe(2 * COURSE.length);
  });
});

function keyOf(place: PlaceName): string {
  return PLACES[place].split("/", 1)[0]?.replace(/-(\d)$/, "-key-$1") ?? "";
}

function stateOf(requests: readonly RecordedRequest[]): readonly object[] {
  return requests.map(({ credential, state: { kept, dropped, refused } }) => ({
    credential,
    kept,
    dropped: dropped.length,
    refused: refused.length,
  }));
}
