/**
 * Which call a result answers (dossier B.10; rules 5, 52, 376). Older clients send no ids: a call then gets one that
 * depends on its place, name and arguments alone, and results find theirs by name, first come first served.
 */
import { createHash } from "node:crypto";
import { writeJson, type JsonText, type JsonValue } from "../../../chat/json.ts";

interface WaitingCall {
  readonly id: string;
  answered: boolean;
}

export class CallPairs {
  readonly #byId = new Map<string, Queue>();
  readonly #byName = new Map<string, Queue>();
  /** Those without an id of the client's, which no result can ask for by id. */
  readonly #unnamed = new Map<string, Queue>();

  /**
   * A call of the model's.
   * @param given its id, when it has one.
   * @param place where it stands among all parts.
   * @returns its id.
   */
  call(given: string | undefined, name: string, input: JsonText, place: readonly number[]): string {
    const named = given !== undefined && given !== "";
    const call = { id: named ? given : mint([...place, name, input]), answered: false };
    queueOf(this.#byId, call.id).push(call);
    queueOf(this.#byName, name).push(call);
    if (!named) queueOf(this.#unnamed, name).push(call);
    return call.id;
  }

  /** A result. @returns the id of its call, or of nothing when there is none. */
  result(given: string | undefined, name: string, place: readonly number[]): string {
    const named = given !== undefined && given !== "";
    const call = (named ? this.#byId.get(given)?.first() : undefined) ?? (named ? this.#unnamed : this.#byName).get(name)?.first();
    if (!call) return named ? given : mint([...place, name]);
    call.answered = true;
    return call.id;
  }
}

/** Calls in their order. One may be answered through another queue, so those that are go only when they come first. */
class Queue {
  readonly #calls: WaitingCall[] = [];
  #next = 0;

  push(call: WaitingCall): void {
    this.#calls.push(call);
  }

  /** The first that waits. */
  first(): WaitingCall | undefined {
    while (this.#calls[this.#next]?.answered === true) this.#next += 1;
    return this.#calls[this.#next];
  }
}

function queueOf(queues: Map<string, Queue>, key: string): Queue {
  const known = queues.get(key);
  if (known) return known;
  const queue = new Queue();
  queues.set(key, queue);
  return queue;
}

function mint(place: readonly JsonValue[]): string {
  return `call_${createHash("sha256").update(writeJson(place)).digest("hex").slice(0, 24)}`;
}
