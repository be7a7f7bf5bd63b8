/** What passes beside the body where a client's protocol is the upstream's: headers, both ways, and only those. */
import { request as httpRequest, type IncomingMessage } from "node:http";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { ask, gatewaysForTests, pool, post } from "./support/gateway.ts";

const { start } = gatewaysForTests();

/** What one name says in a flat list of headers, line by line. */
function linesOf(headers: readonly string[], name: string): string[] {
  return headers.filter((_value, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === name);
}

const MESSAGE = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [{ type: "text", text: "hi" }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 },
};

describe("requests to Anthropic", () => {
  test("rule 8: every beta goes along, in order and once, also unknown ones and those of a second line", async () => {
    const { url, simulator } = await start({ config: pool("anthropic", 1) });
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = {
        "content-type": "application/json",
        "anthropic-version": "2023-06-01",
        "anthropic-beta": ["context-1m-2025-08-07,never-heard-of-2027-01-01", "effort-2025-11-24"],
      };
      const sent = httpRequest(`${url}/v1/messages`, { method: "POST", headers }, (response) => resolve(response.resume()));
      sent.on("error", reject).end(JSON.stringify(ask("hi")));
    });
    expect(answer.statusCode).toBe(200);
    const betas = linesOf(simulator.requests[0]?.headers ?? [], "anthropic-beta").flatMap((line) => line.split(","));
    expect(betas.map((beta) => beta.trim())).toEqual(["context-1m-2025-08-07", "never-heard-of-2027-01-01", "effort-2025-11-24"]);
  });

  test("rule 429: no beta is added, whatever the request holds", async () => {
    const { url, simulator } = await start({ config: pool("anthropic", 1) });
    const tools = [{ name: "f", input_schema: { type: "object" } }];
    const thinking = { type: "enabled", budget_tokens: 1024 };
    const asked = (headers?: Record<string, string>): Promise<Response> =>
      post(url, ask("hi", { model: "claude-sonnet-4-5", max_tokens: 2048, tools, thinking }), headers);
    await asked();
    await asked({ "anthropic-beta": "interleaved-thinking-2025-05-14" });
    expect(simulator.requests.map(({ headers }) => linesOf(headers, "anthropic-beta"))).toEqual([[], ["interleaved-thinking-2025-05-14"]]);
  });

  test("rule 11: nothing is added to what the client sent but a key, the way it came, and a wish for plain bytes", async () => {
    const { url, simulator } = await start({ config: pool("anthropic", 1) });
    const own = { accept: "application/json", "user-agent": "claude-cli/2.1.330 (external, cli)", "x-app": "cli" };
    const body = JSON.stringify(ask("hi"));
    await post(url, body, { ...own, authorization: "Bearer any", "x-unknown": "1" });
    const [seen] = simulator.requests;
    const headers = seen?.headers ?? [];
    const names = headers.filter((_name, i) => i % 2 === 0).map((name) => name.toLowerCase());
    const connection = new Set(["host", "connection", "content-length"]);
    const brought = ["accept", "anthropic-version", "content-type", "user-agent", "x-app"];
    const given = ["accept-encoding", "x-api-key", "x-dragoman-hop"];
    // What `fetch` itself says of the languages it reads.
    const said = names.filter((name) => !connection.has(name) && name !== "accept-language");
    expect(said.toSorted()).toEqual([...brought, ...given].toSorted());
    for (const [name, value] of Object.entries(own)) expect(linesOf(headers, name)).toEqual([value]);
    expect(seen?.body.toString()).toBe(body);
  });
});

describe("rule 13: every upstream is asked for plain bytes, whatever the client would take", () => {
  test.each([
    ["relayed", "anthropic"],
    ["translated", "gemini"],
  ] as const)("%s", async (lane, type) => {
    const { url, simulator } = await start({ config: pool(type, 1) });
    for (const stream of [true, false]) {
      const answer = await post(url, ask("hi", { stream }), { "accept-encoding": "gzip, br, zstd" });
      expect(answer.headers.get("x-dragoman-lane")).toBe(lane === "relayed" ? "relay" : "translate");
      expect(answer.headers.get("content-encoding")).toBeNull();
      expect(await answer.text()).toContain("message");
    }
    expect(simulator.requests.map(({ headers }) => linesOf(headers, "accept-encoding"))).toEqual([["identity"], ["identity"]]);
  });
});

describe("answers of Anthropic", () => {
  /** What Claude Code shows limits and mends its history by. */
  const told = {
    "request-id": "req_of_the_upstream",
    "anthropic-organization-id": "org",
    "anthropic-ratelimit-requests-remaining": "49",
    "anthropic-ratelimit-tokens-reset": "2026-11-22T00:00:00Z",
    "anthropic-ratelimit-unified-status": "allowed_warning",
    "anthropic-thinking-prefix-mismatch": "block=messages.1.content.0;kind=text",
  };

  test.each([true, false])("rule 10: what they say in headers reaches the client, streaming %s", async (stream) => {
    const { url, simulator } = await start({ config: pool("anthropic", 1) });
    simulator.script({ headers: told });
    const answer = await post(url, ask("hi", { stream }));
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject(told);
    await answer.text();
  });

  test("rule 10: a refusal's too, with when and whether to try again", async () => {
    const { url, simulator } = await start({ config: pool("anthropic", 1) });
    const more = { "retry-after": "3", "retry-after-ms": "2900", "x-should-retry": "true" };
    simulator.script({ fault: "400", headers: { ...told, ...more } });
    const answer = await post(url, ask("hi"));
    expect(answer.status).toBe(400);
    expect(Object.fromEntries(answer.headers)).toMatchObject({ ...told, ...more });
  });

  test.each([200, 400])("rule 12: what speaks of one connection or of the bytes on it stays there, status %i", async (status) => {
    const { url, simulator } = await start({ config: pool("anthropic", 1) });
    const body = status === 200 ? MESSAGE : { type: "error", error: { type: "invalid_request_error", message: "no" } };
    const headers = {
      "content-encoding": "identity",
      "keep-alive": "timeout=77",
      connection: "keep-alive, x-of-this-hop",
      "x-of-this-hop": "1",
      "proxy-authenticate": "Basic",
      "set-cookie": "a=b",
      "x-other": "stays",
    };
    simulator.script({ status, headers: { "content-type": "application/json", ...headers }, body });
    const answer = await post(url, ask("hi"));
    expect(answer.status).toBe(status);
    const text = await answer.text();
    expect(JSON.parse(text)).toEqual(body);
    expect(answer.headers.get("x-other")).toBe("stays");
    for (const name of ["content-encoding", "x-of-this-hop", "proxy-authenticate", "set-cookie"])
      expect(answer.headers.get(name)).toBeNull();
    expect(answer.headers.get("keep-alive")).not.toBe("timeout=77");
    expect(answer.headers.get("content-length")).toBe(String(Buffer.byteLength(text)));
  });

  test.each([200, 400])("rule 12: compressed bytes reach nobody as plain ones, status %i", async (status) => {
    const { url, simulator } = await start({ config: pool("anthropic", 1) });
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    simulator.script({ status, headers, body: gzipSync(JSON.stringify(MESSAGE)) });
    const answer = await post(url, ask("hi"));
    expect(answer.ok).toBe(false);
    expect(answer.headers.get("content-encoding")).toBeNull();
    expect(await answer.json()).toMatchObject({ type: "error", error: { message: expect.stringMatching(/\w/) } });
  });

  test("words of a proxy's are no answer to a client, whatever their status", async () => {
    const { url, simulator } = await start({ config: pool("anthropic", 1) });
    simulator.script({ status: 502, headers: { "content-type": "text/plain" }, body: "no healthy upstream" });
    const answer = await post(url, ask("hi"));
    expect(answer.status).toBe(502);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(await answer.json()).toMatchObject({ type: "error", error: { type: "api_error", message: expect.stringContaining("502") } });
  });

  test("an answer that is JSON is called so, for SDKs take anything else for text", async () => {
    const { url, simulator } = await start({ config: pool("anthropic", 1) });
    simulator.script({ status: 200, headers: { "content-type": "text/plain" }, body: MESSAGE });
    const answer = await post(url, ask("hi"));
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(await answer.json()).toEqual(MESSAGE);
  });
});
