/** Every recorded stream, cut after every event, gone on with: what the client has read stays, and what follows makes it whole. */
import { describe, expect, test } from "vitest";
import type { ChatRequest, ChatResponse, ProtocolId } from "../src/chat/chat.ts";
import { collect } from "../src/chat/collect.ts";
import type { ChatEvent } from "../src/chat/events.ts";
import { LossLedger } from "../src/chat/loss.ts";
import { createStateSealer } from "../src/chat/state.ts";
import { messagesGrammar } from "../src/conformance/clients/anthropic-grammar.ts";
import { chatGrammar } from "../src/conformance/clients/chat-grammar.ts";
import { geminiGrammar } from "../src/conformance/clients/gemini-grammar.ts";
import { responsesGrammar } from "../src/conformance/clients/responses-grammar.ts";
import { ClientStream } from "../src/pipeline/client-stream.ts";
import { Regenerated } from "../src/pipeline/continuation.ts";
import { resumeRelayed } from "../src/pipeline/resume-relayed.ts";
import { Said } from "../src/pipeline/said.ts";
import { protocols } from "../src/protocols/index.ts";
import type { AnswerContext, ClientSide, UpstreamSide } from "../src/protocols/protocol.ts";
import type { Frame } from "../src/wire/frames.ts";
import { formatFrame, SseReader } from "../src/wire/sse.ts";
import { loadRecordings } from "./support/recordings.ts";

const issuer = { platform: "recorded" };

const GRAMMARS: Readonly<Record<ProtocolId, (text: string) => string[]>> = {
  "anthropic-messages": messagesGrammar,
  "openai-chat": chatGrammar,
  "openai-responses": responsesGrammar,
  gemini: geminiGrammar,
};

const request: ChatRequest = {
  model: "asked",
  stream: true,
  system: [],
  turns: [{ role: "user" }],
  items: [{ type: "text", text: "hello", turn: 0, path: "messages[0]" }],
  tools: [],
  sampling: {},
  reasoning: { show: true },
  native: { protocol: "openai-chat", fields: { stream_options: { include_usage: true } } },
};

function context(): AnswerContext {
  const sealer = createStateSealer([Buffer.alloc(32, 7)]);
  const route = { operation: "generate", stream: true, framing: "sse" } as const;
  return { model: "asked", requestId: "req_1", sealer, losses: new LossLedger(), request, route, createdAt: 1 };
}

/** An answer that came to a good end, as frames and as events. */
interface Recorded {
  readonly name: string;
  readonly frames: readonly Frame[];
  readonly events: readonly ChatEvent[];
}

function eventsOf(upstream: UpstreamSide, frames: readonly Frame[]): ChatEvent[] {
  const decoder = upstream.streamDecoder({ issuer });
  return [...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()];
}

function framesOf(text: string): readonly Frame[] {
  const reader = new SseReader();
  return [...reader.push(Buffer.from(text)), ...reader.end()];
}

function recorded(upstream: UpstreamSide): Recorded[] {
  return loadRecordings(upstream.id).flatMap(({ name, response: { sse } }) => {
    if (sse === undefined) return [];
    const frames = framesOf(sse);
    const events = eventsOf(upstream, frames);
    return events.at(-1)?.type === "error" || !events.some(({ type }) => type === "finish") ? [] : [{ name, frames, events }];
  });
}

/** What a client may act on. */
function content({ items, finish }: ChatResponse): unknown {
  const said = items.map((item) => {
    switch (item.type) {
      case "text":
      case "reasoning":
      case "refusal":
        return [item.type, item.text];
      case "tool-call":
        return [item.type, item.id, item.name, item.input];
      default:
        return item.type;
    }
  });
  const told = said.filter((one) => Array.isArray(one) && one[1] !== "").map((one) => JSON.stringify(one));
  // In Chat the proof of a thought, which comes last, repeats it.
  return [[...new Set(told)], finish.reason];
}

const sides = [...protocols.values()].flatMap(({ client, upstream }): [ProtocolId, ClientSide, UpstreamSide][] =>
  client ? [[client.id, client, upstream]] : [],
);
const answers = sides.flatMap(([, , upstream]) => recorded(upstream));

function goOn(stream: ClientStream, events: readonly ChatEvent[]): string {
  const said = stream.said();
  if (!said) throw new Error("Nobody knows what the client has.");
  const continuation = new Regenerated(said);
  const out = events.flatMap((event) => continuation.push(event)).map((event) => stream.push(event));
  expect(continuation.diverged).toBe(false);
  return out.join("");
}

describe.each(sides)("client %s", (_id, client) => {
  test("translated: to the byte what an answer in one go would have been", () => {
    for (const { name, events } of answers) {
      const quiet = events.filter(({ type }) => type !== "ping");
      const encoder = client.streamEncoder(context());
      const undisturbed = quiet.map((event) => encoder.push(event)).join("");
      const finish = quiet.findIndex(({ type }) => type === "finish");
      for (let cut = 1; cut <= finish; cut += Math.ceil(finish / 40)) {
        const stream = new ClientStream(client.streamEncoder(context()), { said: new Said() });
        const before = quiet.slice(0, cut).map((event) => stream.push(event));
        expect(before.join("") + goOn(stream, quiet), `${name}, cut after ${cut}`).toBe(undisturbed);
      }
    }
  });
});

describe.each(sides)("relayed in %s", (id, client, upstream) => {
  test("the bytes that were relayed and those that follow are one stream", () => {
    let resumed = 0;
    let cuts = 0;
    for (const { name, frames, events } of recorded(upstream)) {
      const texts = frames.map(({ event, data }) => formatFrame(event === "" ? undefined : event, data));
      // Some servers write streams of their own kind: no client of those goes by the grammar.
      const isStrict = GRAMMARS[id](texts.join("")).length === 0;
      const begins = frames.findIndex((_, at) => eventsOf(upstream, frames.slice(0, at + 1)).some(({ type }) => type === "delta"));
      if (begins < 0) continue;
      for (let cut = begins + 1; cut < frames.length; cut += Math.ceil(frames.length / 40)) {
        const relayed = texts.slice(0, cut).join("");
        const stream = resumeRelayed(Buffer.from(relayed), { client, upstream, answer: context(), issuer });
        cuts += 1;
        if (!stream) continue;
        resumed += 1;
        const whole = relayed + goOn(stream, events);
        const where = `${name}, cut after ${cut} of ${frames.length}`;
        const folded = collect(eventsOf(upstream, framesOf(whole)));
        expect(content(folded), where).toEqual(content(collect(events)));
        if (isStrict) expect(GRAMMARS[id](whole), where).toEqual([]);
      }
    }
    // The rest holds what only its own upstream can go on with: hosted tools, fields of one server's own, the last events.
    expect(resumed / cuts).toBeGreaterThan(0.45);
  });
});
