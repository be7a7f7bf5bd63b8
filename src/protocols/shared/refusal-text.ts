/** Refusals that came without words of their own (dossier rules 241, 242). */
import type { Finish } from "../../chat/chat.ts";

/** What an answer held. */
export interface Held {
  readonly content: boolean;
  readonly refusal: boolean;
  readonly calls: boolean;
}

/** What such a refusal says; `undefined` where the answer says something, or was none. */
export function refusalText({ reason, explanation }: Finish, { content, refusal, calls }: Held): string | undefined {
  if (content || refusal || calls || (reason !== "refusal" && reason !== "content-filter")) return undefined;
  return explanation;
}
