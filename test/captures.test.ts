/** Every captured request of a real client, sent to the gateway as it was, for a model of every vendor whose protocol is another. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ProtocolId } from "../src/chat/chat.ts";
import { loadCaptures, sendCapture } from "./support/captures.ts";
import { oneModel, startTestGateway, type TestGateway } from "./support/gateway.ts";

interface Upstream {
  readonly type: string;
  readonly model: string;
  /** Which of OpenAI's two. */
  readonly protocol?: ProtocolId;
  /** What is refused before it is sent: nobody would search for it (rule 223). */
  readonly refused?: readonly string[];
}

const UPSTREAMS: readonly Upstream[] = [
  { type: "anthropic", model: "claude-opus-5-5" },
  { type: "gemini", model: "gemini-3.8-pro" },
  { type: "openai", model: "gpt-6", protocol: "openai-responses" },
  {
    type: "openai",
    model: "gpt-5.1",
    protocol: "openai-chat",
    refused: ["claude-code/tool-websearch/02", "gemini-cli/tool-websearch/02"],
  },
];

/** Its client names items that the server kept for it, which this one did not. */
const NAMES_ITEMS = "ai-openai/tool/02";

/** What stands in an answer that is complete, or in a count. */
const COMPLETE = [
  /"stop_reason":"\w+"/,
  /"finish_reason":"\w+"/,
  /"finishReason": ?"\w+"/,
  /"type":"response\.completed"/,
  /^\{"id":"resp_\w+","object":"response".*"status":"completed"/,
  /^\{\s*(?:"object":"response\.input_tokens",)?"(?:input_tokens|totalTokens)": ?\d/,
];

const captures = loadCaptures();

describe.each(UPSTREAMS)("$type, model $model", ({ type, model, protocol, refused = [] }) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ config: oneModel(type, model, protocol) });
  });
  afterAll(() => gateway.close());

  test("rules 358, 359, 381, 414 and 423: every request of another protocol's client is answered, or refused for what it asks", async () => {
    const unanswered: string[] = [];
    let answered = 0;
    for (const capture of captures.filter(({ name }) => name !== NAMES_ITEMS)) {
      const answer = await sendCapture(gateway.url, capture);
      const text = await answer.text();
      // Proofs of the fake provider that was captured with are no vendor's: what is relayed is held elsewhere.
      if (answer.headers.get("x-dragoman-lane") === "relay") continue;
      if (answer.ok && COMPLETE.some((end) => end.test(text))) answered += 1;
      else unanswered.push(capture.name);
    }
    expect(unanswered).toEqual(refused);
    expect(answered).toBeGreaterThan(60);
  });
});
