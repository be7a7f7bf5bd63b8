/** Tool names as this wire takes them (A.1.2; rules 70, 72). */
import type { ChatRequest } from "../../../chat/chat.ts";
import { callersName, legalName, type NameLaw } from "../../shared/legal-names.ts";
import { TOOL_NAME } from "../wire.ts";

const LAW: NameLaw = { legal: TOOL_NAME, illegal: /[^a-zA-Z0-9_-]/g, maxLength: 128 };

/** The name to send. */
export function encodeToolName(name: string): string {
  return legalName(name, LAW);
}

/** The way back: the name of a tool as the caller knows it. */
export function decodeToolName(wire: string, request: ChatRequest | undefined): string {
  return callersName(request, wire, LAW) ?? wire;
}
