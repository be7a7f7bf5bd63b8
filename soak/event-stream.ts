/** One server-sent event. */
export interface SentEvent {
  /** Empty where the stream names none. */
  readonly event: string;
  readonly data: string;
}

/** Cuts an event stream into events. Stricter than a browser: every line is a field that is known here, or a comment. */
export class EventStreamReader {
  readonly #decoder = new TextDecoder();
  #line = "";
  #event = "";
  #data: string[] = [];

  /** The events that are complete with these bytes. @throws Error for a line that is neither a field nor a comment. */
  push(bytes: Uint8Array): SentEvent[] {
    const lines = (this.#line + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#line = lines.pop() ?? "";
    return lines.flatMap((line) => this.#take(line.endsWith("\r") ? line.slice(0, -1) : line));
  }

  /** Whether everything that came belongs to a complete event. */
  get isAtRest(): boolean {
    return this.#line === "" && this.#event === "" && this.#data.length === 0;
  }

  #take(line: string): SentEvent[] {
    if (line === "") {
      const sent = { event: this.#event, data: this.#data.join("\n") };
      this.#event = "";
      this.#data = [];
      return sent.data === "" ? [] : [sent];
    }
    if (line.startsWith("data: ")) this.#data.push(line.slice("data: ".length));
    else if (line.startsWith("event: ")) this.#event = line.slice("event: ".length);
    else if (!line.startsWith(":")) throw new Error(`a line that is no field: ${line.slice(0, 100)}`);
    return [];
  }
}
