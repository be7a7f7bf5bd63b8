/** Reasoning in Chat Completions: the extension fields that servers agreed on and clients send back (dossier A.2.3). */

/** The fields of a message, or of a delta, that hold reasoning. */
export interface Reasoning {
  readonly reasoning_content?: string | null;
  readonly reasoning?: string | null;
  readonly reasoning_details?: readonly Detail[] | null;
}

interface Detail {
  readonly type?: string;
  readonly index?: number;
  readonly text?: string;
  readonly summary?: string;
  readonly data?: string;
  readonly signature?: string | null;
}

/** What can be read of a message's reasoning. */
export function reasoningText(message: Reasoning): string {
  const details = (message.reasoning_details ?? []).map(({ text, summary }) => text ?? summary ?? "").join("");
  return message.reasoning_content || message.reasoning || details;
}

/** Joins the reasoning of a stream's deltas as clients that replay it do: texts appended, details merged by index. */
export class ReasoningDeltas {
  #content = "";
  #reasoning = "";
  readonly #details: Detail[] = [];

  push(delta: unknown): void {
    const { reasoning_content, reasoning, reasoning_details } = delta as Reasoning;
    this.#content += reasoning_content ?? "";
    this.#reasoning += reasoning ?? "";
    for (const detail of reasoning_details ?? []) {
      const at = this.#details.findIndex(({ index, type }) => index !== undefined && index === detail.index && type === detail.type);
      const known = this.#details[at];
      if (known === undefined) this.#details.push(detail);
      else this.#details[at] = merged(known, detail);
    }
  }

  /** The fields that a message gets from them. */
  joined(): Reasoning {
    return {
      ...(this.#content !== "" && { reasoning_content: this.#content }),
      ...(this.#reasoning !== "" && { reasoning: this.#reasoning }),
      ...(this.#details.length > 0 && { reasoning_details: this.#details }),
    };
  }
}

function merged(known: Detail, more: Detail): Detail {
  const joined = { ...known, ...more };
  return {
    ...joined,
    ...(more.text !== undefined && { text: (known.text ?? "") + more.text }),
    ...(more.summary !== undefined && { summary: (known.summary ?? "") + more.summary }),
    ...(more.data !== undefined && { data: (known.data ?? "") + more.data }),
    ...((more.signature ?? known.signature) && { signature: more.signature ?? known.signature ?? null }),
  };
}
