/** Virtual keys: who may call, told by the SHA-256 of what they present. */
import { hash, timingSafeEqual } from "node:crypto";
import { GatewayError } from "../chat/error.ts";
import type { LossMode } from "../chat/loss.ts";
import { matchesPattern } from "../chat/names.ts";

/** A key that was handed to a caller. */
export interface VirtualKey {
  /** Shown in logs. */
  readonly name: string;
  /** SHA-256 of the key, lower-case hex. */
  readonly sha256: string;
  /** Names and patterns of the models it may use; absent: all. */
  readonly models?: readonly string[];
  /** How much a translation may lose for it. */
  readonly loss?: LossMode;
}

/** Headers by lower-case name, as node:http gives them. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The keys of one configuration. */
export interface KeyRing {
  /**
   * Whose request this is. A caller may present several keys (some clients send a dummy beside the real one); the first
   * that is known counts.
   * @returns a GatewayError `unauthenticated` when there is none, or none is known. It never repeats what was sent.
   */
  identify(headers: RequestHeaders, query: URLSearchParams): VirtualKey | GatewayError;
}

/** Hex digits of a digest that choose a bucket; the rest is compared in constant time. */
const BUCKET_DIGITS = 8;

/** A ring of keys. */
export function createKeyRing(keys: readonly VirtualKey[]): KeyRing {
  const buckets = Map.groupBy(
    keys.map((key) => ({ key, digest: Buffer.from(key.sha256, "hex") })),
    ({ key }) => key.sha256.slice(0, BUCKET_DIGITS),
  );
  const find = (presented: string): VirtualKey | undefined => {
    const digest = hash("sha256", presented, "buffer");
    const bucket = buckets.get(digest.toString("hex", 0, BUCKET_DIGITS / 2)) ?? [];
    return bucket.find((known) => timingSafeEqual(known.digest, digest))?.key;
  };
  return {
    identify(headers, query) {
      let firstPlace: string | undefined;
      for (const [place, read] of PLACES) {
        const presented = read(headers, query);
        if (presented === undefined || presented === "") continue;
        const key = find(presented);
        if (key !== undefined) return key;
        firstPlace ??= place;
      }
      return firstPlace === undefined ? missingKey() : wrongKey(firstPlace);
    },
  };
}

/** Whether the key may use a model, by the name the caller asks for. */
export function allowsModel(key: VirtualKey, model: string): boolean {
  return key.models === undefined || key.models.some((pattern) => matchesPattern(pattern, model));
}

/** Where clients of any protocol put a key. */
const PLACES: readonly (readonly [place: string, read: (headers: RequestHeaders, query: URLSearchParams) => string | undefined])[] = [
  ["the `Authorization` header", ({ authorization }) => bearer(first(authorization))],
  ["the `x-api-key` header", (headers) => first(headers["x-api-key"])],
  ["the `x-goog-api-key` header", (headers) => first(headers["x-goog-api-key"])],
  ["the `key` query parameter", (_headers, query) => query.get("key") ?? undefined],
];

/** What stands in an `Authorization: Bearer …` or an `x-api-key` header. */
export function presentedKeys(headers: RequestHeaders): readonly string[] {
  return [bearer(first(headers["authorization"])), first(headers["x-api-key"])]
    .filter((key) => key !== undefined)
    .filter((key) => key !== "");
}

function bearer(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
}

function first(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "string" ? value : value?.[0];
}

function missingKey(): GatewayError {
  return new GatewayError(
    "unauthenticated",
    "This Dragoman asks for a key and the request has none: send it as `Authorization: Bearer …`, `x-api-key` or `x-goog-api-key`.",
  );
}

function wrongKey(place: string): GatewayError {
  return new GatewayError("unauthenticated", `The key in ${place} is not one of this Dragoman's keys.`);
}
