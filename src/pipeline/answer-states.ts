/**
 * Opaque state of answers, kept for clients that do not send it back (rules 144, 436; dossier D.4). Vendors want it again: proof
 * of calls while their results come in, and reasoning as it was, in its place. Some protocols have no field for it, and most
 * of their clients drop fields that they do not know.
 *
 * What is kept of a conversation is kept or forgotten as a whole. Reasoning is bound to all that stood before it, earlier
 * reasoning included (rule 130): as long as the earlier is put back, it always is, and once it is gone, so is what is bound
 * to it. For the same reason reasoning goes back only where the client's own words before it are what they were.
 */
import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { ChatRequest, Item } from "../chat/chat.ts";
import type { OpaqueState } from "../chat/state.ts";
import { HistoryDigest } from "./history-digest.ts";
import { StateKeeper, type AnswerState, type KeptState } from "./state-keeper.ts";
import { weaveState } from "./state-weaver.ts";

/** Since it was last asked for: a conversation may rest overnight, in ms. */
const TTL_MS = 12 * 3_600_000;
/** State is some kilobytes for each call or thought. */
const MAX_CHARS = 64 * 1_048_576;
const MAX_CONVERSATION_CHARS = 8 * 1_048_576;

/** Tells the time in ms. */
interface Clock {
  now(): number;
}

/** Whose conversation a request is, and its name; made only when there is something to keep or to find. */
export type ConversationName = () => string;

/** What is kept of one conversation. */
interface Conversation {
  /** Proof of calls, by their ids. */
  readonly calls: Map<string, OpaqueState>;
  /** Answers by what the client sends back of them. */
  readonly answers: Map<string, KeptAnswer>;
  chars: number;
}

interface KeptAnswer extends Pick<AnswerState, "pieces"> {
  /** What the client had said before it. */
  readonly before: string;
}

/** Keeps a bounded amount in memory. */
export class AnswerStates {
  /** Wrapped, because the cache asks for a size only when it gets another value. */
  readonly #conversations: LRUCache<string, { readonly kept: Conversation }>;

  constructor(clock: Clock) {
    this.#conversations = new LRUCache({
      maxSize: MAX_CHARS,
      maxEntrySize: MAX_CONVERSATION_CHARS,
      sizeCalculation: ({ kept }, name) => kept.chars + name.length,
      ttl: TTL_MS,
      // The time is asked for anew each time, so that a test's clock counts.
      ttlResolution: 0,
      perf: clock,
      updateAgeOnGet: true,
    });
  }

  /** A request as its client sent it, and what is known of its conversation. */
  open(sent: ChatRequest, name: ConversationName): ConversationState {
    const goesOn = this.#conversations.size > 0 && sent.turns.some(({ role }) => role === "assistant");
    const found = goesOn ? this.#conversations.get(name()) : undefined;
    return new ConversationState(sent, found?.kept, (kept) => this.#save(name(), kept));
  }

  /** @returns the conversation as it is kept: what another request has kept of it meanwhile, and this. */
  #save(name: string, kept: Conversation): Conversation {
    const current = this.#conversations.get(name)?.kept ?? kept;
    if (current !== kept) mergeInto(current, kept);
    this.#conversations.set(name, { kept: current });
    return current;
  }
}

/** One request's part in its conversation. */
export class ConversationState {
  readonly #sent: ChatRequest;
  /** Reads on from where {@link restored} has left it: histories may be large. */
  readonly #digest: HistoryDigest;
  readonly #save: (kept: Conversation) => Conversation;
  #kept: Conversation | undefined;

  constructor(sent: ChatRequest, kept: Conversation | undefined, save: (kept: Conversation) => Conversation) {
    this.#sent = sent;
    this.#digest = new HistoryDigest(sent);
    this.#kept = kept;
    this.#save = save;
  }

  /** The request with the state that its client did not bring; the same object when there is none to put back. */
  restored(): ChatRequest {
    const kept = this.#kept;
    if (!kept) return this.#sent;
    const turns = Map.groupBy(this.#sent.items, ({ turn }) => turn);
    const items = [...turns].sort(([a], [b]) => a - b).flatMap(([turn, said]) => this.#answerRestored(kept, turn, said));
    return items.every((item, i) => item === this.#sent.items[i]) ? this.#sent : { ...this.#sent, items };
  }

  /** Whom to show the events of the answer. @param keeps what of its state: all of it, or proof of texts and calls only. */
  keeper(keeps: "all" | "texts"): StateKeeper {
    const kept: KeptState = {
      keepCall: (id, state) => this.#keep(({ calls }) => calls.set(id, state), id.length + sizeOf(state)),
      keepAnswer: (answer) => this.#keepAnswer(answer),
    };
    return new StateKeeper(kept, keeps === "all");
  }

  #answerRestored(kept: Conversation, turn: number, said: readonly Item[]): readonly Item[] {
    if (this.#sent.turns[turn]?.role !== "assistant") return said;
    const proved = said.map((item) => {
      const state = item.type === "tool-call" && !item.state ? kept.calls.get(item.id) : undefined;
      return state ? { ...item, state } : item;
    });
    if (kept.answers.size === 0) return proved;
    const before = this.#digest.before(turn);
    const answer = keysOf(callsIn(said), textIn(said), before).flatMap((key) => kept.answers.get(key) ?? [])[0];
    if (answer?.before !== before) return proved;
    const missing = answer.pieces.filter(({ type }) => !said.some((item) => item.type === type && item.state));
    return missing.length === 0 ? proved : weaveState(proved, missing);
  }

  #keepAnswer({ pieces, calls, text }: AnswerState): void {
    const before = this.#digest.before(Infinity);
    const keys = keysOf(calls, text, before);
    const answer = { pieces, before };
    const chars = pieces.reduce(
      (sum, piece) => sum + (piece.type === "text" ? sizeOf(piece.state) : sizeOf(piece.content.state) + piece.content.text.length),
      0,
    );
    this.#keep(({ answers }) => keys.forEach((key) => answers.set(key, answer)), chars + keys.join("").length);
  }

  #keep(put: (kept: Conversation) => void, chars: number): void {
    // What was put back in this request is what the answer is bound to, even if it has been forgotten meanwhile.
    this.#kept ??= { calls: new Map(), answers: new Map(), chars: 0 };
    put(this.#kept);
    this.#kept.chars += chars;
    this.#kept = this.#save(this.#kept);
  }
}

/** Two requests of one conversation, that ran at the same time, have each kept something; the later counts. */
function mergeInto(kept: Conversation, later: Conversation): void {
  for (const [id, state] of later.calls) kept.calls.set(id, state);
  for (const [key, answer] of later.answers) kept.answers.set(key, answer);
  kept.chars += later.chars;
}

/** What an answer is found by: its calls, whose ids are its own, else its text and what stood before it. */
function keysOf(calls: readonly string[], text: string, before: string): readonly string[] {
  if (calls.length > 0) return calls.map((id) => `call ${id}`);
  const said = text.trim();
  return said === "" ? [] : [`text ${createHash("sha256").update(`${before}\n${said}`).digest("base64")}`];
}

function callsIn(items: readonly Item[]): readonly string[] {
  return items.flatMap((item) => (item.type === "tool-call" ? [item.id] : []));
}

function textIn(items: readonly Item[]): string {
  return items.map((item) => (item.type === "text" ? item.text : "")).join("");
}

function sizeOf({ value, text = "" }: OpaqueState): number {
  return value.length + text.length;
}
