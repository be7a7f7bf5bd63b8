/** What servers that speak one of OpenAI's protocols tell of their limits (A.2.4). No two vendors name all of them alike. */
import type { Rate } from "../rate.ts";
import { countedRate, NO_RATES, rateFields } from "./rate-headers.ts";

const PREFIX = "x-ratelimit-";

/** Limits by how vendors name them, behind `x-ratelimit-remaining-` and its siblings. */
const LIMITS: ReadonlyMap<string, Pick<Rate, "unit" | "window">> = new Map<string, Pick<Rate, "unit" | "window">>([
  ["requests", { unit: "requests" }],
  ["tokens", { unit: "tokens" }],
  ["input-tokens", { unit: "input-tokens" }],
  ["output-tokens", { unit: "output-tokens" }],
  // Together and OpenRouter name no unit.
  ["", { unit: "requests" }],
  // Fireworks.
  ["tokens-prompt", { unit: "input-tokens" }],
  ["tokens-generated", { unit: "output-tokens" }],
  // Cerebras names the window, Mistral does with another word for requests, servers behind Kong with none.
  ["requests-minute", { unit: "requests", window: "minute" }],
  ["requests-hour", { unit: "requests", window: "hour" }],
  ["requests-day", { unit: "requests", window: "day" }],
  ["tokens-minute", { unit: "tokens", window: "minute" }],
  ["tokens-hour", { unit: "tokens", window: "hour" }],
  ["tokens-day", { unit: "tokens", window: "day" }],
  ["req-minute", { unit: "requests", window: "minute" }],
  ["minute", { unit: "requests", window: "minute" }],
]);

/** The limits that an answer's head tells. Never throws: what nobody can read is left out. */
export function rates(headers: readonly string[]): readonly Rate[] {
  const told = rateFields(headers, PREFIX, limitAndField);
  if (told === undefined) return NO_RATES;
  const found: Rate[] = [];
  for (const [name, fields] of told) {
    const kind = LIMITS.get(name);
    const rate = kind && countedRate(kind, fields, headers);
    if (rate) found.push(rate);
  }
  return found;
}

/** The field comes first: `remaining-tokens-minute`, or `remaining`. */
function limitAndField(rest: string): readonly [string, string] {
  const dash = rest.indexOf("-");
  return dash < 0 ? ["", rest] : [rest.slice(dash + 1), rest.slice(0, dash)];
}
