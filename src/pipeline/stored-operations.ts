/** What clients ask of what they have left here: answers and conversations, by their ids. For any other caller there are none. */
import { GatewayError } from "../chat/error.ts";
import type { JsonObject } from "../chat/json.ts";
import type { ClientRequest, UpstreamSide } from "../protocols/protocol.ts";
import type { KeptItem, StatefulSide, StoredOperation, StoredQuestion } from "../protocols/stateful.ts";
import { historyOf, refuseTooLong } from "./history.ts";
import { looked, newId, type KeptAnswers } from "./kept-answers.ts";
import type { AnswerRecord, ConversationRecord, KeptRecords } from "./kept-records.ts";
import type { Shutdown } from "./shutdown.ts";
import { deleteAtProvider, type DeletionContext } from "./upstream-deletion.ts";

/** What serving them needs from the program. */
export interface StoredContext extends DeletionContext {
  readonly keptAnswers: KeptAnswers;
}

/** One such request. */
export interface StoredCall {
  readonly operation: StoredOperation;
  readonly question: StoredQuestion;
  readonly headers: ClientRequest["headers"];
  readonly side: StatefulSide;
  /** How the client's protocol is spoken upstream. */
  readonly upstream: UpstreamSide;
  /** The virtual key's name; empty when none is asked for. */
  readonly caller: string;
  readonly shutdown: Shutdown;
}

/**
 * What the client is told.
 * @throws GatewayError in the client protocol's words when what it names is not there, not its own, or no longer kept.
 */
export async function serveStored(context: StoredContext, call: StoredCall): Promise<JsonObject> {
  const stored = new StoredAnswering(context, call);
  const { operation } = call;
  switch (operation.type) {
    case "get-answer":
    case "list-input":
    case "cancel-answer":
    case "delete-answer":
      return stored.answer(operation.type, operation.answer);
    case "create-conversation":
      return stored.createConversation();
    case "get-item":
    case "delete-item":
      return stored.item(operation.type, operation.conversation, operation.item);
    default:
      return stored.conversation(operation.type, operation.conversation);
  }
}

class StoredAnswering {
  readonly #context: StoredContext;
  readonly #call: StoredCall;
  readonly #side: StatefulSide;
  readonly #question: StoredQuestion;
  readonly #records: KeptRecords;

  constructor(context: StoredContext, call: StoredCall) {
    this.#context = context;
    this.#call = call;
    this.#side = call.side;
    this.#question = call.question;
    this.#records = context.keptAnswers.recordsOf(call.caller);
  }

  async answer(type: "get-answer" | "list-input" | "cancel-answer" | "delete-answer", id: string): Promise<JsonObject> {
    const answer = looked(() => this.#records.answer(id));
    if (!answer) throw this.#side.unknown({ type: "answer", id }, this.#because);
    switch (type) {
      case "get-answer":
        return this.#side.encodeAnswer(answer, this.#question);
      case "list-input":
        return this.#side.encodeItems(this.#inputOf(answer), this.#question);
      case "cancel-answer":
        throw this.#side.cannotCancel();
      case "delete-answer":
        return this.#deleteAnswer(answer);
    }
  }

  createConversation(): JsonObject {
    const { metadata, items } = this.#side.decodeConversation(this.#question, newId);
    const createdAt = Math.floor(Date.now() / 1000);
    const conversation: ConversationRecord = { id: this.#side.conversationId(newId), createdAt, metadata, items };
    const because = this.#context.keptAnswers.store() ? undefined : this.#because;
    if (because !== undefined) throw new GatewayError("unsupported", `Conversations cannot be kept. ${because}`);
    if (!this.#records.keepConversation(conversation)) throw new GatewayError("request-too-large", "These items are too large to be kept.");
    return this.#side.encodeConversation(conversation);
  }

  conversation(
    type: "get-conversation" | "update-conversation" | "delete-conversation" | "list-items" | "add-items",
    id: string,
  ): JsonObject {
    const conversation = this.#conversation(id);
    switch (type) {
      case "get-conversation":
        return this.#side.encodeConversation(conversation);
      case "update-conversation": {
        const changed = { ...conversation, metadata: this.#side.decodeMetadata(this.#question) };
        this.#records.changeConversation(changed);
        return this.#side.encodeConversation(changed);
      }
      case "delete-conversation":
        looked(() => this.#records.remove(id));
        return this.#side.encodeConversationDeletion(id);
      case "list-items":
        return this.#side.encodeItems(conversation.items, this.#question);
      case "add-items": {
        const added = this.#side.decodeItems(this.#question, newId);
        refuseTooLong([...conversation.items, ...added], "items");
        this.#records.addItems(id, added);
        return this.#side.encodeAdded(added, this.#question);
      }
    }
  }

  item(type: "get-item" | "delete-item", id: string, itemId: string): JsonObject {
    const conversation = this.#conversation(id);
    const item = conversation.items.find((one) => one.id === itemId);
    if (!item) throw this.#side.unknown({ type: "item", id: itemId, conversation: id });
    if (type === "get-item") return this.#side.encodeItem(item, this.#question);
    looked(() => this.#records.removeItem(id, itemId));
    return this.#side.encodeConversation(conversation);
  }

  /** All that the model was told when it gave this answer, as far as it is kept. */
  #inputOf(answer: AnswerRecord): readonly KeptItem[] {
    const { items } = looked(() => historyOf(this.#records, answer.id, "response_id"));
    return items.slice(0, items.length - answer.output.length);
  }

  /** Gone here when it is gone there: what a provider still keeps can still be deleted. */
  async #deleteAnswer({ id, place }: AnswerRecord): Promise<JsonObject> {
    const { upstream, headers, shutdown } = this.#call;
    const isGone = !place?.keeps || (await deleteAtProvider(this.#context, { id, place, upstream, headers, shutdown }));
    looked(() => this.#records.remove(id));
    if (isGone) return this.#side.encodeAnswerDeletion(id);
    const left = `The response was deleted here, but not at '${place.provider}', which keeps it too: the account is no longer configured.`;
    throw new GatewayError("unsupported", left);
  }

  #conversation(id: string): ConversationRecord {
    const conversation = looked(() => this.#records.conversation(id));
    if (!conversation) throw this.#side.unknown({ type: "conversation", id }, this.#because);
    return conversation;
  }

  get #because(): string | undefined {
    return this.#context.keptAnswers.because;
  }
}
