/** What a client is told of an upstream's refusal, in its own protocol. */
import { describe, expect, test } from "vitest";
import { ask, gatewaysForTests, type TestGateway } from "./support/gateway.ts";

const { start } = gatewaysForTests();

const upstreams = {
  anthropic: {
    path: "",
    refusal: "The request is not valid.",
    policy: { type: "error", error: { type: "invalid_request_error", message: "Output blocked by content filtering policy" } },
  },
  openai: {
    path: "/v1",
    refusal: undefined,
    policy: {
      error: {
        message: "The response was filtered due to the prompt triggering our content management policy.",
        type: "invalid_request_error",
        param: "prompt",
        code: "content_filter",
      },
    },
  },
  gemini: {
    path: "",
    refusal: "Request contains an invalid argument.",
    policy: { error: { code: 400, message: "The prompt was blocked by a content policy.", status: "INVALID_ARGUMENT" } },
  },
};
type Upstream = keyof typeof upstreams;

interface Client {
  readonly relayedTo: Upstream;
  readonly path: (model: string) => string;
  readonly body: (model: string) => object;
  /** What its vendor calls an error with this status. */
  readonly kinds: Readonly<Record<number, string>>;
  /** Where the error names its kind. */
  readonly kindField: string;
}

const said = { role: "user", content: "hello" };
const clients: Readonly<Record<string, Client>> = {
  Messages: {
    relayedTo: "anthropic",
    path: () => "/v1/messages",
    body: (model) => ask("hello", { model }),
    kinds: { 400: "invalid_request_error", 404: "not_found_error" },
    kindField: "type",
  },
  Chat: {
    relayedTo: "openai",
    path: () => "/v1/chat/completions",
    body: (model) => ({ model, messages: [said] }),
    kinds: { 400: "invalid_request_error", 404: "invalid_request_error" },
    kindField: "type",
  },
  Responses: {
    relayedTo: "openai",
    path: () => "/v1/responses",
    body: (model) => ({ model, input: "hello" }),
    kinds: { 400: "invalid_request_error", 404: "invalid_request_error" },
    kindField: "type",
  },
  Gemini: {
    relayedTo: "gemini",
    path: (model) => `/v1beta/models/${model}:generateContent`,
    body: () => ({ contents: [{ role: "user", parts: [{ text: "hello" }] }] }),
    kinds: { 400: "INVALID_ARGUMENT", 404: "NOT_FOUND" },
    kindField: "status",
  },
};
const pairs = Object.entries(clients).flatMap(([name, client]) =>
  (Object.keys(upstreams) as Upstream[]).map((upstream) => [name, upstream, client] as const),
);

const config =
  (upstream: Upstream, target: string) =>
  (url: string): string =>
    `
providers:
  up:
    type: ${upstream}
    base_url: "${url}${upstreams[upstream].path}"
    credentials: [{ name: c1, api_key: key-number-1 }, { name: c2, api_key: key-number-2 }]
models: { "my-model": "up/${target}" }
`;

function send({ url }: TestGateway, { path, body }: Client): Promise<Response> {
  const headers = { "content-type": "application/json", "anthropic-version": "2023-06-01" };
  return fetch(`${url}${path("my-model")}`, { method: "POST", headers, body: JSON.stringify(body("my-model")) });
}

const json = { "content-type": "application/json" };

describe.each(pairs)("%s client, %s upstream", (_name, upstream, client) => {
  const errorOf = async (answer: Response): Promise<{ kind: unknown; message: unknown }> => {
    const { error } = (await answer.json()) as { error: Record<string, unknown> };
    return { kind: error[client.kindField], message: error["message"] };
  };

  test("rule 342: a model that the upstream does not have is a 404 under the name that was asked for", async () => {
    const gateway = await start({ config: config(upstream, "another-name"), simulator: { models: ["claude-opus-5-5"] } });
    const answer = await send(gateway, client);
    expect(answer.status).toBe(404);
    expect(await errorOf(answer)).toEqual({
      kind: client.kinds[404],
      message: expect.stringContaining("my-model leads to up/another-name"),
    });
  });

  test("rules 340, 343 and 425: a request that the upstream finds fault with is a 400 in its words, and nobody tries again", async () => {
    const gateway = await start({ config: config(upstream, "some-model") });
    gateway.simulator.script("400");
    const answer = await send(gateway, client);
    expect(answer.status).toBe(400);
    expect(await errorOf(answer)).toEqual({
      kind: client.kinds[400],
      message: upstreams[upstream].refusal ?? expect.stringMatching(/\w/),
    });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "x-dragoman-lane": upstream === client.relayedTo ? "relay" : "translate",
      "x-dragoman-attempts": expect.stringMatching(/^up\/some-model c1 invalid-request \d+ms$/),
    });
    expect(gateway.simulator.requests).toHaveLength(1);
  });

  test.each([502, 200])("a web page (%d) in place of an answer is told in words, not shown", async (status) => {
    const gateway = await start({ config: config(upstream, "some-model") });
    gateway.simulator.script({ fault: "html", status, times: 2 });
    const answer = await send(gateway, client);
    expect(answer.status).toBe(502);
    expect(answer.headers.get("content-type")).toContain("application/json");
    const { message } = await errorOf(answer);
    expect(message).toMatch(/with a web page, .*base_url/);
    expect(message).not.toContain("<");
    expect(gateway.simulator.requests).toHaveLength(2);
  });

  test("rule 350: a refusal by policy that came as an error stays one", async () => {
    const gateway = await start({ config: config(upstream, "some-model") });
    const { policy } = upstreams[upstream];
    gateway.simulator.script({ status: 400, headers: json, body: policy });
    const answer = await send(gateway, client);
    expect(answer.status).toBe(400);
    expect(await errorOf(answer)).toEqual({ kind: client.kinds[400], message: policy.error.message });
    expect(gateway.simulator.requests).toHaveLength(1);
  });
});

test.each(["Messages", "Chat", "Responses"] as const)(
  "rules 340 and 425: %s SDKs are told not to try again what was tried",
  async (name) => {
    const gateway = await start({ config: config("gemini", "gemini-3.8-pro") });
    gateway.simulator.script("400");
    const answer = await send(gateway, clients[name] as Client);
    expect(answer.headers.get("x-should-retry")).toBe("false");
    expect(answer.headers.get(name === "Messages" ? "request-id" : "x-request-id")).toMatch(/^req_\w+$/);
  },
);

describe.each(["Messages", "Chat", "Responses"] as const)("%s, one JSON body where a stream was asked for, relayed", (name) => {
  const client = clients[name] as Client;
  const streaming: Client = { ...client, body: (model) => ({ ...client.body(model), stream: true }) };
  const message = async (answer: Response): Promise<unknown> => ((await answer.json()) as { error: { message: unknown } }).error.message;

  test("rule 322: an error in it is told in its own words", async () => {
    const gateway = await start({ config: config(client.relayedTo, "some-model") });
    const { policy } = upstreams[client.relayedTo];
    gateway.simulator.script({ status: 200, headers: json, body: policy });
    const answer = await send(gateway, streaming);
    expect(answer.status).toBe(400);
    expect(await message(answer)).toBe(policy.error.message);
    expect(gateway.simulator.requests).toHaveLength(1);
  });

  test("a whole answer is none, and the next credential is asked", async () => {
    const gateway = await start({ config: config(client.relayedTo, "some-model") });
    gateway.simulator.script({ fault: "json-for-stream", times: 2 });
    const answer = await send(gateway, streaming);
    expect(answer.status).toBe(502);
    expect(await message(answer)).toMatch(/one JSON body, where a stream was asked for/);
    expect(gateway.simulator.requests).toHaveLength(2);
  });
});
