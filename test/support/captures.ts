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

/** Every captured request that has a JSON body, in the order it was sent. */
export function loadCaptures(): Capture[] {
  const root = new URL("../captures/", import.meta.url);
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".json"));
  return files.sort().flatMap((file) => {
    const { url, path, headers, body } = JSON.parse(readFileSync(new URL(file, root), "utf8")) as {
      url?: string;
      path: string;
      headers: Record<string, string>;
      body?: unknown;
    };
    if (typeof body !== "object" || body === null) return [];
    const name = file.slice(0, -".json".length);
    const lower = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value]));
    return [{ name, session: name.slice(0, name.lastIndexOf("/")), path: url ?? path, headers: lower, body: body as JsonObject }];
  });
}
