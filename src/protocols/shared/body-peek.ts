/** Looking into a request's body without parsing it, for protocols that have the model inside (dossier rule 1). */
import { scanObject, type Span } from "../../wire/json-scan.ts";
import type { ClientRequest, RequestPeek } from "../protocol.ts";
import { headerSession } from "./session.ts";

/** How a protocol refuses what routing cannot do without. Each throws a GatewayError of kind `invalid-request`. */
export interface PeekRefusals {
  noBody(): never;
  /** @param problem what is wrong and where, if known. @param field the member it is in; empty: somewhere. */
  notJson(problem: string, field: string): never;
  modelMissing(): never;
  /** @param given what stands there instead of a string. */
  modelNotString(given: unknown): never;
  modelEmpty(): never;
  modelTooLong(maxChars: number): never;
  /** @param given what stands there instead of a boolean. */
  streamNotBoolean(given: unknown): never;
  /** @param key a field that differs from `field` by its case only. */
  lookalike(field: string, key: string): never;
}

/** Names are kept and told in headers, so they have a limit; Anthropic's own is the same. */
const MAX_MODEL_CHARS = 256;

/**
 * Model, stream, members and the session that headers tell.
 * @throws GatewayError of the refusals.
 */
export function peekBody({ body, headers }: ClientRequest, refusals: PeekRefusals): RequestPeek {
  if (body.length === 0) return refusals.noBody();
  const members = scanned(() => scanObject(body), refusals);
  refuseLookalikes(members, refusals);
  const model = memberValue(body, members.get("model"), "model", refusals);
  if (model === undefined || model === null) return refusals.modelMissing();
  if (typeof model !== "string") return refusals.modelNotString(model);
  if (model === "") return refusals.modelEmpty();
  if (model.length > MAX_MODEL_CHARS) return refusals.modelTooLong(MAX_MODEL_CHARS);
  const stream = memberValue(body, members.get("stream"), "stream", refusals) ?? false;
  if (typeof stream !== "boolean") return refusals.streamNotBoolean(stream);
  const session = headerSession(headers);
  return { model, stream, members, ...(session !== undefined && { session }) };
}

const ROUTING: ReadonlySet<string> = new Set(["model", "stream"]);

function refuseLookalikes(members: ReadonlyMap<string, Span>, refusals: PeekRefusals): void {
  for (const key of members.keys()) {
    const field = lookalike(key, ROUTING);
    if (field !== undefined) refusals.lookalike(field, key);
  }
}

/** Letters whose other case is a plain small one: capitals, the long s, the Kelvin sign. */
const CASED = /[A-Z\u017f\u212a]/;

/**
 * Which of these fields a key is not, but is to a parser that does not look at case (Go's, say): what decides something must
 * stand once, or the upstream may read the other one.
 */
export function lookalike(key: string, fields: ReadonlySet<string>): string | undefined {
  if (!CASED.test(key)) return undefined;
  const field = key.toUpperCase().toLowerCase();
  return fields.has(field) ? field : undefined;
}

/** What a look into the body finds. */
export function scanned<T>(scan: () => T, refusals: Pick<PeekRefusals, "notJson">): T {
  try {
    return scan();
  } catch (error) {
    return refusals.notJson(error instanceof SyntaxError ? ` (${error.message})` : "", "");
  }
}

/** A member's value; an empty list or object for one that holds others, because nobody asks what is in it. */
export function memberValue(body: Buffer, span: Span | undefined, field: string, refusals: Pick<PeekRefusals, "notJson">): unknown {
  if (!span) return undefined;
  if (body[span.start] === 0x7b) return {};
  if (body[span.start] === 0x5b) return [];
  try {
    return JSON.parse(body.toString("utf8", span.start, span.end)) as unknown;
  } catch {
    return refusals.notJson("", field);
  }
}
