import { describe, expect, test } from "vitest";
import { decodeStream, upstream } from "../../../../test/support/messages.ts";
import { loadRecordings, rechunk } from "../../../../test/support/recordings.ts";
import type { Usage } from "../../../chat/chat.ts";
import { mergeUsage, type ChatEvent } from "../../../chat/events.ts";
import type { RelayTap } from "../../protocol.ts";

/** Two messages in one stream: the decoder gives up, the tap lets the client judge. */
const SPLICED = "vercel-ai--spliced-message-start";
const streams = [...loadRecordings("anthropic-messages"), ...loadRecordings("errors")].filter(
  ({ name, protocol, response }) => protocol === "anthropic-messages" && response.sse !== undefined && name !== SPLICED,
);

/** What the tap must have seen, by the decoder's account. */
function expected(events: readonly ChatEvent[]): object {
  let usage: Usage | undefined;
  for (const event of events) if (event.type === "usage") usage = mergeUsage(usage, event.usage);
  const error = events.find((event) => event.type === "error");
  return {
    begun: events.some((event) => event.type === "item-start" || event.type === "finish"),
    finished: events.some((event) => event.type === "finish"),
    error: error && { kind: error.error.kind, message: error.error.message },
    usage,
    minted: events.flatMap(stateIn),
  };
}

function stateIn(event: ChatEvent): readonly string[] {
  const state =
    event.type === "item-end" ? event.state : event.type === "item-start" && "state" in event.item ? event.item.state : undefined;
  return state ? [state.value] : [];
}

function seen(tap: RelayTap): object {
  return {
    begun: tap.begun,
    finished: tap.finished,
    error: tap.error && { kind: tap.error.kind, message: tap.error.message },
    usage: tap.usage,
    minted: tap.minted,
  };
}

function tapped(chunks: Iterable<Buffer>): object {
  const tap = upstream.relayTap();
  for (const chunk of chunks) tap.push(chunk);
  tap.end();
  return seen(tap);
}

/** Written with the line end that is this event's turn. */
function ends(event: string, turn: number): string {
  return event.replaceAll("\n", ["\n", "\r\n", "\r"][turn % 3] ?? "");
}

const FORMS: readonly (readonly [string, (sse: string) => string])[] = [
  ["as recorded", (sse) => sse],
  ["with CRLF", (sse) => sse.replaceAll("\n", "\r\n")],
  ["with CR", (sse) => sse.replaceAll("\n", "\r")],
  [
    "with another line end in each event",
    (sse) =>
      sse
        .split(/(?<=\n\n)/)
        .map(ends)
        .join(""),
  ],
  ["without event lines", (sse) => sse.replaceAll(/^event: .*\n/gm, "")],
  ["without spaces after colons", (sse) => sse.replaceAll(/^(event|data): /gm, "$1:")],
  ["with comments and ids", (sse) => sse.replaceAll(/^event/gm, ": note\nid: 1\nevent")],
  ["with data before its event", (sse) => sse.replaceAll(/^(event: .*)\n(data: .*)$/gm, "$2\n$1")],
];

describe.each(streams.map((recording) => [recording.name, recording] as const))("%s", (_name, { response }) => {
  test.each(FORMS)("%s: the tap agrees with the decoder, however it is cut", (_form, written) => {
    const bytes = Buffer.from(written(response.sse ?? ""));
    const account = expected(decodeStream([bytes]));
    expect(tapped([bytes])).toEqual(account);
    for (const seed of [0, 1, 2, 3]) expect(tapped(rechunk(bytes, seed))).toEqual(account);
  });
});

describe("content has begun", () => {
  const start = 'event: message_start\ndata: {"type":"message_start","message":{"content":[],"usage":{"input_tokens":3}}}\n\n';
  const ping = 'event: ping\ndata: {"type": "ping"}\n\n';
  const blockStart =
    'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n';
  test.each([
    [start + ping, false],
    [start + ping + blockStart, false],
    [start + ping + blockStart.replace('"text":""', '"text":"hi"'), true],
    [start + ping + blockStart.replace('"text","text":""', '"tool_use","id":"toolu_1","name":"f","input":{}'), true],
    [`${start}${blockStart}event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n`, true],
    [start.replace("[]", '[{"type":"text","text":"hi"}]'), true],
    [`${start}event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{}}\n\n`, true],
    [`${start}event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":null},"usage":{}}\n\n`, false],
    [`${start}event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n`, false],
  ])("%# %j: %s", (stream, begun) => {
    const tap = upstream.relayTap();
    tap.push(Buffer.from(stream));
    expect(tap.begun).toBe(begun);
  });
});

test("content that is no JSON is an error while nobody has seen any, and passes after", () => {
  const start = 'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n';
  const delta = 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}\n\n';
  const garbage = delta.replace('"}}', "");
  const first = upstream.relayTap();
  first.push(Buffer.from(start + garbage));
  expect(first).toMatchObject({ begun: false, error: { kind: "upstream" } });
  const later = upstream.relayTap();
  later.push(Buffer.from(start + delta + garbage));
  expect(later).toMatchObject({ begun: true, error: undefined });
});

test("rule 318: a delta of 5 MB passes in pieces, and what follows is seen", () => {
  const tap = upstream.relayTap();
  const text = "event: message_stop ".repeat(250_000);
  const bytes = Buffer.from(
    `event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":${JSON.stringify(text)}}}\n\nevent: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}\n\n`,
  );
  for (let at = 0; at < bytes.length; at += 16_384) {
    expect(tap.finished).toBe(false);
    tap.push(bytes.subarray(at, at + 16_384));
  }
  expect(tap).toMatchObject({ begun: true, finished: true, usage: { output: 9 } });
});

test("rule 164: estimated tokens of thinking are not counted", () => {
  const tap = upstream.relayTap();
  const delta = (type: string, fields: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
  tap.push(
    Buffer.from(
      delta("message_start", { message: { content: [], usage: { input_tokens: 3, output_tokens: 1 } } }) +
        delta("content_block_start", { index: 0, content_block: { type: "thinking", thinking: "" } }) +
        delta("content_block_delta", { index: 0, delta: { type: "thinking_delta", thinking: "", estimated_tokens: 900 } }) +
        delta("message_delta", { delta: { stop_reason: "end_turn" }, usage: { output_tokens: 7 } }),
    ),
  );
  expect(tap.usage).toMatchObject({ input: 3, output: 7 });
});

test("a second message inside the first is not an error that was told", () => {
  const spliced = loadRecordings("anthropic-messages").find(({ name }) => name === SPLICED);
  expect(tapped([spliced?.response.bytes ?? Buffer.alloc(0)])).toMatchObject({
    begun: true,
    finished: true,
    error: undefined,
    usage: { input: 17 },
  });
});

test("what a delta says about events is no event", () => {
  const tap = upstream.relayTap();
  const said = JSON.stringify('\n\nevent: error\ndata: {"type":"error","error":{"type":"api_error","message":"x"}}\n\n');
  tap.push(
    Buffer.from(
      `event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":${said}}}\n\n`,
    ),
  );
  expect(tap).toMatchObject({ begun: true, error: undefined, finished: false });
});

test("what is said of a signature in a text is none", () => {
  const tap = upstream.relayTap();
  const said = JSON.stringify('{"type":"signature_delta","signature":"x"}\n');
  tap.push(
    Buffer.from(`event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"type":"text_delta","text":${said}}}\n\n`),
  );
  expect(tap.minted).toEqual([]);
});
