/** What was said up to an answer, found from answer to answer. */
import { GatewayError } from "../chat/error.ts";
import type { KeptItem } from "../protocols/stateful.ts";
import type { AnswerRecord, KeptRecords } from "./kept-records.ts";

/** Longer conversations must begin anew. */
const MAX_ANSWERS = 5_000;
const MAX_CHARS = 64 * 1_048_576;

export interface History {
  /** The latest first; none when the one that was asked for is not kept. */
  readonly answers: readonly AnswerRecord[];
  /** All that was said, the last answer included, in order. */
  readonly items: readonly KeptItem[];
  /** Whether something before is no longer kept, so that these items are not all. */
  readonly gap: boolean;
}

/** @throws GatewayError `invalid-request` when it is too long. @param field the field that names it, for errors. */
export function historyOf(records: KeptRecords, id: string, field: string): History {
  const answers: AnswerRecord[] = [];
  let gap = false;
  for (let next: string | undefined = id; next !== undefined && !gap; next = answers.at(-1)?.previous) {
    const answer = records.answer(next);
    if (answer) answers.push(answer);
    else gap = true;
    if (answers.length > MAX_ANSWERS) throw tooLong(`more than ${MAX_ANSWERS} responses`, field);
  }
  const first = answers.at(-1);
  const begun = gap || first?.conversation === undefined ? [] : itemsBefore(records, first, first.conversation);
  const items = [...(begun ?? []), ...answers.toReversed().flatMap(({ input, output }) => [...input, ...output])];
  refuseTooLong(items, field);
  return { answers, items, gap: gap || begun === undefined };
}

/** @throws GatewayError `invalid-request`. @param field the field that names the conversation. */
export function refuseTooLong(items: readonly KeptItem[], field: string): void {
  const chars = items.reduce((sum, { text }) => sum + text.length, 0);
  if (chars > MAX_CHARS) throw tooLong(`more than ${MAX_CHARS} characters`, field);
}

/** What a conversation held before it got this answer; `undefined` when it is no longer kept. */
function itemsBefore(records: KeptRecords, { input, output }: AnswerRecord, conversation: string): readonly KeptItem[] | undefined {
  const items = records.conversation(conversation)?.items;
  const own = new Set([...input, ...output].map(({ id }) => id));
  const end = items?.findIndex(({ id }) => own.has(id)) ?? -1;
  return end < 0 ? items : items?.slice(0, end);
}

function tooLong(has: string, field: string): GatewayError {
  const message = `The conversation behind '${field}' has ${has}. Begin a new one, with what still matters of this one in its first request.`;
  return new GatewayError("invalid-request", message, { field });
}
