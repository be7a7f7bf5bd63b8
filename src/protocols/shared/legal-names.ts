/** Tool names as a protocol takes them (dossier rules 70–72). */
import { createHash } from "node:crypto";
import type { ChatRequest } from "../../chat/chat.ts";

/** Which names a protocol takes. */
export interface NameLaw {
  readonly legal: RegExp;
  /** Every character that is illegal anywhere; with the flag `g`. */
  readonly illegal: RegExp;
  /** What a name may begin with; absent: anything legal. */
  readonly start?: RegExp;
  readonly maxLength: number;
}

const HASH_LENGTH = 8;

/**
 * A legal name stays; any other becomes a legal one with a hash of the original, so that no two become one, and the
 * change depends on that name alone, never on which tools stand beside it.
 */
export function legalName(name: string, { legal, illegal, start, maxLength }: NameLaw): string {
  if (legal.test(name)) return name;
  const replaced = name.replace(illegal, "_");
  const stem = !start || start.test(replaced) ? replaced : `_${replaced}`;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, HASH_LENGTH);
  return `${stem.slice(0, maxLength - HASH_LENGTH - 1)}_${hash}`;
}

/** The caller's own name of a tool that an answer names; `undefined` for one that is not offered. */
export function callersName(request: ChatRequest | undefined, wire: string, law: NameLaw): string | undefined {
  return request?.tools.find((tool) => legalName(tool.name, law) === wire)?.name;
}
