/**
 * What proves reasoning of a Chat server, so that it goes back to where it was minted (rules 131, 145). Servers that sign
 * or encrypt say it in `reasoning_details`, which is kept whole; for others the name of the field is all there is to know,
 * and the envelope around it is what tells that the text is the server's own.
 */
import { asArray, asObject, asString, tryParseJson, writeJson, type JsonObject, type JsonValue } from "../../chat/json.ts";
import { mintedBy, type Issuer, type OpaqueState } from "../../chat/state.ts";

/** Fields that hold reasoning as plain text, in the order in which they count when there are several (rule 312). */
export const REASONING_FIELDS = ["reasoning_content", "reasoning"] as const;

/** Proof of text without a signature. Any account of the platform may read what is plain text. */
export function plainState({ platform, model }: Issuer, field: string): OpaqueState {
  return { issuer: { platform, ...(model !== undefined && { model }) }, kind: "thinking", value: field };
}

/** Proof that came as `reasoning_details`. */
export function detailsState(issuer: Issuer, details: readonly JsonObject[]): OpaqueState {
  return { issuer, kind: "encrypted-reasoning", value: writeJson(details) };
}

/** What proof of the target's own reasoning tells. */
export interface OwnReasoning {
  /** The field it came in. */
  readonly field?: string;
  /** What the server had said beside the text. */
  readonly details?: readonly JsonValue[];
}

/** What the same server minted in another protocol has another form. */
const FIELD_NAME = /^\w+$/;

/** `undefined` for anyone else's. */
export function ownReasoning(state: OpaqueState | undefined, target: Issuer): OwnReasoning | undefined {
  if (!state || !mintedBy(state.issuer, target)) return undefined;
  if (state.kind !== "encrypted-reasoning") return FIELD_NAME.test(state.value) ? { field: state.value } : undefined;
  const details = asArray(tryParseJson(state.value));
  return details && { details };
}

/** Pieces of `reasoning_details` as they stream, joined: text of one piece after another, anything else as it came last. */
export class DetailsJoiner {
  readonly #pieces: Record<string, JsonValue | undefined>[] = [];
  /** Whether there is anything that the text alone does not say. */
  opaque = false;

  add(piece: JsonObject): void {
    if (OPAQUE.some((key) => (asString(piece[key]) ?? "") !== "")) this.opaque = true;
    const last = this.#pieces.at(-1);
    if (!last || last["type"] !== piece["type"] || last["index"] !== piece["index"] || areDifferent(last["id"], piece["id"])) {
      this.#pieces.push({ ...piece });
      return;
    }
    for (const [key, value] of Object.entries(piece)) {
      const before = last[key];
      if (JOINED.has(key) && typeof before === "string" && typeof value === "string") last[key] = before + value;
      else if (value !== null || before === undefined) last[key] = value;
    }
  }

  /** The joined pieces since the last call. */
  take(): readonly JsonObject[] {
    this.opaque = false;
    return this.#pieces.splice(0);
  }
}

/** Whether both have a name, and not the same. */
function areDifferent(id: JsonValue | undefined, other: JsonValue | undefined): boolean {
  return typeof id === "string" && typeof other === "string" && id !== other;
}

const OPAQUE = ["signature", "data"] as const;
const JOINED: ReadonlySet<string> = new Set(["text", "summary", "data"]);

/** What one piece of `reasoning_details` shows. */
export function detailText(piece: JsonValue): string {
  const fields = asObject(piece);
  return asString(fields?.["text"]) ?? asString(fields?.["summary"]) ?? "";
}
