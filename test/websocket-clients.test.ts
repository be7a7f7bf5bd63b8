/** Responses over a WebSocket as the official SDK and Codex use it, and on to an upstream that speaks it too. */
import { once } from "node:events";
import OpenAI from "openai";
import { ResponsesWebSocketSession } from "openai/lib/responses/responses-websocket-session";
import type { ResponsesServerEvent } from "openai/resources/responses/responses";
import { ResponsesWS } from "openai/resources/responses/ws";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../src/chat/json.ts";
import { loadCapturedFrames } from "./support/captures.ts";
import { gatewaysForTests, pool, type TestGateway } from "./support/gateway.ts";
import { create, socketsForTests, types } from "./support/web-socket-client.ts";

const { start } = gatewaysForTests();
const { connect } = socketsForTests();

describe("the official SDK", () => {
  const TOOLS = [
    {
      type: "function" as const,
      name: "get_weather",
      parameters: { type: "object", properties: { city: { type: "string" } } },
      strict: false,
    },
  ];

  function sdk(gateway: TestGateway): { readonly ws: ResponsesWS; readonly next: () => Promise<ResponsesServerEvent> } {
    const ws = new ResponsesWS(new OpenAI({ apiKey: "any", baseURL: `${gateway.url}/v1` }));
    const events = ws.stream();
    const next = async (): Promise<ResponsesServerEvent> => {
      for (;;) {
        const { value, done } = await events.next();
        if (done) throw new Error("the connection was closed");
        if (value.type === "error") throw value.error;
        if (value.type === "message") return value.message;
      }
    };
    return { ws, next };
  }

  /** The response that the next answer ends with. */
  async function answer(next: () => Promise<ResponsesServerEvent>): Promise<OpenAI.Responses.Response> {
    for (;;) {
      const event = await next();
      if (event.type === "response.completed" || event.type === "response.failed" || event.type === "response.incomplete")
        return event.response;
    }
  }

  test("has a conversation with tools, of which each request tells only what is new", async () => {
    const gateway = await start({ config: pool("anthropic", 1) });
    gateway.simulator.script({ thinking: "hm", calls: [{ name: "get_weather", input: { city: "Bern" } }] }, { text: "It is sunny." });
    const { ws, next } = sdk(gateway);
    const asked = { type: "response.create" as const, model: "claude-sonnet-5-5", store: false, tools: TOOLS };
    ws.send({ ...asked, input: "How is the weather in Bern?" });
    const first = await answer(next);
    const call = first.output.find((item) => item.type === "function_call");
    expect(call).toMatchObject({ name: "get_weather", arguments: '{"city":"Bern"}' });
    const output = { type: "function_call_output" as const, call_id: call?.call_id ?? "", output: "sunny" };
    ws.send({ ...asked, previous_response_id: first.id, input: [output] });
    const second = await answer(next);
    expect(second).toMatchObject({ status: "completed", previous_response_id: first.id, store: false });
    expect(second.output.at(-1)).toMatchObject({ content: [{ text: "It is sunny." }] });
    ws.close();
    const { messages } = JSON.parse(gateway.simulator.requests[1]?.body.toString() ?? "") as { messages: { content: JsonObject[] }[] };
    expect(messages.flatMap(({ content }) => content.map(({ type }) => type))).toEqual([
      "text",
      "thinking",
      "text",
      "tool_use",
      "tool_result",
    ]);
  });

  test("rule 365: warms up, and goes on from what it said then", async () => {
    const gateway = await start({ config: pool("anthropic", 1) });
    const { ws, next } = sdk(gateway);
    const asked = { type: "response.create" as const, model: "claude-sonnet-5-5", store: false };
    ws.send({ ...asked, generate: false, input: [{ role: "developer", content: "Be brief." }], tools: TOOLS });
    expect((await next()).type).toBe("response.created");
    const warm = await answer(next);
    expect(warm).toMatchObject({ status: "completed", output: [] });
    expect(gateway.simulator.requests).toHaveLength(0);
    ws.send({ ...asked, previous_response_id: warm.id, input: "hello" });
    expect(await answer(next)).toMatchObject({ status: "completed" });
    ws.close();
    expect(gateway.simulator.requests).toHaveLength(1);
    const body = gateway.simulator.requests[0]?.body.toString();
    expect(body).toContain("Be brief.");
    expect(body).toContain("hello");
  });

  test("runs conversations side by side, and parts one in two", async () => {
    const gateway = await start({ config: pool("anthropic", 1) });
    const { ws } = sdk(gateway);
    await once(ws.socket as never, "open");
    const session = new ResponsesWebSocketSession(ws, { maxLanes: 4, maxBufferedEvents: 1_000, maxBufferedBytes: 10_000_000 });
    const [planner, research, critic] = ["planner", "research", "critic"].map((name) => session.lane(name));
    const asked = { model: "claude-sonnet-5-5", store: false };
    planner?.create({ ...asked, input: "a plan" });
    research?.create({ ...asked, input: "the risks" });
    const [plan, risks] = await Promise.all([planner?.finalResponse(), research?.finalResponse()]);
    expect([plan?.status, risks?.status]).toEqual(["completed", "completed"]);
    critic?.create({ ...asked, input: "its gaps", previous_response_id: plan?.id ?? "" });
    planner?.create({ ...asked, input: "and a way back", previous_response_id: plan?.id ?? "" });
    const both = await Promise.all([critic?.finalResponse(), planner?.finalResponse()]);
    expect(both.map((response) => response?.status)).toEqual(["completed", "completed"]);
    expect(gateway.simulator.requests.slice(2).map(({ body }) => body.includes("a plan"))).toEqual([true, true]);
    ws.close();
  });

  test("takes a broken answer for one failure, and the next for whole", async () => {
    const gateway = await start({ config: pool("anthropic", 1) });
    gateway.simulator.script({ fault: "reset-mid-event" });
    const { ws } = sdk(gateway);
    await once(ws.socket as never, "open");
    const lane = new ResponsesWebSocketSession(ws, { maxLanes: 1, maxBufferedEvents: 1_000, maxBufferedBytes: 10_000_000 }).lane();
    const asked = { model: "claude-sonnet-5-5", store: false, input: "hello" };
    lane.create(asked);
    expect(await lane.finalResponse()).toMatchObject({ status: "failed", error: { code: "server_error" } });
    lane.create(asked);
    expect(await lane.finalResponse()).toMatchObject({ status: "completed" });
    ws.close();
  });

  test("is told when another connection does not know what it goes on from", async () => {
    const gateway = await start({ config: pool("anthropic", 1) });
    const [here, there] = [sdk(gateway), sdk(gateway)];
    const asked = { type: "response.create" as const, model: "claude-sonnet-5-5", input: "hello" };
    here.ws.send({ ...asked, store: false });
    const { id } = await answer(here.next);
    there.ws.send({ ...asked, previous_response_id: id });
    await expect(there.next()).rejects.toMatchObject({ error: { status: 400, error: { code: "previous_response_not_found" } } });
    here.ws.close();
    there.ws.close();
  });
});

describe("Codex", () => {
  test.each(["codex-ws/plain", "codex-ws/tool"])("%s: its own frames are answered, each turn from the one before", async (session) => {
    const gateway = await start({ config: pool("anthropic", 1) });
    gateway.simulator.script({ calls: [{ name: "exec_command", input: { cmd: "printf hello" } }] }, { text: "done" });
    const frames = loadCapturedFrames().filter((capture) => capture.session === session);
    expect(frames.length).toBeGreaterThan(1);
    const headers = { "openai-beta": "responses_websockets=2026-02-06", "session-id": "0199", originator: "codex_exec" };
    const socket = await connect(gateway, { headers });
    let previous: JsonObject | undefined;
    let call: JsonObject | undefined;
    for (const [turn, { body }] of frames.entries()) {
      // The ids are those of this conversation.
      const input = (body["input"] as JsonObject[]).map((item) =>
        "call_id" in item && call ? { ...item, call_id: call["call_id"] } : item,
      );
      socket.send({ ...body, input, ...(body["previous_response_id"] !== undefined && { previous_response_id: previous?.["id"] }) });
      await socket.answers(turn + 1);
      const last = socket.events.at(-1);
      expect(last).toMatchObject({ type: "response.completed" });
      previous = last?.["response"] as JsonObject;
      call = (previous["output"] as JsonObject[]).find(({ type }) => type === "function_call");
    }
    expect(gateway.simulator.requests).toHaveLength(frames.length - 1);
    const said = gateway.simulator.requests.map(({ body }) => (JSON.parse(body.toString()) as { messages: unknown[] }).messages.length);
    expect(said).toEqual(said.toSorted((a, b) => a - b));
    expect(gateway.simulator.requests.at(-1)?.body.toString()).toContain("You are Codex");
  });
});

describe("to an upstream of its own protocol", () => {
  const openai = (upstream: string): string => `
server: { heartbeat: 10s, shutdown_grace: 200ms }
providers: { openai: { type: openai, base_url: "${upstream}/v1", protocols: [openai-responses], credentials: [{ api_key: key-number-1 }] } }`;
  const asked = (more: JsonObject): JsonObject => create("hello", { model: "gpt-5.5", ...more });

  test("a request goes as a posted one, without a trace of the socket", async () => {
    const gateway = await start({ config: openai });
    const socket = await connect(gateway, { headers: { "openai-beta": "responses_websockets=2026-02-06", originator: "codex_exec" } });
    socket.send(asked({ stream_id: "a", generate: true, background: false, stream: false }));
    expect(types(await socket.answers(1)).at(-1)).toBe("response.completed");
    expect(socket.events.every(({ stream_id }) => stream_id === "a")).toBe(true);
    const { path, headers, body } = gateway.simulator.requests[0] ?? {};
    expect(path).toBe("/v1/responses");
    expect(JSON.parse(body?.toString() ?? "")).toEqual({ model: "gpt-5.5", input: "hello", store: false, stream: true });
    const sent = new Map(
      Array.from({ length: (headers?.length ?? 0) / 2 }, (_, i) => [headers?.[2 * i]?.toLowerCase(), headers?.[2 * i + 1]]),
    );
    expect(sent.get("content-type")).toBe("application/json");
    expect([...sent.keys()].filter((name) => name?.startsWith("sec-") || name === "upgrade" || name === "openai-beta")).toEqual([]);
  });

  test("it goes on from answers that only the connection knows", async () => {
    const gateway = await start({ config: openai });
    const socket = await connect(gateway);
    socket.send(asked({ generate: false }));
    const warm = (await socket.answers(1)).at(-1)?.["response"] as JsonObject;
    socket.send(asked({ previous_response_id: warm["id"], input: "and then?" }));
    const first = (await socket.answers(2)).at(-1)?.["response"] as JsonObject;
    socket.send(asked({ previous_response_id: first["id"], input: "and at last?" }));
    expect(types(await socket.answers(3)).at(-1)).toBe("response.completed");
    expect(gateway.simulator.requests).toHaveLength(2);
    const { previous_response_id, input } = JSON.parse(gateway.simulator.requests[1]?.body.toString() ?? "") as JsonObject;
    expect(previous_response_id ?? null).toBeNull();
    expect((input as JsonObject[]).map(({ role, type }) => role ?? type)).toEqual(["user", "user", "assistant", "user"]);
  });

  test("rule 335: its errors keep their words", async () => {
    const gateway = await start({ config: openai });
    const error = { message: "Invalid value: 'x'.", type: "invalid_request_error", param: "input", code: "invalid_value" };
    gateway.simulator.script({
      status: 400,
      headers: { "content-type": "application/json", "x-ratelimit-remaining-requests": "7" },
      body: { error },
    });
    const socket = await connect(gateway);
    socket.send(asked({}));
    const [told] = await socket.answers(1);
    expect(told).toMatchObject({ type: "error", status: 400, error, headers: { "x-ratelimit-remaining-requests": "7" } });
  });
});
