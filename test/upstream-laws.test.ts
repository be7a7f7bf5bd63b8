/**
 * Whatever is asked, no vendor refuses the form in which it is asked: requests of real clients in other protocols, and
 * arbitrary ones, are encoded for models of every family and put to the simulator, which is as strict as the vendors are.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { profileFor } from "../src/catalog/profiles/index.ts";
import type { ChatRequest, ProtocolId } from "../src/chat/chat.ts";
import type { JsonObject } from "../src/chat/json.ts";
import { LossLedger } from "../src/chat/loss.ts";
import { createStateSealer } from "../src/chat/state.ts";
import { protocols } from "../src/protocols/index.ts";
import type { Protocol } from "../src/protocols/protocol.ts";
import { OPENAI_DIALECT, OPENAI_RESPONSES } from "../src/providers/openai/index.ts";
import { startSimulator, type Simulator } from "../src/simulator/server.ts";
import { loadCaptures } from "./support/captures.ts";
import { neutralRequests } from "./support/neutral-requests.ts";
import { loadRecordings } from "./support/recordings.ts";

const MODELS: Readonly<Partial<Record<ProtocolId, readonly string[]>>> = {
  "anthropic-messages": [
    "claude-opus-5-5",
    "claude-haiku-5-5",
    "claude-opus-4-8",
    "claude-sonnet-4-6",
    "claude-sonnet-4-5",
    "claude-3-5-haiku",
  ],
  "openai-chat": ["gpt-4.1", "gpt-5-mini", "gpt-5.2", "gpt-5.5", "gpt-6.2", "o4-mini", "gpt-3.5-turbo"],
  "openai-responses": ["gpt-4.1", "gpt-5-mini", "gpt-5.5", "gpt-6.2", "o4-mini"],
  gemini: ["gemini-4-argon", "gemini-3.8-pro", "gemini-2.5-flash"],
};
const PLATFORMS: Readonly<Partial<Record<ProtocolId, string>>> = {
  "anthropic-messages": "anthropic",
  "openai-chat": "openai",
  "openai-responses": "openai",
  gemini: "gemini",
};
/** Vendors put the same path below prefixes of their own. */
const PATHS: Readonly<Record<string, string>> = { "openai-chat": "/v1/chat/completions", "openai-responses": "/v1/responses" };
const targets = [...protocols.values()].flatMap((protocol) => (MODELS[protocol.id] ?? []).map((model) => ({ protocol, model })));

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

/** What the vendor says against the request, or `undefined`. */
async function refusal(request: ChatRequest, { upstream, id }: Protocol, model: string): Promise<string | undefined> {
  const platform = PLATFORMS[id] ?? "";
  const facts = profileFor({ platform, model, protocol: id });
  const profile = platform === "openai" ? { ...facts, chat: OPENAI_DIALECT, responses: OPENAI_RESPONSES } : facts;
  const target = { model, profile, issuer: { platform, model, account: "a" }, losses: new LossLedger() };
  const { path, headers, body } = upstream.encodeRequest({ ...request, stream: false }, target);
  const pairs = headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1] ?? ""] as [string, string]] : []));
  const answer = await fetch(`${simulator.url}${id in PATHS ? "/v1" : ""}${path}`, { method: "POST", headers: pairs, body });
  const said = await answer.text();
  return answer.ok ? undefined : `${answer.status} ${said} for ${body}`;
}

describe.each(targets)("$protocol.id, $model", ({ protocol, model }) => {
  test("refuses no request of a real client of another protocol", async () => {
    const foreign = realRequests().filter(({ from }) => from !== protocol.id);
    expect(foreign.length).toBeGreaterThan(50);
    const refusals: string[] = [];
    for (const { name, request } of foreign) {
      const said = await refusal(request, protocol, model);
      if (said !== undefined) refusals.push(`${name}: ${said}`);
    }
    expect(refusals).toEqual([]);
  });

  test("refuses no arbitrary request", async () => {
    await fc.assert(
      fc.asyncProperty(neutralRequests, async (request) => {
        expect(await refusal(request, protocol, model)).toBeUndefined();
      }),
      { numRuns: 150 },
    );
  });
});

interface RealRequest {
  readonly name: string;
  readonly from: ProtocolId;
  readonly request: ChatRequest;
}

let decoded: readonly RealRequest[] | undefined;

/** Requests of recordings and captures as their protocols decode them. */
function realRequests(): readonly RealRequest[] {
  decoded ??= [
    ...loadCaptures().flatMap(({ name, path, body }) => decode(name, path, body)),
    ...["anthropic-messages", "openai-chat", "openai-responses", "gemini"].flatMap((folder) =>
      loadRecordings(folder).flatMap(({ name, request }) => {
        const isObject = typeof request?.body === "object" && request.body !== null && !Array.isArray(request.body);
        return request && isObject ? decode(name, PATHS[folder] ?? request.path, request.body as JsonObject) : [];
      }),
    ),
  ];
  return decoded;
}

function decode(name: string, target: string, body: JsonObject): RealRequest[] {
  const url = new URL(target, "http://gateway");
  const headers = { "anthropic-version": "2023-06-01" };
  for (const { id, client } of protocols.values()) {
    const route = client?.route("POST", url.pathname, url.searchParams);
    if (!client || !route || !("operation" in route) || route.operation !== "generate") continue;
    const sent = { route, query: url.searchParams, headers, body: Buffer.from(JSON.stringify(body)) };
    try {
      return [{ name, from: id, request: client.decodeRequest(sent, createStateSealer([Buffer.alloc(32, 1)])) }];
    } catch {
      // A few recordings are of requests that only their own vendor takes.
      return [];
    }
  }
  return [];
}
