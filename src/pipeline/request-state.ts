/**
 * One request of a client that leaves state with the server: what it refers to is found, and written out where whoever
 * serves it does not know it; its answer is kept. An upstream that keeps an answer itself is asked untouched, as long as the
 * request goes there and nowhere else (rules 396, 433, 434, 435).
 */
import type { GatewayError } from "../chat/error.ts";
import { parseJson, type JsonObject } from "../chat/json.ts";
import type { LossLedger } from "../chat/loss.ts";
import type { ClientRequest, Keeping, RequestPeek } from "../protocols/protocol.ts";
import type { ItemReference, KeptItem, KnownState, StatefulRequest, StatefulSide } from "../protocols/stateful.ts";
import type { RecordStore } from "../storage/records.ts";
import { scanObject } from "../wire/json-scan.ts";
import { historyOf, refuseTooLong, type History } from "./history.ts";
import { looked, newId, type KeptAnswers } from "./kept-answers.ts";
import type { AnswerRecord, ItemRecord, KeptRecords, Place } from "./kept-records.ts";

/** Why what is behind an answer cannot be found. */
const GAP = "What was said before it is no longer kept.";

const NOTHING_KNOWN: KnownState = { history: [], items: new Map() };

const lacksSomething = ({ lacks }: ItemReference): boolean => lacks !== "nothing";

/** A request whose client may have left state here. */
export interface StatefulAsked {
  readonly side: StatefulSide;
  readonly request: ClientRequest;
  readonly peek: RequestPeek;
  readonly requestId: string;
  /** The virtual key's name; empty when none is asked for. */
  readonly caller: string;
  /** What the connection that it came on remembers. */
  readonly memory?: RecordStore;
}

/** Whose answer it is. */
export type AnsweredBy = Omit<Place, "keeps">;

/** Hears of an answer that was relayed, and is now said again to another upstream. */
type Restored = (answer: JsonObject, gave: AnsweredBy) => void;

export class RequestState {
  /** Whether the answer is kept for as long as the client may expect. */
  readonly stored: boolean;
  readonly #kept: KeptAnswers;
  readonly #asked: StatefulAsked;
  readonly #said: StatefulRequest;
  readonly #records: KeptRecords;
  /** Whether it asks how long it is, and for no answer. */
  readonly #counts: boolean;
  /** Whether it means nothing, or less, without what is kept. */
  readonly #refers: boolean;
  /** The answers that it goes on from, the latest first. */
  readonly #behind: readonly AnswerRecord[];
  readonly #mentioned: AnswerRecord | undefined;
  readonly #history: readonly KeptItem[];
  readonly #found = new Map<string, ItemRecord | undefined>();
  /** Whether an upstream has forgotten what it kept. */
  #forgotten = false;
  #answered = false;

  /** @throws GatewayError when it refers to what is not there, in the client protocol's words; `unavailable` when the store cannot be read. */
  constructor(kept: KeptAnswers, asked: StatefulAsked) {
    const { side, request, peek, caller, memory } = asked;
    this.#kept = kept;
    this.#asked = asked;
    this.#said = side.readRequest(request, peek.members);
    this.#records = kept.recordsOf(caller, memory);
    const { store, previous, conversation, mentioned, items } = this.#said;
    this.#counts = request.route.operation === "count-tokens";
    this.stored = store && !this.#counts && request.body.length <= (kept.store()?.maxRecordBytes ?? -1);
    this.#refers = [previous, conversation, mentioned].some((id) => id !== undefined) || items.some(lacksSomething);
    const behind = previous === undefined ? undefined : looked(() => this.#follow(previous));
    this.#behind = behind?.answers ?? [];
    this.#history = behind?.items ?? (conversation === undefined ? [] : looked(() => this.#conversation(conversation)));
    this.#mentioned = mentioned === undefined ? undefined : looked(() => this.#answer(mentioned));
    if (this.#refers) this.#resolveItems();
    this.#records.touch(this.#used());
  }

  /** Whether it asks for no answer, and only wants remembered what it says. */
  get warmUp(): boolean {
    return this.#said.warmUp;
  }

  /** What keeps the requests of one conversation together, where it has a name. */
  get session(): string | undefined {
    return this.#said.conversation;
  }

  /** The request with all that it refers to written out. */
  get expanded(): ClientRequest {
    const { request } = this.#asked;
    return this.#refers ? { ...request, body: this.#said.expanded(this.#known(lacksSomething)) } : request;
  }

  /** What goes to an upstream of the client's own protocol, and where its members stand. */
  relayed(server: AnsweredBy, losses: LossLedger, restored: Restored): Pick<ClientRequest, "body"> & Pick<RequestPeek, "members"> {
    const { request, peek } = this.#asked;
    // What is known leaves its id behind, also where it is said in full.
    const known = this.#knownAt(server) ? undefined : this.#known(() => true);
    const { body, dropped } = this.#said.relayed(known, this.stored || this.#counts);
    for (const path of dropped) losses.add("foreign-reasoning", path, "info");
    for (const { told, output, place } of known ? this.#behind : []) {
      if (place?.keeps) restored({ ...told, output: output.map(({ text }) => parseJson(text)) }, place);
    }
    return { body, members: body === request.body ? peek.members : scanObject(body) };
  }

  /** The provider's account that gave the answer which this request goes on from. */
  preferredAccount(provider: string): string | undefined {
    const referred = this.#said.items.filter(lacksSomething).flatMap(({ id }) => this.#item(id)?.place ?? []);
    const place = this.#behind[0]?.place ?? referred.at(-1);
    return place?.provider === provider ? place.account : undefined;
  }

  /** Whether an upstream that was asked untouched does not know what it kept: then it is asked again, and nothing left out. */
  forgottenBy({ kind, message, detail }: GatewayError): boolean {
    if (this.#forgotten || !["invalid-request", "not-found", "model-not-found"].includes(kind)) return false;
    const words = `${message} ${detail.upstreamMessage ?? ""}`;
    const { previous, mentioned, items } = this.#said;
    const named = [previous, mentioned, ...items.filter(lacksSomething).map(({ id }) => id)];
    this.#forgotten = named.some((id) => id !== undefined && words.includes(id));
    return this.#forgotten;
  }

  /** What becomes of an answer that is made here. @param server absent: nobody was asked. */
  keeping(server: AnsweredBy | undefined): Keeping {
    const { previous, conversation, showsState } = this.#said;
    return {
      stored: this.stored,
      ...(previous !== undefined && { previous }),
      ...(conversation !== undefined && { conversation }),
      keep: (answer) => this.#tryToKeep(answer, showsState, server && { ...server, keeps: false }),
    };
  }

  /** Keeps an answer that was relayed. */
  keepRelayed(answer: JsonObject, server: AnsweredBy): void {
    this.#tryToKeep(answer, true, { ...server, keeps: this.#asked.side.keptUpstream(answer) });
  }

  /** No answer fails because it cannot be kept. */
  #tryToKeep(answer: JsonObject, showsState: boolean, place: Place | undefined): void {
    try {
      this.#keep(answer, showsState, place);
    } catch (error) {
      this.#kept.missed(this.#asked.requestId, error);
    }
  }

  #keep(answer: JsonObject, showsState: boolean, place: Place | undefined): void {
    const { conversation, previous } = this.#said;
    const isWanted = this.stored || conversation !== undefined || this.#asked.memory !== undefined;
    const kept = isWanted && !this.#answered ? this.#asked.side.readAnswer(answer, showsState, newId) : undefined;
    if (!kept) return;
    this.#answered = true;
    const input = this.#said.newItems(this.#refers ? this.#known(lacksSomething) : NOTHING_KNOWN, newId);
    const record: AnswerRecord = {
      ...kept,
      input,
      ...(previous !== undefined && { previous }),
      ...(conversation !== undefined && { conversation }),
      ...(place && { place }),
    };
    if (!this.#records.keepAnswer(record, this.stored)) this.#kept.missed(this.#asked.requestId, new Error("It is too large."));
    if (conversation !== undefined) this.#records.addItems(conversation, [...input, ...kept.output]);
  }

  /** What is behind the answer that this request goes on from. */
  #follow(previous: string): History {
    const history = historyOf(this.#records, previous, "previous_response_id");
    if (!history.gap) return history;
    throw this.#asked.side.unknown({ type: "previous", id: previous }, history.answers.length > 0 ? GAP : this.#kept.because);
  }

  #conversation(id: string): readonly KeptItem[] {
    const conversation = this.#records.conversation(id);
    if (!conversation) throw this.#asked.side.unknown({ type: "used-conversation", id }, this.#kept.because);
    refuseTooLong(conversation.items, "conversation");
    return conversation.items;
  }

  #answer(id: string): AnswerRecord {
    const answer = this.#records.answer(id);
    if (!answer) throw this.#asked.side.unknown({ type: "mentioned", id }, this.#kept.because);
    return answer;
  }

  #resolveItems(): void {
    for (const reference of this.#said.items.filter(lacksSomething)) {
      const found = this.#item(reference.id);
      if (!found && reference.lacks === "everything") {
        throw this.#asked.side.unknown({ type: "reference", reference }, this.#kept.because);
      }
    }
  }

  #item(id: string): ItemRecord | undefined {
    if (this.#found.has(id)) return this.#found.get(id);
    const found = looked(() => this.#records.item(id));
    this.#found.set(id, found);
    return found;
  }

  /** The records that it uses: answers, the conversation that it or the first of them belongs to, and where its items were found. */
  #used(): string[] {
    const conversation = this.#said.conversation ?? this.#behind.at(-1)?.conversation;
    const holders = [...this.#found.values()].flatMap((found) => found?.holder ?? []);
    return [...new Set([...this.#behind.map(({ id }) => id), ...(conversation === undefined ? [] : [conversation]), ...holders])];
  }

  #known(isWanted: (reference: ItemReference) => boolean): KnownState {
    const items = this.#said.items.filter(isWanted).flatMap(({ id }) => {
      const found = this.#item(id);
      return found ? [[id, found.item] as const] : [];
    });
    return { history: this.#history, items: new Map(items) };
  }

  /** Whether that provider and account know all that the request refers to. */
  #knownAt(server: AnsweredBy): boolean {
    const { store, conversation, items } = this.#said;
    if (this.#forgotten || conversation !== undefined) return false;
    if (!this.#refers && !store) return true;
    const isThere = (place: Place | undefined): boolean =>
      place?.keeps === true && place.provider === server.provider && place.account === server.account;
    if (![this.#behind[0], this.#mentioned].every((answer) => !answer || isThere(answer.place))) return false;
    return items.every(({ id, lacks }) => {
      const found = this.#item(id);
      // What is said in full is new to it, or was given this id by the client.
      if (lacks === "nothing" && found?.item.part !== "output") return true;
      // The state of another model is of no use to this one.
      return found?.item.part === "output" && isThere(found.place) && (lacks !== "state" || found.place?.model === server.model);
    });
  }
}
