/** Takes the code fence off an answer that was asked for JSON in words: models like to put one around it (dossier rule 219). */

/** A fence's opening line, once it is whole; spaces may stand before it. */
const OPENING = /^\s*```[a-zA-Z]*[^\S\n]*\n/;
/** What may still become one. */
const MAYBE_OPENING = /^\s*(?:`{0,2}|```[a-zA-Z]*[^\S\n]*)$/;
/** What may be, or become, the closing one. */
const MAYBE_CLOSING = /\s*(?:\n\s*`{1,3}\s*)?$/;

/** Follows one text as it streams. Text without a fence around it passes unchanged. */
export class JsonFence {
  #state: "opening" | "inside" | "none" = "opening";
  #held = "";

  /** More of the text. @returns what of it, and of what was held back, can be shown. */
  push(text: string): string {
    if (this.#state === "none") return text;
    this.#held += text;
    if (this.#state === "opening") {
      const opening = OPENING.exec(this.#held);
      if (!opening && MAYBE_OPENING.test(this.#held)) return "";
      this.#state = opening ? "inside" : "none";
      if (opening) this.#held = this.#held.slice(opening[0].length);
    }
    const hold = this.#state === "none" ? this.#held.length : (MAYBE_CLOSING.exec(this.#held)?.index ?? this.#held.length);
    const shown = this.#held.slice(0, hold);
    this.#held = this.#held.slice(hold);
    return shown;
  }

  /** The text is over. @returns what was held back and is no fence. */
  end(): string {
    const rest = this.#state === "inside" ? this.#held.replace(/\s*\n\s*```\s*$/, "") : this.#held;
    this.#held = "";
    return rest;
  }
}
