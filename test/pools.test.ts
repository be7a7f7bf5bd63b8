/** Pools over several providers, through real sockets: who is asked, who is not, and what is told and remembered of it. */
import { describe, expect, test } from "vitest";
import type { Behaviour, FaultName } from "../src/simulator/types.ts";
import { ask, gatewaysForTests, post, until, type TestGateway } from "./support/gateway.ts";

const { start } = gatewaysForTests();

const MODEL = "claude-sonnet-4-6";
const HOUR_S = 3_600;

/** Provider `one` with three credentials, `two` with one; all rests last longer than any test. */
const config =
  (models: string, { one = "", two = "", more = "" } = {}) =>
  (upstream: string): string =>
    `
server: { heartbeat: 10s, shutdown_grace: 200ms }
cooldown: { rate_limit_base: 1h, rate_limit_max: 1h, transient_base: 1h, transient_max: 1h, long: 1h, probe_interval: 1h }
providers:
  one:
    type: anthropic
    base_url: "${upstream}"
    ${one}
    credentials: [{ name: a, api_key: key-a, weight: 2 }, { name: b, api_key: key-b }, { name: c, api_key: key-c }]
  two: { type: anthropic, base_url: "${upstream}", ${two} credentials: [{ name: d, api_key: key-d, weight: 4 }] }
models:
${models}
${more}`;

const CHAIN = `  m: [one/${MODEL}, two/${MODEL}]`;
const ALONE = `  m: one/${MODEL}\n  other: one/claude-opus-5-5`;

/** Asks once and says who answered. */
async function credentialOf({ url }: TestGateway, body = ask("hello", { model: "m" }), headers = {}): Promise<string | null> {
  const answer = await post(url, body, headers);
  await answer.text();
  expect(answer.status).toBe(200);
  return answer.headers.get("x-dragoman-credential");
}

/** The keys that were asked, in order. */
function asked({ simulator }: TestGateway): string {
  return simulator.requests.map(({ credential }) => credential?.replace("key-", "")).join(" ");
}

function sick(gateway: TestGateway, keys: string, behaviour: Behaviour | FaultName): void {
  for (const key of keys) gateway.simulator.credentials.set(`key-${key}`, behaviour);
}

test("the credentials of two providers are one pool, which takes turns by one strategy", async () => {
  const gateway = await start({ config: config(`  m: { targets: [one/${MODEL}, two/${MODEL}], strategy: weighted }`) });
  const served = new Map<string | null, number>();
  for (let i = 0; i < 16; i += 1) {
    const name = await credentialOf(gateway);
    served.set(name, (served.get(name) ?? 0) + 1);
  }
  expect(Object.fromEntries(served)).toEqual({ a: 4, b: 2, c: 2, d: 8 });
});

test("a pool over two providers goes on with one of them while the other is down, and comes to a fallback when both are", async () => {
  const models = `  m: { targets: [one/${MODEL}, two/${MODEL}], strategy: fill-first, fallback: [{ target: two/claude-haiku-4-5, on: [overloaded] }] }`;
  const gateway = await start({ config: config(models) });
  sick(gateway, "abc", "529");
  expect(await credentialOf(gateway)).toBe("d");
  expect(await credentialOf(gateway)).toBe("d");
  expect(asked(gateway)).toBe("a b c d d");
  gateway.simulator.script({ fault: "529", times: 1 });
  const answer = await post(gateway.url, ask("hello", { model: "m" }));
  expect(answer.headers.get("x-dragoman-model")).toBe("two/claude-haiku-4-5");
  expect(answer.headers.get("x-dragoman-fallback")).toBe("overloaded");
});

describe("a fallback", () => {
  const withCause = `  m: [one/${MODEL}, { target: two/claude-opus-5-5, on: [context_too_long] }]`;

  test.each([true, false])("after what its `on` names, told in the head (stream: %s)", async (stream) => {
    const gateway = await start({ config: config(withCause) });
    sick(gateway, "abc", "context-too-long");
    const answer = await post(gateway.url, ask("hello", { model: "m", stream }));
    expect(await answer.text()).toContain(stream ? "message_stop" : "end_turn");
    expect([answer.status, answer.headers.get("x-dragoman-model"), answer.headers.get("x-dragoman-fallback")]).toEqual([
      200,
      "two/claude-opus-5-5",
      "context-too-long",
    ]);
    expect(answer.headers.get("x-dragoman-attempts")).toMatch(
      /^one\/\S+ a context-too-long \d+ms, two\/\S+ d answered \d+ms|^one\/\S+ a context-too-long \d+ms$/,
    );
    expect(asked(gateway)).toBe("a d");
    expect(await gateway.record(answer)).toMatchObject({ fallback: "context-too-long", target: "two/claude-opus-5-5", credential: "d" });
  });

  test("after nothing else", async () => {
    const gateway = await start({ config: config(withCause) });
    sick(gateway, "abc", "500");
    const answer = await post(gateway.url, ask("hello", { model: "m" }));
    expect([answer.status, answer.headers.get("x-dragoman-fallback")]).toEqual([500, null]);
    expect(asked(gateway)).toBe("a b c");
  });

  test("without `on` a request's own fault goes straight to the client, word for word", async () => {
    const gateway = await start({ config: config(CHAIN) });
    sick(gateway, "a", "context-too-long");
    const answer = await post(gateway.url, ask("hello", { model: "m" }));
    expect([answer.status, answer.headers.get("x-dragoman-fallback")]).toEqual([400, null]);
    expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining("prompt is too long") as string } });
    expect(asked(gateway)).toBe("a");
  });

  test.each(["500", "529", "429", "401", "402", "reset-before-headers"] satisfies FaultName[])(
    "that is not declared never happens: %s",
    async (fault) => {
      const gateway = await start({ config: config(ALONE) });
      sick(gateway, "abc", fault);
      for (let i = 0; i < 2; i += 1) {
        const answer = await post(gateway.url, ask("hello", { model: "m" }));
        expect(answer.status).toBeGreaterThanOrEqual(400);
        expect(answer.headers.get("x-dragoman-fallback")).toBeNull();
      }
      expect(gateway.simulator.requests.filter(({ body }) => !body.includes(`"${MODEL}"`))).toEqual([]);
      expect(asked(gateway)).not.toContain("d");
    },
  );
});

test("a provider that fails for three credentials alike is left alone at once, and asked again where nobody else can serve", async () => {
  const gateway = await start({ config: config(CHAIN) });
  sick(gateway, "abc", "500");
  const first = await post(gateway.url, ask("hello", { model: "m" }));
  expect([first.status, first.headers.get("x-dragoman-fallback")]).toEqual([200, "upstream"]);
  expect(asked(gateway)).toBe("a b c d");
  for (let i = 0; i < 3; i += 1) {
    const next = await post(gateway.url, ask("hello", { model: "m" }));
    expect([next.status, next.headers.get("x-dragoman-credential"), next.headers.get("x-dragoman-fallback")]).toEqual([
      200,
      "d",
      "overloaded",
    ]);
  }
  expect(asked(gateway)).toBe("a b c d d d d");
  expect(gateway.gateway.describe()[0]?.circuit).toMatchObject([{ model: MODEL, why: "upstream" }]);

  sick(gateway, "d", "429");
  gateway.simulator.credentials.delete("key-a");
  const last = await post(gateway.url, ask("hello", { model: "m" }));
  expect([last.status, last.headers.get("x-dragoman-credential"), last.headers.get("x-dragoman-fallback")]).toEqual([200, "a", null]);
  expect(gateway.gateway.describe()[0]?.circuit).toEqual([]);
});

describe("limits that are told before they are met", () => {
  const told = (remaining: number): Record<string, string> => ({
    "anthropic-ratelimit-requests-limit": "50",
    "anthropic-ratelimit-requests-remaining": `${remaining}`,
    "anthropic-ratelimit-requests-reset": new Date(Date.now() + HOUR_S * 1_000).toISOString(),
  });

  test("a credential that has nothing left is passed over, and no 429 happens", async () => {
    const gateway = await start({ config: config(ALONE, { one: "strategy: fill-first" }) });
    gateway.simulator.script({ headers: told(1) }, { headers: told(0) });
    expect([await credentialOf(gateway), await credentialOf(gateway), await credentialOf(gateway)]).toEqual(["a", "a", "b"]);
    const answer = await post(gateway.url, ask("hello", { model: "m" }));
    expect((await gateway.record(answer)).attempts[0]?.passedOver).toEqual([
      { target: `one/${MODEL}`, credential: "a", reason: "used-up" },
      { target: `one/${MODEL}`, credential: "c", reason: "turn" },
    ]);
    expect(gateway.gateway.describe()[0]?.credentials[0]?.rates).toMatchObject([{ model: MODEL, unit: "requests", remaining: 0 }]);
  });

  test("requests that are under way count", async () => {
    const gateway = await start({ config: config(ALONE, { one: "strategy: fill-first" }) });
    gateway.simulator.script({ headers: told(2) }, { times: 4, delayMs: 50 });
    expect(await credentialOf(gateway)).toBe("a");
    const served = await Promise.all([0, 1, 2, 3].map(() => credentialOf(gateway)));
    expect(served.toSorted((a, b) => `${a}`.localeCompare(`${b}`))).toEqual(["a", "a", "b", "b"]);
  });
});

test("an account's window that is used up rests all its keys for all models", async () => {
  const shared = (upstream: string): string =>
    config(ALONE)(upstream)
      .replace("{ name: b, api_key: key-b }", "{ name: b, api_key: key-b, account: main }")
      .replace("weight: 2", "account: main");
  const gateway = await start({ config: shared });
  const reset = Math.ceil(Date.now() / 1_000) + HOUR_S;
  sick(gateway, "a", {
    fault: "429",
    retryAfter: HOUR_S,
    headers: {
      "anthropic-ratelimit-unified-status": "rejected",
      "anthropic-ratelimit-unified-representative-claim": "five_hour",
      "anthropic-ratelimit-unified-reset": `${reset}`,
      "anthropic-ratelimit-unified-5h-status": "rejected",
      "anthropic-ratelimit-unified-5h-reset": `${reset}`,
    },
  });
  for (const model of ["m", "other", "m", "other"]) expect(await credentialOf(gateway, ask("hello", { model }))).toBe("c");
  expect(asked(gateway)).toBe("a c c c c");
  const [a, b, c] = gateway.gateway.describe()[0]?.credentials.map(({ cooldowns }) => cooldowns) ?? [];
  for (const cooldowns of [a, b]) {
    expect(cooldowns).toMatchObject([{ why: "rate-limited", class: "rate-limit" }]);
    expect(cooldowns?.[0]).not.toHaveProperty("model");
  }
  expect(c).toEqual([]);
});

test("a key that is refused is set aside for all models, and one request finds out that it is good again", async () => {
  const probing = (upstream: string): string => config(ALONE)(upstream).replace("probe_interval: 1h", "probe_interval: 20ms");
  const gateway = await start({ config: probing });
  sick(gateway, "a", "invalid-key");
  expect(await credentialOf(gateway)).toBe("b");
  sick(gateway, "bc", "invalid-key");
  for (let i = 0; i < 5; i += 1) {
    const answer = await post(gateway.url, ask("hello", { model: "other" }));
    expect([answer.status, answer.headers.get("x-should-retry")]).toEqual([502, "false"]);
  }
  gateway.simulator.credentials.clear();
  const healed = new Set<string | null>();
  while (healed.size < 3) {
    const answer = await post(gateway.url, ask("hello", { model: "m" }));
    await answer.text();
    if (answer.status === 200) healed.add(answer.headers.get("x-dragoman-credential"));
  }
  expect(gateway.gateway.describe()[0]?.credentials.flatMap(({ cooldowns }) => cooldowns)).toEqual([]);
});

describe("the only credential", () => {
  const only = config(`  m: two/${MODEL}`);

  test.each(["500", "529", "reset-before-headers"] satisfies FaultName[])("never rests from %s", async (fault) => {
    const gateway = await start({ config: only });
    gateway.simulator.script({ fault, times: 2 });
    let answer = await post(gateway.url, ask("hello", { model: "m" }));
    while (answer.status !== 200) answer = await post(gateway.url, ask("hello", { model: "m" }));
    expect(gateway.simulator.requests).toHaveLength(3);
  });

  test("rests from a 429, which is told at once with its hint", async () => {
    const gateway = await start({ config: only });
    gateway.simulator.script({ fault: "429", retryAfter: 77 });
    for (let i = 0; i < 2; i += 1) {
      const answer = await post(gateway.url, ask("hello", { model: "m" }));
      expect(answer.status).toBe(429);
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(60);
    }
    expect(gateway.simulator.requests).toHaveLength(1);
  });
});

test("retry.usd: no attempt begins once the failed ones have cost so much", async () => {
  const behaviour: Behaviour = { fault: "error-before-content", status: 529, usage: { input: 10_000 } };
  const models = `  m: one/${MODEL}`;
  // At three dollars for a million tokens two attempts cost six cents.
  for (const [usd, attempts] of [
    ["0.02", "a"],
    ["0.05", "a b"],
    ["1", "a b c"],
  ] as const) {
    const gateway = await start({ config: config(models, { more: `retry: { usd: ${usd} }` }) });
    sick(gateway, "abc", behaviour);
    const answer = await post(gateway.url, ask("hello", { model: "m", stream: true }));
    expect([answer.status, asked(gateway)]).toEqual([529, attempts]);
  }
});

test("providers that share a prefix are tried in order, under it only", async () => {
  const gateway = await start({ config: config(CHAIN, { one: "prefix: team", two: "prefix: team," }) });
  const body = ask("hello", { model: `team/${MODEL}` });
  expect(await credentialOf(gateway, body)).toBe("a");
  sick(gateway, "abc", "429");
  expect(await credentialOf(gateway, body)).toBe("d");
  expect(await credentialOf(gateway, ask("hello", { model: `two/${MODEL}` }))).toBe("d");
  expect((await post(gateway.url, ask("hello", { model: `teams/${MODEL}` }))).status).toBe(404);
});

describe("models that a provider lists", () => {
  const listing = (upstream: string): string => `
providers:
  here: { type: openai-compatible, base_url: "${upstream}/v1", credentials: [{ name: a, api_key: key-a }, { name: b, api_key: key-b }] }
`;
  const shown = async ({ url }: TestGateway): Promise<readonly string[]> => {
    const { data } = (await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] };
    return data.map(({ id }) => id);
  };

  test("are shown, and served by their names alone", async () => {
    const gateway = await start({ config: listing, simulator: { models: ["qwen-9", "llama-7"] }, listModels: true });
    while ((await shown(gateway)).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await shown(gateway)).toEqual(["qwen-9", "llama-7"]);
    const answer = await post(gateway.url, ask("hello", { model: "llama-7" }));
    expect([answer.status, answer.headers.get("x-dragoman-model")]).toEqual([200, "here/llama-7"]);
    const unknown = await post(gateway.url, ask("hello", { model: "lama-7" }));
    expect(unknown.status).toBe(404);
    expect(await unknown.text()).toContain("llama-7");
  });

  test("are asked of the next credential when one is refused", async () => {
    const simulator = { models: ["qwen-9"], credentials: { "key-a": "401" } } as const;
    const gateway = await start({ config: listing, simulator, listModels: true });
    while ((await shown(gateway)).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await shown(gateway)).toEqual(["qwen-9"]);
  });

  test("neither a start nor a request waits for a provider that hangs on its list, nor does the end", async () => {
    const gateway = await start({ config: listing, simulator: { credentials: { "key-a": "hang-before-headers" } }, listModels: true });
    await until(() => gateway.simulator.openRequests === 1);
    expect(await shown(gateway)).toEqual([]);
    gateway.simulator.credentials.clear();
    const answer = await post(gateway.url, ask("hello", { model: "here/anything" }));
    expect(answer.status).toBe(200);
    expect(gateway.simulator.openRequests).toBe(1);
  });
});

describe("a conversation", () => {
  const turns = (text: string, rounds: number, more = {}): Record<string, unknown> => ({
    ...ask("", { model: "m", ...more }),
    messages: Array.from({ length: rounds * 2 - 1 }, (_, i) => ({
      role: i % 2 === 0 ? "user" : "assistant",
      content: i === 0 ? text : `turn ${i}`,
    })),
  });

  test("whose client does not name it goes round, unless it may be told by how it begins", async () => {
    const [plain, byContent] = [
      await start({ config: config(ALONE) }),
      await start({ config: config(ALONE, { more: "affinity: { by_content: true }" }) }),
    ];
    const first = [await credentialOf(plain, turns("x", 1)), await credentialOf(plain, turns("x", 2))];
    expect(first).toEqual(["a", "b"]);
    const homes = [
      await credentialOf(byContent, turns("x", 1)),
      await credentialOf(byContent, turns("y", 1)),
      await credentialOf(byContent, turns("x", 1, { system: "other" })),
    ];
    expect(homes).toEqual(["a", "b", "c"]);
    for (let rounds = 2; rounds < 4; rounds += 1) {
      expect(await credentialOf(byContent, turns("y", rounds))).toBe("b");
      expect(await credentialOf(byContent, turns("x", rounds))).toBe("a");
      expect(await credentialOf(byContent, turns("x", rounds, { system: "other" }))).toBe("c");
    }
  });

  test("stays, moves when its credential rests, and stays there; the records say so", async () => {
    const gateway = await start({ config: config(ALONE) });
    const affinity = async (): Promise<readonly unknown[]> => {
      const answer = await post(gateway.url, ask("hello", { model: "m" }), { "x-session-id": "s" });
      const { affinity, credential, session } = await gateway.record(answer);
      expect(session).not.toContain("s\n");
      return [credential, affinity];
    };
    expect(await affinity()).toEqual(["a", "new"]);
    expect(await affinity()).toEqual(["a", "kept"]);
    sick(gateway, "a", "429");
    expect(await affinity()).toEqual(["b", "moved"]);
    gateway.simulator.credentials.clear();
    expect(await affinity()).toEqual(["b", "kept"]);
  });
});
