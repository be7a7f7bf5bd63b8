/** The official SDKs, by protocol. */
import { anthropic } from "./anthropic.ts";
import { chat } from "./chat.ts";
import type { Client, ProtocolName } from "./client.ts";
import { gemini } from "./gemini.ts";
import { responses } from "./responses.ts";

export const CLIENTS: Readonly<Record<ProtocolName, Client>> = { anthropic, chat, responses, gemini };
