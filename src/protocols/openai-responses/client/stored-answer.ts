/** Answers as they are kept, and as they are told again (A.3.2, A.3.3; rule 397). */
import { asArray, asObject, asString, parseJson, type JsonObject } from "../../../chat/json.ts";
import { refuse } from "../../shared/openai-fields.ts";
import type { KeptAnswer, NewId, StoredQuestion } from "../../stateful.ts";
import { INCLUDE_STATE } from "../wire.ts";
import { MAX_ID_CHARS } from "./stored-ids.ts";
import { outputItem, withoutState } from "./stored-items.ts";

/** An answer that was cut short is one that may be gone on from. */
const KEPT_STATUSES: ReadonlySet<string> = new Set(["completed", "incomplete"]);

/** The answer and its items, apart; `undefined` for one that failed or is not finished. */
export function readAnswer(answer: JsonObject, showsState: boolean, newId: NewId): KeptAnswer | undefined {
  const id = asString(answer["id"]) ?? "";
  if (id === "" || id.length > MAX_ID_CHARS || !KEPT_STATUSES.has(asString(answer["status"]) ?? "")) return undefined;
  const output = (asArray(answer["output"]) ?? []).flatMap((value) => {
    const item = asObject(value);
    return item ? [outputItem(item, newId)] : [];
  });
  // Its place among the other fields stays.
  return { id, told: { ...answer, output: [] }, showsState, output };
}

/** Whether a server says that it keeps the answer. Many take the wish and keep nothing; some say nothing of it. */
export function keptUpstream(answer: JsonObject): boolean {
  return answer["store"] === true;
}

/** The answer as it was told. @throws GatewayError `invalid-request` when it is asked for as a stream. */
export function encodeAnswer({ told, output, showsState }: KeptAnswer, { query }: StoredQuestion): JsonObject {
  if (query.get("stream") === "true" || query.has("starting_after")) {
    refuse("stream", "This response was kept whole and cannot be streamed again. Retrieve it without 'stream' and 'starting_after'.");
  }
  const shows = showsState || asksState(query);
  const items = output.map(({ text }) => asObject(parseJson(text)) ?? {});
  return { ...told, output: shows ? items : items.map(withoutState) };
}

/** What whoever removed an answer is told. */
export function encodeAnswerDeletion(id: string): JsonObject {
  return { id, object: "response", deleted: true };
}

/** Whether a question asks for the opaque state of reasoning. */
export function asksState(query: URLSearchParams): boolean {
  return [...query.getAll("include"), ...query.getAll("include[]")].includes(INCLUDE_STATE);
}
