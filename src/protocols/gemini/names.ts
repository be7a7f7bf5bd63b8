/**
 * Tool names as Gemini takes them (dossier A.4.2, rules 70–72). A name that is legal stays; any other becomes a legal one
 * with a hash of the original, so that the change depends on that name alone, never on which tools stand beside it.
 */
import { createHash } from "node:crypto";
import type { ChatRequest } from "../../chat/chat.ts";

const LEGAL = /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/;
const MAX_LENGTH = 128;
const HASH_LENGTH = 8;

/** The name to send. */
export function wireName(name: string): string {
  if (LEGAL.test(name)) return name;
  const legal = name.replace(/[^A-Za-z0-9_.:-]/g, "_");
  const stem = /^[A-Za-z_]/.test(legal) ? legal : `_${legal}`;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, HASH_LENGTH);
  return `${stem.slice(0, MAX_LENGTH - HASH_LENGTH - 1)}_${hash}`;
}

/** Gemini's own namespace of functions, which it shows the model and the model at times repeats. */
const NAMESPACE = /^default_api[.:]/;

/** The caller's own name of a tool that an answer names. */
export function originalName(request: ChatRequest | undefined, wire: string): string {
  const named = (name: string): string | undefined => request?.tools.find((tool) => wireName(tool.name) === name)?.name;
  return named(wire) ?? named(wire.replace(NAMESPACE, "")) ?? wire;
}
