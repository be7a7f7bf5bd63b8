/** How the admin API answers: JSON, and errors in one plain form, whichever protocol anybody speaks. */
import type { ServerResponse } from "node:http";
import type { ErrorKind, GatewayError } from "../../chat/error.ts";

/** Any other kind is a fault of ours. */
const STATUS: Readonly<Partial<Record<ErrorKind, number>>> = {
  "invalid-request": 400,
  unauthenticated: 401,
  permission: 403,
  "not-found": 404,
  "model-not-found": 404,
  "method-not-allowed": 405,
  "request-too-large": 413,
  unavailable: 503,
};

const HEADERS = { "content-type": "application/json", "cache-control": "no-store" };

/** Sends a value as JSON, times in whole ms. */
export function sendJson(response: ServerResponse, value: object, status = 200, headers: Readonly<Record<string, string>> = {}): void {
  const text = `${toJson(value)}\n`;
  response.writeHead(status, { ...HEADERS, "content-length": String(Buffer.byteLength(text)), ...headers });
  response.end(text);
}

/** Sends `{ error: { message } }`. */
export function sendError(response: ServerResponse, { kind, message, detail }: GatewayError): void {
  sendJson(response, { error: { message } }, STATUS[kind] ?? 500, detail.headers);
}

/** A value as JSON, times in whole ms: the clocks of the gateway are finer than anybody reads. */
export function toJson(value: object): string {
  return JSON.stringify(value, (name, item: unknown) => (typeof item === "number" && isTime(name) ? Math.round(item) : item));
}

function isTime(name: string): boolean {
  return name === "at" || name.endsWith("Ms");
}
