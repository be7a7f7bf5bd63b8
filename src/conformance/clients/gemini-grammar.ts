/** The grammar of a generateContent stream (dossier A.4.4). */
import { jsonOf, wireEvents } from "./sse.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What is wrong with a stream that should have ended well, in words. */
export function geminiGrammar(text: string): string[] {
  const wrong: string[] = [];
  const responses: Fields[] = [];
  for (const event of wireEvents(text)) {
    if (event.comment) continue;
    if (event.name !== "") wrong.push(`an event named ${event.name}`);
    const response = jsonOf(event);
    if (response === undefined) wrong.push(`an event is not JSON: ${event.data.slice(0, 60)}`);
    else responses.push(response);
  }
  const candidates = responses.flatMap((response) => (response["candidates"] as Fields[] | undefined) ?? []);
  for (const candidate of candidates) {
    const role = (candidate["content"] as Fields | undefined)?.["role"];
    if (role !== undefined && role !== "model") wrong.push(`content of the role ${JSON.stringify(role)}`);
    if ((candidate["index"] ?? 0) !== 0) wrong.push(`a candidate with index ${String(candidate["index"])}`);
  }
  const blocked = responses.some((response) => response["promptFeedback"] !== undefined);
  const finishes = candidates.filter((candidate) => candidate["finishReason"] !== undefined);
  if (finishes.length !== 1 && !blocked) wrong.push(`${finishes.length} finish reasons`);
  if (finishes.length === 1 && candidates.at(-1) !== finishes[0]) wrong.push("content after the finish reason");
  if (responses.at(-1)?.["usageMetadata"] === undefined) wrong.push("no usage at the end");
  const ids = new Set(responses.map((response) => response["responseId"]).filter((id) => id !== undefined));
  if (ids.size > 1) wrong.push(`responseId changes: ${[...ids].map(String).join(", ")}`);
  return wrong;
}

/** Comments, and responses that say nothing. */
export function geminiHeartbeats(text: string): number {
  return wireEvents(text).filter((event) => {
    const { candidates = [], ...rest } = jsonOf(event) ?? { rest: "not JSON" };
    return event.comment || ((candidates as unknown[]).length === 0 && Object.keys(rest).length === 0);
  }).length;
}
