/** What clients of Responses leave with the server (A.3.2, C.16). */
import type { StatefulSide } from "../../stateful.ts";
import { encodeAnswer, encodeAnswerDeletion, keptUpstream, readAnswer } from "./stored-answer.ts";
import { decodeConversation, decodeItems, decodeMetadata, encodeConversation, encodeConversationDeletion } from "./stored-conversation.ts";
import { encodeAdded, encodeItem, encodeItems } from "./stored-lists.ts";
import { cannotCancel, unknown } from "./stored-refusals.ts";
import { readRequest } from "./stored-request.ts";

export const stateful: StatefulSide = {
  readRequest,
  readAnswer,
  keptUpstream,
  encodeAnswer,
  encodeAnswerDeletion,
  encodeItems,
  encodeAdded,
  encodeItem,
  decodeConversation,
  conversationId: (newId) => `conv_${newId()}`,
  decodeMetadata,
  decodeItems,
  encodeConversation,
  encodeConversationDeletion,
  unknown,
  cannotCancel,
};
