/** The relay lane is byte-identical: the request but for `model`, the answer entirely. */
import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scanObject, spliceSpans } from "../src/wire/json-scan.ts";
import { startTestGateway, type TestGateway } from "./support/gateway.ts";
import { loadRecordings, type Recording } from "./support/recordings.ts";

const config = (upstream: string): string => `
server: { heartbeat: 20s }
providers:
  up: { type: anthropic, base_url: "${upstream}", credentials: [{ name: a, api_key: k }] }
models:
  "*": up/another-model
`;
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ config });
});
afterAll(() => gateway.close());

/** Raw bytes of the answer, without a client library in between. */
function send(
  path: string,
  body: Buffer,
  more: Record<string, string> = {},
): Promise<{ status: number; body: Buffer; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(`${gateway.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", "anthropic-version": "2023-06-01", ...more },
    });
    sent.on("error", reject);
    sent.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks), headers: response.headers }));
      response.on("error", reject);
    });
    sent.end(body);
  });
}

const generations = loadRecordings("anthropic-messages").filter(
  ({ request, response }) => response.status === 200 && !request?.path.includes("count_tokens"),
);

/** The recorded request; a recording without one gets the smallest that asks for such an answer. */
function requestOf({ request, response }: Recording): Buffer {
  const body = request?.bytes ?? Buffer.from(`{"model":"claude-x","max_tokens":16,"messages":[{"role":"user","content":"hi"}]}`);
  const stream = response.sse !== undefined;
  const members = scanObject(body);
  const asked = members.get("stream");
  if (asked) return spliceSpans(body, [{ ...asked, text: String(stream) }]);
  return spliceSpans(body, [{ start: 1, end: 1, text: `"stream" : ${stream}, "unknown":[1.0, 1e3, 12345678901234567890, "\\u00e9"],` }]);
}

describe("rules 1, 2, 3, 11, 47 and 220: relay", () => {
  test("there is something to relay", () => expect(generations.length).toBeGreaterThan(40));

  test.each(generations.map((recording) => [recording.name, recording] as const))("%s", async (_name, recording) => {
    const body = requestOf(recording);
    const { bytes } = recording.response;
    const cuts = Array.from({ length: Math.min(40, bytes.length - 1) }, (_, i) => ((i * 7919) % (bytes.length - 1)) + 1).toSorted(
      (a, b) => a - b,
    );
    gateway.simulator.script({
      recording: { response: { ...recording.response, ...(recording.response.sse === undefined && { body: bytes.toString() }) } as never },
      cuts: [...new Set(cuts)],
    });
    const answer = await send("/v1/messages?beta=true", body);
    const seen = gateway.simulator.requests.at(-1);
    const model = scanObject(body).get("model");
    expect(seen?.path).toBe("/v1/messages?beta=true");
    expect(seen?.body.toString()).toBe(model && spliceSpans(body, [{ ...model, text: '"another-model"' }]).toString());
    const failed = bytes.includes("event: error") || recording.name === "vercel-ai--spliced-message-start";
    expect(answer.status).toBe(failed && !bytes.includes("content_block_start") ? 529 : 200);
    expect(answer.body.equals(bytes)).toBe(true);
  });

  test("rules 45, 127 and 231: version, betas, sampling, tools and marks are the client's own", async () => {
    const body = Buffer.from(
      `{"model":"another-model","max_tokens":2048,"temperature":0.5,"thinking":{"type":"enabled","budget_tokens":1024},
        "tools":[{"type":"web_search_20260209","name":"web_search"}],
        "messages":[{"role":"user","content":"hi"},
          {"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"c2ln"},{"type":"text","text":"hello","cache_control":{"type":"ephemeral"}}]},
          {"role":"user","content":"go on"}]}`,
    );
    gateway.simulator.script({ text: "yes" });
    await send("/v1/messages", body, { "anthropic-beta": "context-management-2025-06-27, not-known-2027-01-01" });
    const seen = gateway.simulator.requests.at(-1);
    expect(seen?.body.equals(body)).toBe(true);
    const told = (name: string) =>
      seen?.headers.filter((_value, index, list) => index % 2 === 1 && list[index - 1]?.toLowerCase() === name);
    expect(told("anthropic-version")).toEqual(["2023-06-01"]);
    expect(told("anthropic-beta")).toEqual(["context-management-2025-06-27, not-known-2027-01-01"]);
  });

  test("rule 129: what the provider says it dropped of a history reaches the client", async () => {
    const answer = `{"type":"message","role":"assistant","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn",
      "usage":{"input_tokens":1,"output_tokens":1},"input_transformations":[{"type":"thinking_dropped","reason":"model","message_index":1}]}`;
    gateway.simulator.script({ status: 200, headers: { "content-type": "application/json" }, body: answer });
    const body = '{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}]}';
    expect((await send("/v1/messages", Buffer.from(body))).body.toString()).toBe(answer);
  });

  test("rule 335: errors pass with their status and bytes", async () => {
    for (const { name, response } of loadRecordings("errors").filter(({ protocol }) => protocol === "anthropic-messages")) {
      if (response.status < 400 || response.status === 401) continue;
      const fresh = await startTestGateway({ config });
      const before = gateway;
      gateway = fresh;
      fresh.simulator.script({ recording: { response: { ...response, body: response.bytes.toString() } as never } });
      const answer = await send("/v1/messages", Buffer.from('{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}]}'));
      expect([name, answer.status, answer.body.toString()]).toEqual([name, response.status, response.bytes.toString()]);
      gateway = before;
      await fresh.close();
    }
  });
});
