/**
 * What a protocol is whose clients leave state with the server: they refer to an answer, an item or a conversation by its
 * id, and ask for what was kept (dossier A.3.2, C.16). As pure as the rest: what is kept, for whom, where and for how long
 * is the pipeline's matter, and so are ids that nobody may guess.
 */
import type { GatewayError } from "../chat/error.ts";
import type { JsonObject, JsonText } from "../chat/json.ts";
import type { ClientRequest, RequestPeek } from "./protocol.ts";

/** One item of a conversation as it is kept. */
export interface KeptItem {
  /** By which clients may name it. */
  readonly id: string;
  /** Whether the caller said it, or the answer. */
  readonly part: "input" | "output";
  /** The item in the protocol's words, as it was said: without an id where it came without one. */
  readonly text: JsonText;
}

/** What is kept of an answer, beside what was asked. */
export interface KeptAnswer {
  readonly id: string;
  /** The answer without its items. */
  readonly told: JsonObject;
  /** Whether it was told with the opaque state of its reasoning. */
  readonly showsState: boolean;
  readonly output: readonly KeptItem[];
}

/** A conversation that its client fills and reads by its id. */
export interface KeptConversation {
  readonly id: string;
  /** In seconds since 1970. */
  readonly createdAt: number;
  /** What the client notes about it. */
  readonly metadata: JsonObject;
}

/** What is known of all that a request refers to. */
export interface KnownState {
  /** What was said before, in order. */
  readonly history: readonly KeptItem[];
  /** The items it names, by their ids, as far as they are known. */
  readonly items: ReadonlyMap<string, KeptItem>;
}

/** An item of a request that has an id: the caller may mean one that is kept. */
export interface ItemReference {
  readonly id: string;
  /** Where it is named, for errors and the ledger. */
  readonly field: string;
  /** What is not there and is to be found by the id. Without `everything` the request means nothing, without `state` reasoning is lost. */
  readonly lacks: "everything" | "state" | "nothing";
}

/** A body for an upstream of the client's own protocol. */
export interface RelayedState {
  readonly body: Buffer;
  /** Where reasoning was left out whose state nobody knows. */
  readonly dropped: readonly string[];
}

/** What one request says about state. */
export interface StatefulRequest {
  /** Whether the caller wants the answer kept. */
  readonly store: boolean;
  /** The answer that this request goes on from. */
  readonly previous?: string;
  /** The conversation it goes on with; never beside {@link previous}. */
  readonly conversation?: string;
  readonly items: readonly ItemReference[];
  /** An answer that it names without going on from it. */
  readonly mentioned?: string;
  /** Whether it asks for no answer, and only wants remembered what it says (rule 365). */
  readonly warmUp: boolean;
  /** Whether it asks to be told the opaque state of reasoning. */
  readonly showsState: boolean;
  /** The body with all that it refers to written out: it means the same to whoever knows nothing of earlier answers. */
  expanded(known: KnownState): Buffer;
  /**
   * The body for an upstream of its own protocol; untouched where nothing has to change.
   * @param known writes out what it refers to, without ids that only another place knows; absent: the upstream knows all of them.
   * @param store whether the upstream may keep the answer, when the caller wants that.
   */
  relayed(known: KnownState | undefined, store: boolean): RelayedState;
  /** What it adds to the conversation, with what it names by id written out. */
  newItems(known: KnownState, newId: NewId): readonly KeptItem[];
}

/** Gives text that no id had before, of letters and digits. */
export type NewId = () => string;

/** What may be asked of what is kept. */
export type StoredOperation =
  | { readonly type: "get-answer" | "delete-answer" | "cancel-answer" | "list-input"; readonly answer: string }
  | { readonly type: "create-conversation" }
  | {
      readonly type: "get-conversation" | "update-conversation" | "delete-conversation" | "list-items" | "add-items";
      readonly conversation: string;
    }
  | { readonly type: "get-item" | "delete-item"; readonly conversation: string; readonly item: string };

/** A matched client route that leads to what is kept. */
export interface StoredRoute {
  readonly stored: StoredOperation;
}

/** A question about what is kept, as it came in. */
export interface StoredQuestion {
  readonly query: URLSearchParams;
  readonly body: Buffer;
}

/** How clients of the protocol leave state with the server. */
export interface StatefulSide {
  /** @throws GatewayError `invalid-request`, naming the field. */
  readRequest(request: ClientRequest, members: RequestPeek["members"]): StatefulRequest;
  /** A complete answer, apart; `undefined` for one that failed or is not finished. @param showsState see {@link KeptAnswer}. */
  readAnswer(answer: JsonObject, showsState: boolean, newId: NewId): KeptAnswer | undefined;
  /** Whether the upstream that gave this answer says that it keeps it. */
  keptUpstream(answer: JsonObject): boolean;
  /** @throws GatewayError `invalid-request` when it is asked for in a way that it is not kept in. */
  encodeAnswer(answer: KeptAnswer, question: StoredQuestion): JsonObject;
  encodeAnswerDeletion(id: string): JsonObject;
  /** One page of items. @throws GatewayError `invalid-request` for bad paging parameters. */
  encodeItems(items: readonly KeptItem[], question: StoredQuestion): JsonObject;
  /** Items that were just added to a conversation. */
  encodeAdded(items: readonly KeptItem[], question: StoredQuestion): JsonObject;
  encodeItem(item: KeptItem, question: StoredQuestion): JsonObject;
  /** What a new conversation begins with. @throws GatewayError `invalid-request`, naming the field. */
  decodeConversation(question: StoredQuestion, newId: NewId): { readonly metadata: JsonObject; readonly items: readonly KeptItem[] };
  /** The id of a new conversation. */
  conversationId(newId: NewId): string;
  /** What is now to be noted about it. @throws GatewayError `invalid-request`, naming the field. */
  decodeMetadata(question: StoredQuestion): JsonObject;
  /** Items to be added to a conversation. @throws GatewayError `invalid-request`, naming the field. */
  decodeItems(question: StoredQuestion, newId: NewId): readonly KeptItem[];
  encodeConversation(conversation: KeptConversation): JsonObject;
  encodeConversationDeletion(id: string): JsonObject;
  /** The failure that an id is told which is nobody's, not this caller's, or no longer kept. @param because why nothing can be found at all. */
  unknown(what: Unknown, because?: string): GatewayError;
  /** The refusal to stop an answer that is not made in the background: none is. */
  cannotCancel(): GatewayError;
}

/** What an unknown id was to name, and where: asked for by its path, or referred to in a request. */
export type Unknown =
  | { readonly type: "answer" | "conversation"; readonly id: string }
  | { readonly type: "item"; readonly id: string; readonly conversation: string }
  | { readonly type: "previous" | "mentioned" | "used-conversation"; readonly id: string }
  | { readonly type: "reference"; readonly reference: ItemReference };
