/** Every recorded answer of Anthropic's, through our decoder and our encoders, judged by the official SDK. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answerContext, client, decodeRecording, decodeStream, encodeStream, framesOf } from "../../../test/support/messages.ts";
import { loadRecordings, rechunk, type Recording } from "../../../test/support/recordings.ts";
import { collect } from "../../chat/collect.ts";
import { checkGrammar } from "../../chat/grammar.ts";

const recordings = [
  ...loadRecordings("anthropic-messages"),
  ...loadRecordings("errors").filter(({ protocol }) => protocol === "anthropic-messages"),
];
const answers = recordings.filter(({ request, response }) => response.status === 200 && !request?.path.includes("count_tokens"));
const streams = answers.filter(({ response }) => response.sse !== undefined);
/** A second message inside the first, and an overload in the middle: answers that fail. */
const FAILING = new Set(["vercel-ai--spliced-message-start", "anthropic-200-midstream-overloaded"]);
const CUT_CALL = "anthropic-sdk-python--incomplete_partial_json_response";
/** A fixture that was joined of several answers: calls in the middle, then the end of a turn. Our reason follows from the calls (B.0.1). */
const JOINED = "vercel-ai--anthropic-programmatic-tool-calling.1";
const whole = answers.filter(({ name }) => !FAILING.has(name));

interface Message {
  content: Record<string, unknown>[];
  stop_reason: unknown;
  stop_sequence: unknown;
  usage: Record<string, unknown>;
  [key: string]: unknown;
}

interface Frame {
  type: string;
  index: number;
  message: Message;
  content_block: Record<string, unknown>;
  delta?: Record<string, string>;
  usage: Record<string, unknown>;
}

/** The fields of a delta that continue a field of its block. */
const CONTINUED: Record<string, string> = { text_delta: "text", thinking_delta: "thinking", signature_delta: "signature" };

/** What a recording says, read straight from its frames with nothing of ours. */
function recorded({ name, response }: Recording): Message {
  if (response.sse === undefined) return { ...(response.body as unknown as Message), ...(name === JOINED && { stop_reason: "tool_use" }) };
  let message = { content: [], usage: {} } as unknown as Message;
  const inputs = new Map<number, string>();
  for (const frame of framesOf(response.sse) as unknown as Frame[]) {
    const { index, delta = {} } = frame;
    const block = message.content[index] ?? {};
    const key = CONTINUED[delta["type"] ?? ""];
    if (frame.type === "message_start") message = structuredClone(frame.message);
    else if (frame.type === "content_block_start") message.content[index] = { ...frame.content_block };
    else if (frame.type === "message_delta") {
      const { type: _type, usage, ...rest } = { ...frame, ...delta } as Frame & { event?: string };
      delete rest.event;
      delete rest.delta;
      Object.assign(message, rest);
      for (const [field, value] of Object.entries(usage)) if (value !== null) message.usage[field] = value;
    } else if (key !== undefined) block[key] = `${(block[key] as string | undefined) ?? ""}${delta[key]}`;
    else if (delta["type"] === "citations_delta")
      block["citations"] = [...((block["citations"] as unknown[] | null) ?? []), delta["citation"]];
    else if (delta["type"] === "input_json_delta") inputs.set(index, (inputs.get(index) ?? "") + delta["partial_json"]);
  }
  for (const [index, input] of inputs) if (input !== "") (message.content[index] as Record<string, unknown>)["input"] = JSON.parse(input);
  return message;
}

/** Spellings of nothing are one: `null`, an absent field, no citations, a text block without text (rule 233). */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((block) => block?.type !== "text" || block.text !== "").map(plain);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key, field]) => field !== null && !(key === "citations" && Array.isArray(field) && field.length === 0),
  );
  return Object.fromEntries(kept.map(([key, field]) => [key, plain(field)]));
}

describe.each(whole.map((recording) => [recording.name, recording] as const))("%s", (name, recording) => {
  test("decodes, obeys the grammar and folds to what was recorded", () => {
    const events = decodeRecording(recording);
    expect(checkGrammar(events)).toBeUndefined();
    const context = answerContext({ model: recording.model ?? "" });
    const folded = client.encodeResponse(collect(events), context);
    if (name === CUT_CALL) {
      // Half an input must not run, and the ledger says so (rule 88).
      expect(folded).toMatchObject({ stop_reason: "max_tokens", content: [{ type: "text" }] });
      expect(context.losses.losses.map(({ code }) => code)).toEqual(["cut-tool-call"]);
      return;
    }
    const { model: _recordedModel, ...expected } = recorded(recording);
    const { model: _ownModel, ...found } = folded;
    expect(plain(found)).toEqual(plain(expected));
    expect(context.losses.losses).toEqual([]);
  });
});

describe.each(streams.map((recording) => [recording.name, recording] as const))("%s, cut anywhere", (_name, { response }) => {
  const events = decodeStream([response.bytes]);
  test.each([0, 1, 2, 3, 4, 5])("gives the same events (seed %i)", (seed) => {
    expect(decodeStream(rechunk(response.bytes, seed))).toEqual(events);
  });
  test.each(["\r\n", "\r"])("gives the same events with line ends %j", (lineEnd) => {
    const bytes = Buffer.from((response.sse ?? "").replaceAll("\n", lineEnd));
    for (const seed of [0, 7]) expect(decodeStream(rechunk(bytes, seed))).toEqual(events);
  });
});

describe("rule 345: an error in the stream ends it as a failure", () => {
  test.each(recordings.filter(({ name }) => FAILING.has(name)).map((recording) => [recording.name, recording] as const))(
    "%s",
    (_name, recording) => {
      const events = decodeRecording(recording);
      expect(checkGrammar(events)).toBeUndefined();
      expect(events.at(-1)).toMatchObject({ type: "error" });
      const stream = encodeStream(events);
      expect(framesOf(stream).at(-1)).toMatchObject({ event: "error", type: "error" });
      expect(stream).not.toContain("message_stop");
    },
  );
});

describe("the official SDK over our stream", () => {
  const bodies = new Map<string, string>();
  let server: Server;
  let sdk: Anthropic;

  beforeAll(async () => {
    server = createServer((request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(bodies.get(request.headers["x-test-body"] as string));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    sdk = new Anthropic({ apiKey: "k", baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, maxRetries: 0 });
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  /** The message the SDK makes of a stream, or the error it throws. */
  async function accumulated(body: string): Promise<unknown> {
    const key = String(bodies.size);
    bodies.set(key, body);
    const params = { model: "m", max_tokens: 10, messages: [{ role: "user" as const, content: "hi" }] };
    try {
      return plain(JSON.parse(JSON.stringify(await sdk.beta.messages.stream(params, { headers: { "x-test-body": key } }).finalMessage())));
    } catch (error) {
      return (error as Error).constructor.name;
    }
  }

  test.each(answers.map((recording) => [recording.name, recording] as const))(
    "%s accumulates as its recording does",
    async (name, recording) => {
      const ours = await accumulated(encodeStream(decodeRecording(recording), answerContext({ model: recording.model ?? "" })));
      if (recording.response.sse !== undefined) {
        // Some fixtures lost their last blank line, and the SDK drops an unterminated event.
        const theirs = await accumulated(`${recording.response.sse.trimEnd()}\n\n`);
        if (typeof theirs === "string") expect(ours).toEqual(expect.any(String));
        else expect(withoutModel(ours)).toEqual(withoutModel(theirs));
      } else expect(withoutModel(ours)).toEqual(withoutModel(plain(recorded(recording))));
      if (!FAILING.has(name) && name !== CUT_CALL) expect(ours).toBeTypeOf("object");
    },
  );
});

/** On translated answers the model is the name that was asked for, which a recording may not hold. */
function withoutModel(message: unknown): unknown {
  const { model: _model, ...rest } = message as { model?: string };
  return rest;
}
