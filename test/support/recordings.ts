/** Recorded provider traffic (`test/recordings/`, sources and licences in each file) for tests that replay it. */
import { readdirSync, readFileSync } from "node:fs";
import { asObject, parseJson, writeJson, type JsonObject, type JsonValue } from "../../src/chat/json.ts";

/** What was asked, where the source kept it. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query, credentials removed. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonValue;
  /** The body as bytes of compact JSON, numbers as they were recorded. */
  readonly bytes: Buffer;
}

/** What the provider answered. */
export interface RecordedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The same headers as name, value, name, value. */
  readonly headerList: readonly string[];
  /** The parsed body of an answer that is not SSE. An array is Gemini's array framing. */
  readonly body: JsonValue | undefined;
  /** The text of an SSE answer. */
  readonly sse: string | undefined;
  /** The answer as bytes: the SSE text, or compact JSON. */
  readonly bytes: Buffer;
}

/** One HTTP interaction. */
export interface Recording {
  /** The file's name without `.json`. */
  readonly name: string;
  readonly provider: string;
  readonly protocol: string;
  readonly model: string | null;
  readonly request: RecordedRequest | undefined;
  readonly response: RecordedResponse;
  /** Departures from the happy path that were detected in it. */
  readonly oddities: readonly string[];
}

/** The recordings of one folder of `test/recordings/`, by name. */
export function loadRecordings(folder: string): Recording[] {
  const directory = new URL(`../recordings/${folder}/`, import.meta.url);
  const files = readdirSync(directory).filter((file) => file.endsWith(".json"));
  return files.sort().map((file) => readRecording(file.slice(0, -".json".length), readFileSync(new URL(file, directory), "utf8")));
}

interface RecordingFile {
  readonly provider: string;
  readonly protocol: string;
  readonly model: string | null;
  readonly request: { method: string; path: string; headers: Record<string, string>; body: JsonValue } | null;
  readonly response: { status: number; headers: Record<string, string>; body?: JsonValue; sse?: string };
  readonly oddities: readonly string[];
}

function readRecording(name: string, text: string): Recording {
  const file = JSON.parse(text) as RecordingFile;
  const lossless = asObject(parseJson(text)) as JsonObject;
  const { request, response } = file;
  return {
    name,
    provider: file.provider,
    protocol: file.protocol,
    model: file.model,
    request: request ? { ...request, bytes: bodyBytes(lossless["request"]) } : undefined,
    response: {
      status: response.status,
      headers: response.headers,
      headerList: Object.entries(response.headers).flat(),
      body: response.body,
      sse: response.sse,
      bytes: response.sse === undefined ? bodyBytes(lossless["response"]) : Buffer.from(response.sse),
    },
    oddities: file.oddities,
  };
}

function bodyBytes(message: JsonValue | undefined): Buffer {
  const body = asObject(message)?.["body"];
  return Buffer.from(body === undefined ? "" : writeJson(body));
}

/** Cuts bytes into chunks of 1 to 40 bytes, or of exactly one when the seed is 0. The same seed cuts alike. */
export function rechunk(bytes: Buffer, seed: number): Buffer[] {
  const chunks: Buffer[] = [];
  let state = seed;
  for (let at = 0; at < bytes.length;) {
    // A linear congruential generator: reproducible, and good enough to hit every kind of border.
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const length = seed === 0 ? 1 : 1 + ((state >>> 16) % 40);
    chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return chunks;
}
