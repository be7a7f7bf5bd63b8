/**
 * Proof that came with calls, for clients that do not send it back (rule 144). A vendor that signs its calls wants the proof again while
 * their results come in; some protocols have no field for it, and most of their clients drop fields that they do not know.
 */
import { LRUCache } from "lru-cache";
import type { ChatRequest } from "../chat/chat.ts";
import type { ChatEvent } from "../chat/events.ts";
import type { OpaqueState } from "../chat/state.ts";

/** Since it was last asked for: a conversation may rest overnight, in ms. */
const TTL_MS = 12 * 3_600_000;
/** Proof of one call is some kilobytes. */
const MAX_CHARS = 32 * 1_048_576;

/** Tells the time in ms. */
interface Clock {
  now(): number;
}

/** Asked for only when there is something to keep or to find: it may have to be computed. */
type Conversation = () => string;

export class CallStates {
  readonly #states: LRUCache<string, OpaqueState>;

  constructor(clock: Clock) {
    this.#states = new LRUCache({
      maxSize: MAX_CHARS,
      sizeCalculation: ({ value }, key) => value.length + key.length,
      ttl: TTL_MS,
      // The time is asked for anew each time, so that a test's clock counts.
      ttlResolution: 0,
      perf: clock,
      updateAgeOnGet: true,
    });
  }

  /** The request with the proof of its calls, where it is known and the client did not bring it. */
  restore(request: ChatRequest, conversation: Conversation): ChatRequest {
    if (this.#states.size === 0 || !request.items.some((item) => item.type === "tool-call" && !item.state)) return request;
    const items = request.items.map((item) => {
      const state = item.type === "tool-call" && !item.state ? this.#states.get(keyOf(conversation(), item.id)) : undefined;
      return state ? { ...item, state } : item;
    });
    return { ...request, items };
  }

  /** Whom to show the events of an answer. */
  keeper(conversation: Conversation): CallStateKeeper {
    return new CallStateKeeper((id, state) => this.#states.set(keyOf(conversation(), id), state));
  }
}

/** Picks the proof of calls out of one answer. */
export class CallStateKeeper {
  readonly #keep: (id: string, state: OpaqueState) => void;
  /** Calls whose proof may come at their end, by their index. */
  readonly #open = new Map<number, string>();

  constructor(keep: (id: string, state: OpaqueState) => void) {
    this.#keep = keep;
  }

  push(event: ChatEvent): void {
    if (event.type === "item-start" && event.item.type === "tool-call") {
      const { id, state } = event.item;
      if (state) this.#keep(id, state);
      else this.#open.set(event.index, id);
    } else if (event.type === "item-end" && event.state) {
      const id = this.#open.get(event.index);
      if (id !== undefined) this.#keep(id, event.state);
    }
  }
}

function keyOf(conversation: string, id: string): string {
  return `${conversation}\n${id}`;
}
