/** The words of the Responses wire format (dossier A.3): what is known by name, as data. */
import type { ProtocolId } from "../../chat/chat.ts";
import type { NameLaw } from "../shared/legal-names.ts";

export const PROTOCOL = "openai-responses" satisfies ProtocolId;

/** What a tool may be called (A.3.1, rule 70). */
export const NAME_LAW: NameLaw = { legal: /^[a-zA-Z0-9_-]{1,64}$/, illegal: /[^a-zA-Z0-9_-]/g, maxLength: 64 };

/** Longer ids of calls are refused (A.3.1, rule 49). */
export const MAX_CALL_ID_CHARS = 64;

/** The least that `max_output_tokens` may be (rule 190; recordings, text behind oddity 56). */
export const MIN_OUTPUT_TOKENS = 16;
