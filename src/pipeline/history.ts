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
  const { answers, gap } = answersUpTo(records, id, field);
  const first = answers.at(-1);
  const begun = gap || first?.conversation === undefined ? [] : itemsBefore(records, first, first.conversation);
  const items = [...(begun ?? []), ...answers.toReversed().flatMap(itemsOf)];
  refuseTooLong(items, field);
  return { answers, items, gap: gap || begun === undefined };
}

/** @throws GatewayError `invalid-request`. @param field the field that names the conversation. */
export function refuseTooLong(items: readonly KeptItem[], field: string): void {
  if (charsOf(items) > MAX_CHARS) throw tooLong(`more than ${MAX_CHARS} characters`, field);
}

/** Answer by answer, the latest first, no further than a conversation may be long: reading holds everything else up. */
function answersUpTo(records: KeptRecords, id: string, field: string): Pick<History, "answers" | "gap"> {
  const answers = new Map<string, AnswerRecord>();
  let chars = 0;
  for (let next: string | undefined = id; next !== undefined;) {
    // An upstream that gives one id twice makes a circle.
    const answer: AnswerRecord | undefined = answers.has(next) ? undefined : records.answer(next);
    if (!answer) return { answers: [...answers.values()], gap: true };
    answers.set(next, answer);
    chars += charsOf(itemsOf(answer));
    if (answers.size > MAX_ANSWERS) throw tooLong(`more than ${MAX_ANSWERS} responses`, field);
    if (chars > MAX_CHARS) throw tooLong(`more than ${MAX_CHARS} characters`, field);
    next = answer.previous;
  }
  return { answers: [...answers.values()], gap: false };
}

/** What a conversation held before it got this answer; `undefined` when it is no longer kept. */
function itemsBefore(records: KeptRecords, answer: AnswerRecord, conversation: string): readonly KeptItem[] | undefined {
  const items = records.conversation(conversation)?.items;
  const own = itemsOf(answer).map(({ id }) => id);
  // Clients may give one id to several items, and remove some: best is where all of them stand in a row.
  const whole = own.length > 0 ? (items?.findLastIndex((_, at) => own.every((id, i) => items[at + i]?.id === id)) ?? -1) : -1;
  const end = whole >= 0 ? whole : (items?.findIndex(({ id }) => own.includes(id)) ?? -1);
  return end < 0 ? items : items?.slice(0, end);
}

function itemsOf({ input, output }: AnswerRecord): readonly KeptItem[] {
  return [...input, ...output];
}

function charsOf(items: readonly KeptItem[]): number {
  return items.reduce((sum, { text }) => sum + text.length, 0);
}

function tooLong(has: string, field: string): GatewayError {
  const message = `The conversation behind '${field}' has ${has}. Begin a new one, with what still matters of this one in its first request.`;
  return new GatewayError("invalid-request", message, { field });
}
