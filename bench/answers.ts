import { mark } from "./marks.ts";

/** One protocol's answers as complete HTTP/1.1 bytes, made once, so that sending one costs little more than the system call. */
export interface Answers {
  /** A whole answer of about 2 KB. */
  readonly whole: Buffer;
  /** A stream whose events all come at once. */
  burst(events: number): Buffer;
  /** The head of a paced stream and what comes before its first text. */
  readonly opening: Buffer;
  /** One event of a paced stream. */
  event(time: number): string;
  /** What ends a stream. */
  readonly closing: Buffer;
}

interface Shape {
  readonly whole: object;
  readonly before: string;
  readonly text: (text: string) => string;
  /** @param said all of the text before it, for a protocol that says it again. */
  readonly after: (said: string) => string;
}

const streamHead =
  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nrequest-id: req_bench\r\nTransfer-Encoding: chunked\r\n\r\n";
const prose = "lorem ipsum dolor sit amet ".repeat(60);

const messagesEvent = (type: string, data: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;

/** Anthropic Messages: one named frame per event, text in `content_block_delta`. */
const messages: Shape = {
  whole: {
    id: "msg_bench",
    type: "message",
    role: "assistant",
    model: "bench",
    content: [{ type: "text", text: prose }],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: { input_tokens: 25, output_tokens: 300 },
  },
  before:
    messagesEvent("message_start", {
      message: {
        id: "msg_bench",
        type: "message",
        role: "assistant",
        model: "bench",
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 25, output_tokens: 1 },
      },
    }) + messagesEvent("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
  text: (text) => messagesEvent("content_block_delta", { index: 0, delta: { type: "text_delta", text } }),
  after: () =>
    messagesEvent("content_block_stop", { index: 0 }) +
    messagesEvent("message_delta", { delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 200 } }) +
    messagesEvent("message_stop", {}),
};

const geminiChunk = (text: string, finish?: string) => ({
  candidates: [{ content: { parts: [{ text }], role: "model" }, ...(finish && { finishReason: finish }), index: 0 }],
  usageMetadata: {
    promptTokenCount: 25,
    candidatesTokenCount: 200,
    totalTokenCount: 225,
    promptTokensDetails: [{ modality: "TEXT", tokenCount: 25 }],
  },
  modelVersion: "gemini-bench",
  responseId: "bench",
});
const geminiFrame = (chunk: object) => `data: ${JSON.stringify(chunk)}\r\n\r\n`;

/** Gemini generateContent with `alt=sse`: every frame is a whole answer's shape and repeats the usage. */
const gemini: Shape = {
  whole: geminiChunk(prose, "STOP"),
  before: "",
  text: (text) => geminiFrame(geminiChunk(text)),
  after: () => geminiFrame(geminiChunk("", "STOP")),
};

const chatChunk = (delta: object, finish: string | null = null) => ({
  id: "chatcmpl-bench",
  object: "chat.completion.chunk",
  created: 1_700_000_000,
  model: "bench",
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const chatFrame = (chunk: object) => `data: ${JSON.stringify(chunk)}\n\n`;
const chatUsage = { prompt_tokens: 25, completion_tokens: 200, total_tokens: 225 };

/** OpenAI Chat Completions: unnamed frames, text in `choices[0].delta.content`, usage in a frame of its own. */
const chat: Shape = {
  whole: {
    id: "chatcmpl-bench",
    object: "chat.completion",
    created: 1_700_000_000,
    model: "bench",
    choices: [{ index: 0, message: { role: "assistant", content: prose }, finish_reason: "stop" }],
    usage: chatUsage,
  },
  before: chatFrame(chatChunk({ role: "assistant", content: "" })),
  text: (text) => chatFrame(chatChunk({ content: text })),
  after: () => chatFrame(chatChunk({}, "stop")) + chatFrame({ ...chatChunk({}), choices: [], usage: chatUsage }) + "data: [DONE]\n\n",
};

const responsesEvent = (type: string, data: object) =>
  `event: response.${type}\ndata: ${JSON.stringify({ type: `response.${type}`, ...data })}\n\n`;
const responsesItem = (status: string, content: readonly object[]) => ({
  id: "msg_bench",
  type: "message",
  status,
  role: "assistant",
  content,
});
const responsesPart = (text: string) => ({ type: "output_text", annotations: [], logprobs: [], text });
const responsesPlace = { item_id: "msg_bench", output_index: 0, content_index: 0 };
const responsesAnswer = (status: string, output: readonly object[]) => ({
  id: "resp_bench",
  object: "response",
  created_at: 1_700_000_000,
  status,
  error: null,
  incomplete_details: null,
  model: "bench",
  output,
  usage: status === "completed" ? { input_tokens: 25, output_tokens: 200, total_tokens: 225 } : null,
});

/** OpenAI Responses: one named frame per event, text in `response.output_text.delta`; what ends it says all of the text four times. */
const responses: Shape = {
  whole: responsesAnswer("completed", [responsesItem("completed", [responsesPart(prose)])]),
  before:
    responsesEvent("created", { sequence_number: 0, response: responsesAnswer("in_progress", []) }) +
    responsesEvent("in_progress", { sequence_number: 1, response: responsesAnswer("in_progress", []) }) +
    responsesEvent("output_item.added", { sequence_number: 2, output_index: 0, item: responsesItem("in_progress", []) }) +
    responsesEvent("content_part.added", { sequence_number: 3, ...responsesPlace, part: responsesPart("") }),
  text: (text) =>
    responsesEvent("output_text.delta", { sequence_number: 4, ...responsesPlace, delta: text, logprobs: [], obfuscation: "bench" }),
  after: (said) =>
    responsesEvent("output_text.done", { sequence_number: 5, ...responsesPlace, text: said, logprobs: [] }) +
    responsesEvent("content_part.done", { sequence_number: 6, ...responsesPlace, part: responsesPart(said) }) +
    responsesEvent("output_item.done", { sequence_number: 7, output_index: 0, item: responsesItem("completed", [responsesPart(said)]) }) +
    responsesEvent("completed", {
      sequence_number: 8,
      response: responsesAnswer("completed", [responsesItem("completed", [responsesPart(said)])]),
    }),
};

function prepare(shape: Shape): Answers {
  const body = JSON.stringify(shape.whole);
  const [beforeMark = "", afterMark = ""] = chunk(shape.text(`${mark(0)} tok`)).split(mark(0));
  const closing = (said: string) => `${chunk(shape.after(said))}0\r\n\r\n`;
  const bursts = new Map<number, Buffer>();
  return {
    whole: Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
    burst(events) {
      const known = bursts.get(events);
      if (known !== undefined) return known;
      const text = `${beforeMark}${mark(0)}${afterMark}`;
      const said = `${mark(0)} tok`.repeat(events);
      const made = Buffer.from(streamHead + chunk(shape.before) + text.repeat(events) + closing(said));
      bursts.set(events, made);
      return made;
    },
    opening: Buffer.from(streamHead + chunk(shape.before)),
    event: (time) => beforeMark + mark(time) + afterMark,
    closing: Buffer.from(closing("")),
  };
}

/** One chunk of chunked transfer coding; all text here is ASCII. */
function chunk(text: string): string {
  return text === "" ? "" : `${text.length.toString(16)}\r\n${text}\r\n`;
}

const prepared = { messages: prepare(messages), chat: prepare(chat), responses: prepare(responses), gemini: prepare(gemini) };

/** What a request asks for, told by its path and, but for Gemini, by its body. */
export interface Asked {
  readonly answers: Answers;
  readonly stream: boolean;
}

/** @returns undefined for a path that no benchmark row uses */
export function askedFor(path: string, body: string): Asked | undefined {
  if (path.includes(":streamGenerateContent")) return { answers: prepared.gemini, stream: true };
  if (path.includes(":generateContent")) return { answers: prepared.gemini, stream: false };
  const stream = /"stream":\s*true/.test(body);
  if (path.includes("/messages")) return { answers: prepared.messages, stream };
  if (path.includes("/chat/completions")) return { answers: prepared.chat, stream };
  if (path.includes("/responses")) return { answers: prepared.responses, stream };
  return undefined;
}
