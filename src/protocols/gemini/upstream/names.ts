/** Tool names as Gemini takes them (dossier A.4.2, rules 70–72). */
import type { ChatRequest } from "../../../chat/chat.ts";
import { callersName, legalName, type NameLaw } from "../../shared/legal-names.ts";

const LAW: NameLaw = {
  legal: /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/,
  illegal: /[^A-Za-z0-9_.:-]/g,
  start: /^[A-Za-z_]/,
  maxLength: 128,
};

/** The name to send. */
export function wireName(name: string): string {
  return legalName(name, LAW);
}

/** Gemini's own namespace of functions, which it shows the model and the model at times repeats. */
const NAMESPACE = /^default_api[.:]/;

/** The caller's own name of a tool that an answer names. */
export function originalName(request: ChatRequest | undefined, wire: string): string {
  return callersName(request, wire, LAW) ?? callersName(request, wire.replace(NAMESPACE, ""), LAW) ?? wire;
}
