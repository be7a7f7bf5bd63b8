/** Every captured request of a real client, sent to the gateway as it was, for a model of every vendor whose protocol is another. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ProtocolId } from "../src/chat/chat.ts";
import { startTestGateway, type TestGateway } from "./support/gateway.ts";
import { loadCaptures, type Capture } from "./support/captures.ts";

interface Upstream {
  readonly type: string;
  readonly model: string;
  readonly protocol: ProtocolId;
  readonly path: string;
  /** What is refused before it is sent: nobody would search for it (rule 223). */
  readonly refused: readonly string[];
}

const UPSTREAMS: readonly Upstream[] = [
  { type: "anthropic", model: "claude-opus-5-5", protocol: "anthropic-messages", path: "", refused: [] },
  { type: "gemini", model: "gemini-3.8-pro", protocol: "gemini", path: "", refused: [] },
  { type: "openai", model: "gpt-6", protocol: "openai-responses", path: "/v1", refused: [] },
  {
    type: "openai",
    model: "gpt-5.1",
    protocol: "openai-chat",
    path: "/v1",
    refused: ["claude-code/tool-websearch/02", "gemini-cli/tool-websearch/02"],
  },
];

/** Its client names items that the server kept for it, which this one did not. */
const NAMES_ITEMS = "ai-openai/tool/02";

/** How an answer ends that is complete, or a count. */
const COMPLETE =
  /"stop_reason":"\w+"|"finish_reason":"\w+"|"finishReason": ?"\w+"|"status":"completed"|"input_tokens":\d|"totalTokens": ?\d/;

const captures = loadCaptures();

function send(url: string, { path, headers, body }: Capture): Promise<Response> {
  const own = Object.entries(headers).filter(([name]) => !/^(?:host|connection|content-length|accept-encoding)$/.test(name));
  return fetch(`${url}${path}`, { method: "POST", headers: Object.fromEntries(own), body: JSON.stringify(body) });
}

describe.each(UPSTREAMS)("$type, model $model in $protocol", ({ type, model, protocol, path, refused }) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    const protocols = type === "openai" ? `protocols: [${protocol}], ` : "";
    gateway = await startTestGateway({
      config: (upstream) => `
providers:
  up: { type: ${type}, ${protocols}base_url: "${upstream}${path}", credentials: [{ api_key: k }] }
models: { "*": up/${model} }
`,
    });
  });
  afterAll(() => gateway.close());

  test("rules 358, 359, 381, 414 and 423: every request of another protocol's client is answered, or refused for what it asks", async () => {
    const unanswered: string[] = [];
    let answered = 0;
    for (const capture of captures.filter(({ name }) => name !== NAMES_ITEMS)) {
      const answer = await send(gateway.url, capture);
      const text = await answer.text();
      // Proofs of the fake provider that was captured with are no vendor's: what is relayed is held elsewhere.
      if (answer.headers.get("x-dragoman-lane") === "relay") continue;
      if (answer.ok && COMPLETE.test(text)) answered += 1;
      else unanswered.push(capture.name);
    }
    expect(unanswered).toEqual(refused);
    expect(answered).toBeGreaterThan(60);
  });
});
