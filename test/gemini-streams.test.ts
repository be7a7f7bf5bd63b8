/** Streams of Gemini's clients in both framings, through real sockets: relayed and translated, slow, cut and failing. */
import { describe, expect, test } from "vitest";
import { gatewaysForTests, pool, type TestGateway } from "./support/gateway.ts";
import { loadRecordings } from "./support/recordings.ts";

const { start } = gatewaysForTests();
const question = { contents: [{ role: "user", parts: [{ text: "Say hi" }] }] };
const ARRAY = "streamGenerateContent";
const SSE = "streamGenerateContent?alt=sse";

function ask(gateway: TestGateway, method: string, body: unknown = question): Promise<Response> {
  return fetch(`${gateway.url}/v1beta/models/gemini-3.8-pro:${method}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-goog-api-key": "any" },
    body: JSON.stringify(body),
  });
}

interface Body {
  readonly candidates?: readonly {
    readonly finishReason?: string;
    readonly content?: { readonly parts?: readonly { readonly text?: string }[] };
  }[];
  readonly error?: { readonly code: number; readonly status: string };
}

/** The bodies of a whole stream. An array is parsed as one JSON text; every event must be one line of data. */
function bodiesOf(method: string, text: string): Body[] {
  if (method === ARRAY) return JSON.parse(text) as Body[];
  return text
    .split(/\r?\n\r?\n/)
    .filter((frame) => frame !== "")
    .map((frame) => JSON.parse(frame.replace(/^data: /, "")) as Body);
}

const textOf = (bodies: readonly Body[]): string =>
  bodies.flatMap(({ candidates }) => candidates?.[0]?.content?.parts?.map(({ text }) => text ?? "") ?? []).join("");

describe.each(["anthropic", "gemini"] as const)("to an upstream of type %s", (type) => {
  describe.each([SSE, ARRAY])("%s", (method) => {
    test("rules 294, 295: an answer, its end in the last body", async () => {
      const gateway = await start({ config: pool(type, 1) });
      const answer = await ask(gateway, method);
      expect(answer.headers.get("content-type")).toMatch(method === ARRAY ? /^application\/json/ : /^text\/event-stream/);
      const bodies = bodiesOf(method, await answer.text());
      expect(textOf(bodies)).toContain("Say hi");
      expect(bodies.findLast(({ candidates }) => (candidates?.length ?? 0) > 0)?.candidates?.[0]?.finishReason).toBe("STOP");
      expect(gateway.permits()).toBe(0);
    });

    test("rules 296, 325: silence is broken by signs of life that change nothing", async () => {
      const config = (upstream: string): string =>
        pool(type, 1)(upstream).replace("heartbeat: 10s", "heartbeat: 10ms").replaceAll("300ms", "5s");
      const gateway = await start({ config });
      gateway.simulator.script({ chunkDelayMs: 60, delayMs: 60 });
      const raw = await (await ask(gateway, method)).text();
      expect(raw).toContain(method === ARRAY ? "\n" : 'data: {"candidates":[]}');
      expect(textOf(bodiesOf(method, raw))).toContain("Say hi");
    });

    test.each(["end-early", "reset-mid-event", "error-after-content"] as const)(
      "rules 295, 297: %s ends with an error, and never looks finished",
      async (fault) => {
        const gateway = await start({ config: pool(type, 1) });
        gateway.simulator.script({ fault, chunkDelayMs: 20 });
        const answer = await ask(gateway, method);
        const bodies = bodiesOf(method, await answer.text());
        expect(bodies.at(-1)).toMatchObject({ error: { code: expect.any(Number), status: expect.any(String) } });
        expect(bodies.some(({ candidates }) => candidates?.[0]?.finishReason !== undefined)).toBe(false);
        expect(gateway.permits()).toBe(0);
      },
    );

    test("rules 338, 346: a refusal before the answer is an error of its own", async () => {
      const gateway = await start({ config: pool(type, 1) });
      gateway.simulator.script({ fault: "429", retryAfter: 7, retryInfo: 7 });
      const answer = await ask(gateway, method);
      expect(answer.status).toBe(429);
      const [body] = [JSON.parse(await answer.text()) as unknown].flat();
      expect(body).toMatchObject({ error: { code: 429, status: "RESOURCE_EXHAUSTED" } });
      expect(JSON.stringify(body)).toMatch(/"retryDelay":"\d+(\.\d+)?s"/);
      expect(Number(answer.headers.get("retry-after") ?? 1)).toBeGreaterThan(0);
    });
  });
});

describe("relayed", () => {
  test("rules 1, 3: the path names the target's model, a key never passes, and the answer's bytes do", async () => {
    const gateway = await start({ config: pool("gemini", 1) });
    for (const { response } of loadRecordings("gemini").filter(({ response: { body, status } }) => status === 200 && Array.isArray(body))) {
      const text = response.bytes.toString();
      gateway.simulator.script({
        recording: { response: { status: 200, headers: { "content-type": "application/json" }, body: text } },
        cuts: [5, 9, 40],
      });
      const answer = await ask(gateway, `${ARRAY}?key=secret`, { ...question, somethingNew: 1 });
      expect(await answer.text()).toBe(text);
      const sent = gateway.simulator.requests.at(-1);
      expect(sent?.path).toBe("/v1beta/models/gemini-3.8-pro:streamGenerateContent");
      expect(sent?.body.toString()).toBe(JSON.stringify({ ...question, somethingNew: 1 }));
      expect(JSON.stringify(sent?.headers)).not.toContain("secret");
    }
  });

  test("rule 140: a conversation that began with Claude goes on with Gemini, without Claude's proof", async () => {
    const config = (upstream: string): string => `
providers:
  a: { type: anthropic, base_url: "${upstream}", credentials: [{ name: a, api_key: k }] }
  g: { type: gemini, base_url: "${upstream}", credentials: [{ name: g, api_key: k }] }
models: { claude: a/claude-sonnet-4-6, gemini: g/gemini-3.8-pro }
`;
    const gateway = await start({ config });
    const say = async (model: string, contents: readonly unknown[]): Promise<{ parts: { thoughtSignature?: string }[] }> => {
      const generationConfig = { thinkingConfig: { includeThoughts: true, thinkingBudget: 1024 } };
      const answer = await fetch(`${gateway.url}/v1beta/models/${model}:generateContent`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-goog-api-key": "any" },
        body: JSON.stringify({ contents, ...(model === "claude" && { generationConfig }) }),
      });
      expect(answer.status).toBe(200);
      return ((await answer.json()) as { candidates: [{ content: never }] }).candidates[0].content;
    };
    const first = { role: "user", parts: [{ text: "Say hi" }] };
    const said = await say("claude", [first]);
    expect(said.parts.some(({ thoughtSignature }) => thoughtSignature !== undefined)).toBe(true);
    const history = [first, said, { role: "user", parts: [{ text: "and again" }] }];
    await say("gemini", history);
    const relayed = gateway.simulator.requests.at(-1)?.body.toString() ?? "";
    expect(relayed).toContain("and again");
    expect(relayed).not.toContain(Buffer.from("dragoman-state-v1.").toString("base64"));
    await say("claude", history);
    expect(gateway.simulator.requests.at(-1)?.body.toString()).toMatch(/"signature":"[^"]+"/);
  });
});

test("rule 380: what is not served is not found, in Google's words", async () => {
  const gateway = await start({ config: pool("gemini", 1) });
  for (const path of [
    "v1beta/models/m:embedContent",
    "v1/models/m:batchEmbedContents",
    "v1beta/files",
    "v1beta/cachedContents",
    "nothing",
  ]) {
    const answer = await fetch(`${gateway.url}/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-goog-api-key": "any" },
      body: "{}",
    });
    expect([path, answer.status, await answer.json()]).toMatchObject([path, 404, { error: { code: 404, status: "NOT_FOUND" } }]);
  }
});

test("a key in the query or any of the headers opens the door", async () => {
  const gateway = await start({ config: (upstream) => `${pool("gemini", 1)(upstream)}\nkeys: [{ name: k, key: secret-of-a-caller }]` });
  const list = (query: string, headers: Record<string, string>): Promise<number> =>
    fetch(`${gateway.url}/v1beta/models${query}`, { headers }).then(({ status }) => status);
  expect(await list("?key=secret-of-a-caller", {})).toBe(200);
  expect(await list("", { "x-goog-api-key": "secret-of-a-caller" })).toBe(200);
  expect(await list("", { authorization: "Bearer secret-of-a-caller" })).toBe(200);
  expect(await list("?key=wrong", {})).toBe(401);
});
