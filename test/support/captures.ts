/** Requests of real clients, captured on the wire (`test/captures/`, where the README says how). */
import { readdirSync, readFileSync } from "node:fs";
import type { JsonObject } from "../../src/chat/json.ts";

export interface Capture {
  /** `client/mode/number`. */
  readonly name: string;
  /** `client/mode`: one conversation. */
  readonly session: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
}

/** Headers that the sender of a request makes itself. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set(["host", "connection", "content-length", "accept-encoding"]);

/** Sends a captured request as its client did. @param more fields in place of the body's. */
export function sendCapture(url: string, { path, headers, body }: Capture, more: object = {}): Promise<Response> {
  const own = Object.entries(headers).filter(([name]) => !OF_THE_CONNECTION.has(name));
  return fetch(`${url}${path}`, { method: "POST", headers: Object.fromEntries(own), body: JSON.stringify({ ...body, ...more }) });
}

/** What a file holds. */
interface Recorded {
  readonly method: string;
  readonly url?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** The method that frames on a WebSocket are filed under. */
const FRAME = "WS-MESSAGE";

/** Every captured request that has a JSON body, in the order it was sent. */
export function loadCaptures(): Capture[] {
  return load((method) => method !== FRAME);
}

/** Every captured frame that a client sent on a WebSocket; they have no headers. */
export function loadCapturedFrames(): Capture[] {
  return load((method) => method === FRAME);
}

function load(wanted: (method: string) => boolean): Capture[] {
  const root = new URL("../captures/", import.meta.url);
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".json"));
  return files.sort().flatMap((file) => {
    const { method, url, path, headers = {}, body } = JSON.parse(readFileSync(new URL(file, root), "utf8")) as Recorded;
    if (!wanted(method) || typeof body !== "object" || body === null) return [];
    const name = file.slice(0, -".json".length);
    const lower = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value]));
    return [{ name, session: name.slice(0, name.lastIndexOf("/")), path: url ?? path, headers: lower, body: body as JsonObject }];
  });
}
