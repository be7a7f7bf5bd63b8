/** The grammar of a Chat Completions stream (dossier A.2.3). */
import { jsonOf, wireEvents } from "./sse.ts";

const DONE = "[DONE]";
/** What every chunk of one answer must agree on (rule 262). */
const CONSTANT = ["id", "object", "created", "model"] as const;

type Fields = Readonly<Record<string, unknown>>;

/** What is wrong with a stream that should have ended well, in words. */
export function chatGrammar(text: string): string[] {
  const wrong: string[] = [];
  const events = wireEvents(text).filter(({ comment }) => !comment);
  if (events.at(-1)?.data !== DONE) wrong.push("no [DONE] at the end");
  const chunks: Fields[] = [];
  for (const event of events.slice(0, -1)) {
    const chunk = jsonOf(event);
    if (chunk === undefined) wrong.push(`a chunk is not JSON: ${event.data.slice(0, 60)}`);
    else chunks.push(chunk);
  }
  for (const name of CONSTANT) {
    const values = new Set(chunks.map((chunk) => JSON.stringify(chunk[name])));
    if (values.size !== 1) wrong.push(`${name} changes: ${[...values].join(", ")}`);
  }
  if (chunks[0]?.["object"] !== "chat.completion.chunk") wrong.push(`object is ${String(chunks[0]?.["object"])}`);
  return [...wrong, ...choiceGrammar(chunks), ...usageGrammar(chunks)];
}

function choiceGrammar(chunks: readonly Fields[]): string[] {
  const wrong: string[] = [];
  let finishes = 0;
  const calls: (string | undefined)[] = [];
  const choices = chunks.flatMap((chunk) => (chunk["choices"] as Fields[] | undefined) ?? []);
  if ((choices[0]?.["delta"] as Fields | undefined)?.["role"] !== "assistant") wrong.push("the first delta has no role");
  for (const choice of choices) {
    if (choice["index"] !== 0) wrong.push(`a choice with index ${String(choice["index"])}`);
    const delta = (choice["delta"] as Fields | undefined) ?? {};
    if (finishes > 0 && (delta["content"] || delta["tool_calls"])) wrong.push("content after the finish reason");
    for (const call of (delta["tool_calls"] as Fields[] | undefined) ?? []) {
      const index = Number(call["index"]);
      if (index > calls.length) wrong.push(`call ${index} before call ${index - 1}`);
      if (calls[index] === undefined) {
        if (typeof call["id"] !== "string") wrong.push(`call ${index} starts without an id`);
        const called = (call["function"] ?? call["custom"]) as Fields | undefined;
        if (typeof called?.["name"] !== "string") wrong.push(`call ${index} starts without a name`);
        calls[index] = String(call["id"]);
      }
    }
    if (typeof choice["finish_reason"] === "string") finishes += 1;
  }
  if (finishes !== 1) wrong.push(`${finishes} finish reasons`);
  return wrong;
}

/** The clients here ask for usage: it comes once, in a chunk without choices (rule 259). */
function usageGrammar(chunks: readonly Fields[]): string[] {
  const told = chunks.filter((chunk) => typeof chunk["usage"] === "object" && chunk["usage"] !== null);
  if (told.length !== 1) return [`${told.length} chunks with usage`];
  const choices = told[0]?.["choices"] as unknown[] | undefined;
  return choices?.length === 0 ? [] : ["usage beside choices"];
}

/** Comments in the stream. */
export function chatHeartbeats(text: string): number {
  return wireEvents(text).filter(({ comment }) => comment).length;
}
