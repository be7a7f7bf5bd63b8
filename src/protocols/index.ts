/** The protocols: the only file that names them all. */
import { anthropicMessages } from "./anthropic-messages/index.ts";
import { gemini } from "./gemini/index.ts";
import { openaiChat } from "./openai-chat/index.ts";
import { openaiResponses } from "./openai-responses/index.ts";
import type { ClientSide, Protocol } from "./protocol.ts";

// Chat comes last: it is the dialect of callers that say nothing about themselves.
const all: readonly Protocol[] = [anthropicMessages, gemini, openaiResponses, openaiChat];

/** Every protocol by its id. */
export const protocols: ReadonlyMap<string, Protocol> = new Map(all.map((protocol) => [protocol.id, protocol]));

/** Those that clients may speak, in the order in which a path is offered to them. */
export const clientProtocols: readonly ClientSide[] = all.flatMap(({ client }) => (client ? [client] : []));
