/**
 * The `x-simulator` request header: a behaviour as `fault=429;retry-after=2` or as JSON, for whoever cannot call
 * `script()`: curl, a client, a benchmark.
 */
import { VENDOR_FAULTS, WIRE_FAULTS } from "./fault-names.ts";
import { isFields } from "./json-values.ts";
import type { Behaviour } from "./types.ts";
import { invalid } from "./vendor-error.ts";

const FAULTS: ReadonlySet<string> = new Set([...VENDOR_FAULTS, ...WIRE_FAULTS]);

const NUMBERS = new Set(["at", "size", "status", "retryAfter", "retryAfterMs", "retryInfo", "delayMs", "chunkDelayMs"]);
const TEXTS = new Set(["fault", "text", "thinking", "finish", "continuationToken", "end", "stopSequence"]);
/** These only in JSON. */
const OBJECTS = new Set(["headers", "body", "recording", "cuts", "calls", "blocks", "interleave", "quirks", "usage"]);

/** The behaviour in the header; throws the request's own fault, naming the key that is wrong. */
export function behaviourFromHeader(value: string): Behaviour {
  const behaviour = value.trimStart().startsWith("{") ? fromJson(value) : fromPairs(value);
  const { fault } = behaviour;
  if (fault !== undefined && !FAULTS.has(fault) && !/^[45]\d\d$/.test(fault)) throw invalid(`x-simulator: unknown fault ${fault}`);
  return behaviour;
}

function fromPairs(value: string): Behaviour {
  const pairs = value.split(";").filter((pair) => pair.trim() !== "");
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = "", ...rest] = pair.split("=");
      const key = name.trim().replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
      const text = rest.join("=").trim();
      return [key, checked(key, NUMBERS.has(key) && text !== "" ? Number(text) : text)];
    }),
  );
}

function fromJson(value: string): Behaviour {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch (error) {
    throw invalid(`x-simulator: ${(error as Error).message}`);
  }
  if (!isFields(parsed)) throw invalid("x-simulator: not an object");
  return Object.fromEntries(Object.entries(parsed).map(([key, member]) => [key, OBJECTS.has(key) ? member : checked(key, member)]));
}

function checked(key: string, value: unknown): unknown {
  if (!NUMBERS.has(key) && !TEXTS.has(key)) throw invalid(`x-simulator: unknown key ${key}`);
  const wanted = NUMBERS.has(key) ? "number" : "string";
  if (typeof value !== wanted || Number.isNaN(value)) throw invalid(`x-simulator: ${key} must be a ${wanted}`);
  return value;
}
