/** The server itself: what it keeps, what it counts, how it routes and how it ends. */
import { describe, expect, test, vi } from "vitest";
import { RawConnection } from "../../test/support/raw-http.ts";
import { startSimulator, type Simulator, type SimulatorOptions } from "./server.ts";

async function using(options: SimulatorOptions, body: (simulator: Simulator) => Promise<void>): Promise<void> {
  const simulator = await startSimulator(options);
  try {
    await body(simulator);
  } finally {
    await simulator.close();
  }
}

const VERSION = { "anthropic-version": "2023-06-01" };
const REQUEST = JSON.stringify({ model: "claude-opus-5-5", max_tokens: 50, stream: true, messages: [{ role: "user", content: "Hi" }] });

test("requests are kept as sent, in order, when asked for", () =>
  using({ record: true }, async ({ port, requests }) => {
    const connection = new RawConnection(port);
    connection.send("POST", "/v1/messages?beta=true", { ...VERSION, "X-Mixed-Case": "é".normalize("NFC"), "x-api-key": "k" }, REQUEST);
    await connection.response();
    connection.send("GET", "/v1/models", VERSION);
    await connection.response();
    connection.close();
    expect(requests).toMatchObject([
      { sequence: 0, method: "POST", path: "/v1/messages?beta=true", credential: "k", outcome: "answered" },
      { sequence: 1, method: "GET", path: "/v1/models", credential: undefined },
    ]);
    expect(requests[0]?.body.toString()).toBe(REQUEST);
    expect(requests[0]?.headers).toContain("X-Mixed-Case");
  }));

test("nothing is kept unless asked for", () =>
  using({}, async ({ url, requests }) => {
    expect((await fetch(`${url}/v1/messages`, { method: "POST", headers: VERSION, body: REQUEST })).status).toBe(200);
    expect(requests).toEqual([]);
  }));

test("open connections and requests are counted until they are gone", () =>
  using({ record: true }, async (simulator) => {
    const connection = new RawConnection(simulator.port);
    simulator.script("hang-after-headers");
    connection.send("POST", "/v1/messages", VERSION, REQUEST);
    await connection.until(({ received }) => received.includes("\r\n\r\n"));
    expect([simulator.openConnections, simulator.openRequests]).toEqual([1, 1]);
    connection.close();
    await vi.waitFor(() => expect([simulator.openConnections, simulator.openRequests]).toEqual([0, 0]));
    expect(simulator.requests[0]?.outcome).toBe("client-left");
  }));

test("closing cuts what hangs", async () => {
  const simulator = await startSimulator({ record: true });
  const connection = new RawConnection(simulator.port);
  simulator.script("hang-before-headers");
  connection.send("POST", "/v1/messages", VERSION, REQUEST);
  await vi.waitFor(() => expect(simulator.openRequests).toBe(1));
  await simulator.close();
  await connection.until(({ end }) => end !== "open");
  expect([simulator.requests[0]?.outcome, simulator.openConnections]).toEqual(["cut", 0]);
});

test("a caller that leaves in the middle of a paced stream stops it", () =>
  using({ record: true, chunkDelayMs: 5 }, async (simulator) => {
    const connection = new RawConnection(simulator.port);
    connection.send(
      "POST",
      "/v1/messages",
      VERSION,
      REQUEST.replace("claude-opus-5-5", "sim-n100000").replace('"max_tokens":50', '"max_tokens":9999999'),
    );
    await connection.until(({ received }) => received.includes("word2 "));
    connection.close();
    await vi.waitFor(() => expect(simulator.openRequests).toBe(0));
    expect(simulator.requests[0]?.outcome).toBe("client-left");
  }));

test("a paced model's events come one by one, unlike a burst's", () =>
  using({}, async (simulator) => {
    const connection = new RawConnection(simulator.port);
    connection.send("POST", "/v1/messages", VERSION, REQUEST.replace("claude-opus-5-5", "sim-n5-ms1"));
    const { chunks } = await connection.response();
    connection.close();
    expect(chunks.filter((chunk) => chunk.includes("text_delta"))).toHaveLength(5);
    for (const chunk of chunks) expect(chunk.toString().match(/^event: /gm)).toHaveLength(1);
  }));

describe("paths", () => {
  test.each([
    ["GET", "/v1/messages", VERSION, "not_found_error"],
    ["POST", "/v1/complete", VERSION, "not_found_error"],
    ["GET", "/", {}, "not_found_error"],
    ["POST", "/v1beta/models/m:embedContent", {}, "NOT_FOUND"],
    ["GET", "/v1beta/models/m:generateContent", {}, "NOT_FOUND"],
    ["GET", "/v1beta/files", {}, "NOT_FOUND"],
    ["GET", "//", {}, "not_found_error"],
    ["GET", "/v1/responses", {}, "invalid_request_error"],
    ["GET", "/v1/responses/resp_1", {}, "invalid_request_error"],
    ["POST", "/v1/responses/resp_1/cancel", {}, "invalid_request_error"],
    ["POST", "/v1/responses/input_tokens/x", {}, "invalid_request_error"],
  ])("%s %s is not found", (method, path, headers, told) =>
    using({}, async ({ port }) => {
      const connection = new RawConnection(port);
      connection.send(method, path, headers);
      const { status, body } = await connection.response();
      connection.close();
      expect([status, body.toString().includes(`"${told}"`)]).toEqual([404, true]);
    }),
  );

  test.each([
    ["/v1/models", VERSION, "data"],
    ["/v1/models", { "x-goog-api-key": "k" }, "models"],
    ["/v1/models?key=k", {}, "models"],
    ["/v1beta/models", {}, "models"],
    ["/v1/models/claude-x", VERSION, "display_name"],
    ["/v1beta/models/gemini%2Dx", {}, "supportedGenerationMethods"],
  ])("GET %s %o", (path, headers, member) =>
    using({}, async ({ url }) => {
      const answer = await fetch(url + path, { headers });
      expect(answer.status).toBe(200);
      expect(await answer.json()).toHaveProperty(member);
    }),
  );
});

test("a body over the vendor's limit is refused in its words", () =>
  using({}, async ({ url }) => {
    const post = (path: string, megabytes: number) =>
      fetch(url + path, { method: "POST", headers: VERSION, body: Buffer.alloc(megabytes * 1024 * 1024 + 1, "x") });
    const claude = await post("/v1/messages", 32);
    expect([claude.status, await claude.json()]).toEqual([
      413,
      { error: { type: "request_too_large", message: "Request exceeds the maximum size" } },
    ]);
    const google = await post("/v1beta/models/m:generateContent", 20);
    expect([google.status, await google.text()]).toEqual([400, expect.stringContaining("Request payload size exceeds the limit")]);
  }));

test("a taken port is an error", () =>
  using({}, async ({ port }) => {
    await expect(startSimulator({ port })).rejects.toThrow("EADDRINUSE");
  }));
