/**
 * Recorded streams with frames that are missing, repeated, out of place, cut or changed: whatever an upstream sends is read as
 * events in order, of which one ends the answer, and written for clients of every protocol.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { collect } from "../src/chat/collect.ts";
import type { ChatEvent } from "../src/chat/events.ts";
import { checkGrammar } from "../src/chat/grammar.ts";
import { LossLedger } from "../src/chat/loss.ts";
import { createStateSealer } from "../src/chat/state.ts";
import { protocols } from "../src/protocols/index.ts";
import type { UpstreamSide } from "../src/protocols/protocol.ts";
import type { Frame } from "../src/wire/frames.ts";
import { SseReader } from "../src/wire/sse.ts";
import { conversation, text } from "./support/gemini.ts";
import { loadRecordings } from "./support/recordings.ts";

const RUNS = 1_500;
/** Longer streams say nothing new. */
const MAX_FRAMES = 120;

const context = { issuer: { platform: "vendor", model: "m", account: "a" } };
const sealer = createStateSealer([Buffer.alloc(32, 7)]);
const request = conversation([{ role: "user", content: [text("hi")] }], {});

function framesOf(sse: string): readonly Frame[] {
  const reader = new SseReader();
  return [...reader.push(Buffer.from(sse)), ...reader.end()];
}

/** What may be done to a stream at one of its frames, and with what. */
type Damage = (frames: readonly Frame[], at: number, with_: { readonly place: number; readonly value: unknown }) => Frame[];

const DAMAGES: Readonly<Record<string, Damage>> = {
  drop: (frames, at) => frames.toSpliced(at, 1),
  repeat: (frames, at) => frames.toSpliced(at, 0, ...frames.slice(at, at + 1)),
  move: (frames, at, { place }) => frames.toSpliced(at, 1).toSpliced(place % frames.length, 0, ...frames.slice(at, at + 1)),
  cut: (frames, at) => frames.slice(0, at),
  halve: (frames, at) => changed(frames, at, ({ data }) => data.slice(0, data.length >> 1)),
  change: (frames, at, { place, value }) => changed(frames, at, ({ data }) => changedJson(data, place, value)),
};

function changed(frames: readonly Frame[], at: number, change: (frame: Frame) => string): Frame[] {
  return frames.map((frame, i) => (i === at ? { ...frame, data: change(frame) } : frame));
}

/** Another value for one of the members, anywhere in it. */
function changedJson(data: string, place: number, value: unknown): string {
  let members = 0;
  try {
    JSON.parse(data, (_key, member: unknown) => {
      members += 1;
      return member;
    });
    return JSON.stringify(JSON.parse(data, (_key, member: unknown) => ((members -= 1) === place % 40 ? value : member)));
  } catch {
    return data;
  }
}

const value = fc.oneof(
  fc.constantFrom(null, "", -1, 0, 0.5, 7, 4_000_000_000, 1e308, true, [], {}, [[]], "text", "\ud800"),
  fc.constantFrom("message", "reasoning", "function_call", "response.completed", "response.failed", "tool_use", "thinking", "STOP"),
);
const damage = fc.tuple(fc.constantFrom(...Object.values(DAMAGES)), fc.nat(), fc.record({ place: fc.nat(), value }));

function decode(upstream: UpstreamSide, frames: readonly Frame[]): ChatEvent[] {
  const decoder = upstream.streamDecoder(context);
  return [...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()];
}

/** The stream that a client gets. */
function encode(events: readonly ChatEvent[], client: (typeof clients)[number]): string {
  const encoder = client.streamEncoder({
    model: "m",
    requestId: "req_1",
    sealer,
    losses: new LossLedger(),
    request,
    route: { operation: "generate", stream: true },
    createdAt: 1,
  });
  return events.map((event) => encoder.push(event)).join("");
}

/** How the stream of an answer that did not fail ends, in each protocol. */
const ENDED = /^event: (?:message_stop|response\.(?:completed|incomplete))$|^data: \[DONE\]$|^data: .*"finishReason":"/m;

const clients = [...protocols.values()].flatMap(({ client }) => client ?? []);

describe.each([...protocols.values()])("$id", ({ id, upstream }) => {
  const recorded = loadRecordings(id)
    .flatMap(({ response: { sse } }) => (sse === undefined ? [] : [framesOf(sse)]))
    .filter((frames) => frames.length > 0 && frames.length <= MAX_FRAMES);

  test(`${RUNS} broken streams`, () => {
    expect(recorded.length).toBeGreaterThan(4);
    const ends = new Set<string>();
    const stream = fc.tuple(fc.constantFrom(...recorded), fc.array(damage, { minLength: 1, maxLength: 4 }));
    fc.assert(
      fc.property(stream, ([frames, damages]) => {
        let broken: readonly Frame[] = frames;
        for (const [apply, at, rest] of damages) if (broken.length > 0) broken = apply(broken, at % broken.length, rest);
        const events = decode(upstream, broken);
        expect(checkGrammar(events)).toBeUndefined();
        const failed = events.at(-1)?.type === "error";
        ends.add(failed ? "error" : "finish");
        // A call that nobody could read is a failure to all but Gemini's clients, who know a word for it.
        const told = !failed && collect(events).finish.reason === "malformed-call" ? [] : clients;
        for (const client of told) expect([client.id, ENDED.test(encode(events, client))]).toEqual([client.id, !failed]);
      }),
      { numRuns: RUNS, seed: 20_261_130 },
    );
    // Both happened, so both were checked.
    expect([...ends].toSorted()).toEqual(["error", "finish"]);
  }, 60_000);
});
